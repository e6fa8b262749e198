import { createHmac, randomBytes } from 'node:crypto';
import { link, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BadConfig, type Config, loadConfig } from '#config/config.js';
import type { PlaceOf } from '#config/organisation.js';
import type { Rule } from '#domain/alert/rule.js';
import { type Rules, readRules } from '#domain/permission.js';
import type { Runbook } from '#domain/run/runbook.js';
import { hideInLogs } from '#log.js';
import { readWebhookSettings } from '#public/elsewhere/outgoing.js';
import { readStatuspageSettings } from '#public/elsewhere/statuspage.js';
import { readStatusSettings, type StatusSettings } from '#public/settings.js';
import { readSubscriberSettings } from '#public/subscribe/settings.js';
import { ACTIONS } from '#runbooks/actions/actions.js';
import { readDefinition } from '#runbooks/definition/definition.js';
import { offersWrong, schedulesWrong, shelfUnsaid } from '#runbooks/definition/lacking.js';
import { openShelf, type Shelf } from '#runbooks/definition/shelf.js';
import { readPlainFile } from '#runbooks/files.js';
import { keyLearner, Scrub } from '#runbooks/scrub.js';
import { fingerprints, passwordIn } from '#runbooks/secret.js';
import { type RunbookSections, type RunbookSettings, readRunbookSettings } from '#runbooks/settings.js';
import { openSystems, type Systems } from '#runbooks/systems.js';
import { folderFailed } from '#store/embedded/errors.js';
import { readMetricsSettings } from '#web/metrics.js';
import { actionsWrong } from './action-settings.js';
import { alertsWrong } from './alerts.js';
import { pagingWrong } from './paging.js';

/** Runbooks that come along with Tocsin. */
const BUILT_IN = fileURLToPath(new URL('../../runbooks', import.meta.url));
/** Definitions of running runs that are remembered, read. */
const REMEMBERED = 100;

/** The shelf, and what its runbooks may touch. */
export type Runbooks = Awaited<ReturnType<typeof openRunbooks>>;

/** @returns what is wrong in the sections of tocsin.yml which other rooms read */
export function sectionsWrong(
  sections: RunbookSections &
    Record<
      'permissions' | 'metrics' | 'alerts' | 'status' | 'paging' | 'actions' | 'tracker',
      Record<string, unknown>
    >,
  at: PlaceOf,
  roles: readonly string[] | null,
): string[] {
  const read = readRunbookSettings(sections, at);
  const metrics = readMetricsSettings(sections.metrics, sections.secrets, at);
  // What holds where the section does not say is never wrong there.
  const base = { components: [], publicUrl: null, dataDir: '.', legacyTitle: null, roles };
  const status = readStatusSettings(sections.status, at, base);
  const told = 'settings' in status ? toldWrong(status.settings, Object.keys(sections.secrets), at) : [];
  return [
    ...('problems' in read ? read.problems : []),
    ...rulesWrong(sections.permissions, at, roles),
    ...('problems' in metrics ? metrics.problems : []),
    ...alertsWrong(sections, at),
    ...pagingWrong(sections, at),
    ...actionsWrong(sections, at),
    ...('problems' in status ? status.problems : []),
    ...told,
  ];
}

/** @returns what is wrong in the parts of `status:` that say who else is told */
function toldWrong({ raw }: StatusSettings, secrets: readonly string[], at: PlaceOf): string[] {
  const read = [
    readSubscriberSettings(raw.subscribers, at, secrets),
    readStatuspageSettings(raw.statuspage, at),
    readWebhookSettings(raw.webhook, at),
  ];
  return read.flatMap((one) => ('problems' in one ? one.problems : []));
}

function rulesWrong(
  section: Record<string, unknown>,
  at: PlaceOf,
  roles: readonly string[] | null,
): string[] {
  const read = readRules(section, roles);
  if ('rules' in read) return [];
  return read.problems.map(({ path, what }) => {
    const full = ['permissions', ...path];
    return `${at(full)}: ${full.join('.')} ${what}`;
  });
}

