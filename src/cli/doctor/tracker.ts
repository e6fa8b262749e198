import { actionsWrong, trackerOf } from '#compose/action-settings.js';
import { openRunbooks } from '#compose/runbooks.js';
import type { Config } from '#config/config.js';
import { hookPath } from '#tracker/hook.js';
import { TrackerNo } from '#tracker/tracker.js';
import { bad, type Finding, inTime, messageOf } from './finding.js';

/** Is the tracker there, and may the token do what is needed? Says nothing where action items are filed nowhere. */
export async function checkTracker(config: Config): Promise<Finding[]> {
  const { org } = config;
  const wrong = actionsWrong(org, org.at);
  if (wrong.length > 0) return wrong.map((one) => bad('tocsin.yml', one, 'mend the settings at that line'));
  if (Object.keys(org.tracker).length === 0) return [];
  // What is wrong with other settings is said above.
  const runbooks = await openRunbooks(config).catch(() => null);
  const filed = runbooks && trackerOf(config, runbooks);
  if (!runbooks || !filed) return [];
  const { settings, tracker } = filed;
  const what = `tracker ${settings.kind}`;
  const place = `its settings: ${org.at(['tracker'])}`;
  const found = async (): Promise<Finding> => {
    try {
      const { fix, ...said } = await inTime(what, (signal) => tracker.check(signal));
      return { what, ...said, ...(fix && { fix: `${fix}; ${place}` }) };
    } catch (error) {
      const fix =
        error instanceof TrackerNo ? error.next : 'see to it that it can be asked from this machine';
      return bad(what, messageOf(error), `${fix}; ${place}`);
    }
  };
  const hooks = settings.webhook.length > 0;
  const address = `${config.publicUrl ?? 'PUBLIC_URL'}${hookPath(settings)}`;
  return runbooks.scrub.json([
    await found(),
    ...(hooks && config.publicUrl === null
      ? [bad(what, 'its webhook cannot reach us', `set PUBLIC_URL, and give the tracker ${address}`)]
      : []),
  ]);
}
