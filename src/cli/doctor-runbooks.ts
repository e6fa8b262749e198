import { openRunbooks, type Runbooks } from '#compose/runbooks.js';
import { BadConfig, type Config } from '#config.js';
import { shelfUnsaid } from '#runbooks/definition-destinations.js';
import { schedulesWrong } from '#runbooks/scheduled-runbooks.js';
import type { Finding } from './finding.js';

/** A system that does not answer must not keep the doctor. */
const READ_MS = 3_000;
/** Systems that are asked at the same time. */
const TOGETHER = 8;
/** Keys that places disagree about; of more, their number. */
const APART = 3;

/** Looks at every definition, and reads what runbooks would read. Changes nothing; names what is there, never a value. */
export async function checkRunbooks(config: Config): Promise<Finding[]> {
  let runbooks: Runbooks;
  try {
    runbooks = await openRunbooks(config);
  } catch (error) {
    if (!(error instanceof BadConfig)) throw error;
    return error.problems.map((problem) => bad('tocsin.yml', problem, 'mend the settings at that line'));
  }
  try {
    const { scrub, settings } = runbooks;
    const jobs = [
      ...[...settings.keystores.keys()].map((name) => () => checkStore(runbooks, config, name)),
      ...[...settings.routes.keys()].map((name) => () => checkRoute(runbooks, config, name)),
    ];
    const findings = [
      ...(await checkDefinitions(runbooks)),
      ...(await checkSchedules(runbooks, config)),
      ...[...settings.secrets.keys()].flatMap((name) => checkSecret(runbooks, name)),
      ...(await someAtATime(jobs)),
    ];
    return scrub.json(findings);
  } finally {
    await runbooks.close();
  }
}

const bad = (what: string, detail: string, fix: string): Finding => ({ what, ok: false, detail, fix });

async function checkDefinitions({ shelf, settings }: Runbooks): Promise<Finding[]> {
  const found = await shelf.list();
  const good = found.flatMap((item) => ('problems' in item ? [] : [item.name]));
  const wrong = found.flatMap((item) => ('problems' in item ? item.problems : []));
  const fix = 'mend the file; `tocsin runbook lint FILE` checks it again';
  return [
    { what: 'runbooks', ok: true, detail: good.length > 0 ? good.join(', ') : 'none' },
    ...wrong.map((problem) => bad('runbook', problem, fix)),
    ...(await shelfUnsaid(shelf, settings)).map(unsaid),
  ];
}

/** The remedy is the end of what is said. */
function unsaid(said: string): Finding {
  const [detail = '', ...fix] = said.split('; ');
  return bad('runbook', detail, fix.join('; '));
}

/** Nothing is said of a schedule that can begin. */
async function checkSchedules({ settings, shelf }: Runbooks, { org }: Config): Promise<Finding[]> {
  const { problems, doubts } = await schedulesWrong(settings, shelf, org.at);
  return [
    ...problems.map((problem) => bad('schedule', problem, 'mend the settings at that line')),
    ...doubts.map((doubt) => bad('schedule', doubt, 'mend the definition, or the settings at that line')),
  ];
}

/** Nothing is said of a secret that is there. */
function checkSecret({ systems }: Runbooks, name: string): Finding[] {
  try {
    systems.secret(name);
    return [];
  } catch (error) {
    const fix = 'put it there, readable by whoever runs Tocsin, or correct the place under `secrets:`';
    return [bad('secret', messageOf(error), fix)];
  }
}

async function checkStore({ systems }: Runbooks, { org }: Config, name: string): Promise<Finding> {
  const what = `key store ${name}`;
  try {
    const store = systems.store(name);
    const { keys, apart, note } = await within(what, (signal) => store.read(signal));
    const said = [...(apart?.values() ?? [])].map(({ told }) => told);
    if (said.length > 0) {
      const more = said.length > APART ? ` and ${said.length - APART} more` : '';
      const fix =
        'make what each place has the same again; a reload of HAProxy gives its live map what the file has';
      return bad(what, said.slice(0, APART).join('; ') + more, fix);
    }
    const held = keys.size === 1 ? '1 key' : `${keys.size} keys`;
    return { what, ok: true, detail: `${store.type}, ${note ?? held}` };
  } catch (error) {
    const fix = `see to it that it can be read from this machine; its settings: ${org.at(['keystores', name])}`;
    return bad(what, messageOf(error), fix);
  }
}

async function checkRoute({ systems }: Runbooks, { org }: Config, name: string): Promise<Finding> {
  const what = `route ${name}`;
  try {
    const route = systems.route(name);
    const { to, places } = await within(what, (signal) => route.read(signal));
    if (to !== null) return { what, ok: true, detail: `${route.type}, points to ${to}` };
    const said = places.map((one) => `${one.place} says ${one.to}`).join(', ');
    return bad(what, `its places disagree: ${said}`, 'set it anew with a runbook that uses route.set');
  } catch (error) {
    const fix = `see to it that it can be read from this machine; its settings: ${org.at(['routes', name])}`;
    return bad(what, messageOf(error), fix);
  }
}

/** Also where a client does not listen to its signal. */
async function within<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what} did not answer within ${READ_MS / 1_000} s`));
      limit.abort();
    }, READ_MS);
  });
  const working = work(limit.signal);
  working.catch(() => undefined);
  try {
    return await Promise.race([working, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function someAtATime(jobs: Array<() => Promise<Finding>>): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (let at = 0; at < jobs.length; at += TOGETHER) {
    findings.push(...(await Promise.all(jobs.slice(at, at + TOGETHER).map((job) => job()))));
  }
  return findings;
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s+/g, ' ').slice(0, 500);
}