/** Who may do what, as tocsin.yml says. @throws BadConfig with everything that is wrong there */
export function rulesOf({ org }: Pick<Config, 'org'>): Rules {
  const read = readRules(org.permissions, org.roles);
  if ('rules' in read) return read.rules;
  throw new BadConfig(rulesWrong(org.permissions, org.at, org.roles));
}

function shelfOf(config: Config): Shelf {
  return openShelf({ folders: [config.runbooksDir, BUILT_IN], actions: ACTIONS });
}

interface Shelved {
  settings: RunbookSettings;
  shelf: Shelf;
}

/** What is on the shelf and what tocsin.yml says of runbooks, by reading only. @throws BadConfig with everything that is wrong there */
export function shelved(config: Config): Shelved {
  const read = readRunbookSettings(config.org, config.org.at);
  if ('problems' in read) throw new BadConfig(read.problems);
  return { settings: read.settings, shelf: shelfOf(config) };
}

/**
 * Only for processes that do what is scheduled: nobody else needs their runbooks to be there.
 * @returns what cannot be told, because a definition cannot be read: no reason to stand still
 * @throws BadConfig with every schedule that could never begin
 */
export async function checkSchedules(config: Config): Promise<string[]> {
  const { settings, shelf } = shelved(config);
  const { problems, doubts } = await schedulesWrong(settings, shelf, config.org.at);
  if (problems.length > 0) throw new BadConfig(problems);
  return doubts;
}

/**
 * Alerts open incidents whatever their rule offers beside that: nothing stands still for a button that would be refused.
 * @param at where a path of keys stands in the tocsin.yml that has these rules
 * @returns what is wrong with the runbooks that rules of alerts offer
 */
export async function checkOffers(
  rules: readonly Rule[],
  { settings, shelf }: Shelved,
  at: PlaceOf,
): Promise<string[]> {
  const { problems, doubts } = await offersWrong(rules, settings, shelf, at);
  return [...problems, ...doubts];
}

/** @throws BadConfig with everything that is wrong there */
export async function openRunbooks(config: Config) {
  const { settings, shelf } = shelved(config);
  const pepper = createHmac('sha256', await signingSecret(config))
    .update('fingerprints/v1')
    .digest('hex');
  const fingerprint = fingerprints(pepper);
  const scrub = new Scrub(fingerprint);
  hideInLogs((text) => scrub.text(text));
  const systems = openSystems(settings, { env: process.env, scrub, fingerprint });
  const missing = learnSecrets(config, settings, systems, scrub);
  const known = new Map<string, Runbook | null>();
  return {
    shelf,
    settings,
    systems: { ...systems, fingerprint },
    scrub,
    /** Why secrets that tocsin.yml refers to are not there: whatever needs them will fail. */
    missing,
    /** Resolves when the keys that stand in the key stores now are known to `scrub`, or could not be read; never throws. */
    learnKeys: keyLearner([...settings.keystores.keys()], systems),
    /** @returns what stands on the shelf and cannot be used as it is, because of what is wrong there or not said in tocsin.yml */
    async doubts(): Promise<string[]> {
      const broken = (await shelf.list()).flatMap((item) => ('problems' in item ? item.problems : []));
      return [...broken, ...(await shelfUnsaid(shelf, settings))].map((why) => scrub.text(why));
    },
    /** Reads a definition as it was kept with a run. @returns null: this version cannot read it */
    read(source: string): Runbook | null {
      const before = known.get(source);
      if (before !== undefined) return before;
      const definition = readDefinition(source, 'definition', ACTIONS);
      const runbook = 'runbook' in definition ? definition.runbook : null;
      known.set(source, runbook);
      if (known.size > REMEMBERED) known.delete(known.keys().next().value as string);
      return runbook;
    },
  };
}

/** Passwords that are shorter may be words that stand in any text. */
const PASSWORD = 12;

