import { BadConfig, type Config } from '#config/config.js';
import type { PlaceOf } from '#config/organisation.js';
import type { Systems } from '#runbooks/systems.js';
import { type ActionSettings, readActionSettings } from '#schedules/actions.js';
import { openTracker, readTrackerSettings, type TrackerSettings } from '#tracker/settings.js';
import type { Tracker } from '#tracker/tracker.js';

type Sections = Record<'actions' | 'tracker' | 'secrets' | 'alerts', Record<string, unknown>>;

/** @returns what is wrong under `actions:` and `tracker:` */
export function actionsWrong(sections: Sections, at: PlaceOf): string[] {
  const actions = readActionSettings(sections.actions, at);
  const tracker = readTrackerSettings(sections.tracker, Object.keys(sections.secrets), at);
  const { sources } = sections.alerts as { sources?: unknown };
  const twice = typeof sources === 'object' && sources !== null && Object.hasOwn(sources, 'tracker');
  const hooked = 'settings' in tracker && tracker.settings !== null && tracker.settings.webhook.length > 0;
  return [
    ...('problems' in actions ? actions.problems : []),
    ...('problems' in tracker ? tracker.problems : []),
    ...(twice && hooked
      ? [
          `${at(['alerts', 'sources', 'tracker'])}: alerts.sources.tracker has the address of the webhook of \`tracker:\`; give it another name`,
        ]
      : []),
  ];
}

/** When owners are reminded. @throws BadConfig with everything that is wrong there */
export function actionSettings({ org }: Pick<Config, 'org'>): ActionSettings {
  const read = readActionSettings(org.actions, org.at);
  if ('settings' in read) return read.settings;
  throw new BadConfig(read.problems);
}

/** Where action items are filed, and how; null: nowhere. @throws BadConfig with everything that is wrong there */
export function trackerOf(
  { org }: Pick<Config, 'org'>,
  { systems }: { systems: Pick<Systems, 'secret'> },
): { settings: TrackerSettings; tracker: Tracker } | null {
  const read = readTrackerSettings(org.tracker, Object.keys(org.secrets), org.at);
  if ('problems' in read) throw new BadConfig(read.problems);
  const { settings } = read;
  return settings && { settings, tracker: openTracker(settings, systems.secret) };
}