/**
 * Our own, and what tocsin.yml refers to: known from the start, so that it is recognised wherever it turns up.
 * @returns what could not be resolved
 */
function learnSecrets(
  config: Config,
  settings: RunbookSettings,
  systems: Pick<Systems, 'secret'>,
  scrub: Scrub,
): string[] {
  const missing: string[] = [];
  const { botToken, appToken, signingSecret: slack } = config.slack;
  for (const own of [botToken, appToken, slack, config.secret]) if (own !== null) scrub.learn(own);
  for (const address of [config.databaseUrl, config.redisUrl]) {
    const password = address === null ? null : passwordIn(address);
    if (password !== null && password.length >= PASSWORD) scrub.learn(password);
  }
  for (const name of settings.secrets.keys()) {
    try {
      systems.secret(name);
    } catch (error) {
      missing.push((error as Error).message);
    }
  }
  return missing;
}

/**
 * The secrets that can be known by reading the configuration only. No store is opened and no pepper is made, so the
 * markers that take their place mean nothing. Of a configuration that cannot be used none is known: a verb that needs it
 * says what is wrong.
 */
export function knownSecrets(env: NodeJS.ProcessEnv): Scrub {
  const fingerprint = fingerprints(randomBytes(32).toString('hex'));
  const scrub = new Scrub(fingerprint);
  try {
    const config = loadConfig(env, 'nothing');
    const read = readRunbookSettings(config.org, config.org.at);
    if ('problems' in read) return scrub;
    learnSecrets(config, read.settings, openSystems(read.settings, { env, scrub, fingerprint }), scrub);
  } catch (error) {
    if (!(error instanceof BadConfig)) throw error;
  }
  return scrub;
}

/**
 * What signs web links: TOCSIN_SECRET, or one that was made in the data folder the first time (mode 0600).
 * Written aside and linked into place, so that two who start together end up with one, and a crash leaves none half.
 * @throws BadConfig where the data folder takes no file
 */
export async function signingSecret(config: Config): Promise<string> {
  if (config.secret !== null) return config.secret;
  const path = join(config.dataDir, 'secret');
  return keptSecret(config, path).catch((error: unknown) => {
    throw folderFailed(config.dataDir, error) ?? error;
  });
}

/** @returns the same where there is one already; null: nobody has made one yet, and this makes none */
export async function secretThere(config: Config): Promise<string | null> {
  return config.secret ?? readSecret(join(config.dataDir, 'secret'));
}

async function readSecret(path: string): Promise<string | null> {
  const kept = await readPlainFile(path).catch((error: NodeJS.ErrnoException) => {
    // Something stands there that is no file: what is made anew could not take its place.
    if (error.code === undefined)
      throw new BadConfig([`TOCSIN_DATA: ${path}: ${error.message}; move it away`]);
    return null;
  });
  return kept?.trim() || null;
}

async function keptSecret(config: Config, path: string): Promise<string> {
  const kept = await readSecret(path);
  if (kept) return kept;
  try {
    return await made(config, path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw /^(EACCES|EPERM)$/.test(code) ? new BadConfig([notOurs(config.dataDir)]) : error;
  }
}

/** A mounted folder belongs to the user who made it, which in a container is often root. */
function notOurs(folder: string): string {
  const [user, group] = [process.getuid?.() ?? 'the bot', process.getgid?.() ?? 'the bot'];
  return `TOCSIN_DATA: user ${user} may not write to ${folder}; give it the folder with \`chown -R ${user}:${group} ${folder}\` (of a container: on the host, the folder that is mounted there), or set TOCSIN_DATA to one of its own`;
}

async function made(config: Config, path: string): Promise<string> {
  await mkdir(config.dataDir, { recursive: true });
  const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = await open(aside, 'wx', 0o600);
  await file.writeFile(`${randomBytes(32).toString('hex')}\n`);
  await file.sync();
  await file.close();
  // This fails when another process was first: then its secret counts.
  await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
  return (await readPlainFile(path)).trim();
}
