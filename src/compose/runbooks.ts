import { createHmac } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { PlaceOf } from '#config/place.js';
import { BadConfig, type Config } from '#config.js';
import { type Rules, readRules } from '#domain/permission.js';
import type { Runbook } from '#domain/runbook.js';
import { hideInLogs } from '#log.js';
import { ACTIONS } from '#runbooks/actions.js';
import { readDefinition } from '#runbooks/definition.js';
import { shelfUnsaid } from '#runbooks/definition-destinations.js';
import { keyLearner } from '#runbooks/learn.js';
import { schedulesWrong } from '#runbooks/scheduled-runbooks.js';
import { Scrub } from '#runbooks/scrub.js';
import { type Fingerprint, fingerprints } from '#runbooks/secret.js';
import { type RunbookSections, type RunbookSettings, readRunbookSettings } from '#runbooks/settings.js';
import { openShelf, type Shelf } from '#runbooks/shelf.js';
import { openSystems, type Systems } from '#runbooks/systems.js';
import { learnSecrets } from './known-secrets.js';
import { signingSecret } from './secret.js';

/** Runbooks that come along with Tocsin. */
const BUILT_IN = fileURLToPath(new URL('../../runbooks', import.meta.url));
/** Definitions of running runs that are remembered, read. */
const REMEMBERED = 100;

/** The shelf, and what its runbooks may touch. */
export interface Runbooks {
  shelf: Shelf;
  settings: RunbookSettings;
  systems: Systems & { fingerprint: Fingerprint };
  scrub: Scrub;
  /** Why secrets that tocsin.yml refers to are not there: whatever needs them will fail. */
  missing: string[];
  /** Resolves when the keys that stand in the key stores now are known to `scrub`, or could not be read; never throws. */
  learnKeys(): Promise<void>;
  /** What stands on the shelf and cannot be used as it is, because of what is wrong there or not said in tocsin.yml. */
  doubts(): Promise<string[]>;
  /** Reads a definition as it was kept with a run. @returns null: this version cannot read it */
  read(source: string): Runbook | null;
  close(): Promise<void>;
}

/** @returns what is wrong in the sections of tocsin.yml which are about runbooks, and about who may do what */
export function sectionsWrong(
  sections: RunbookSections & { permissions: Record<string, unknown> },
  at: PlaceOf,
  roles: readonly string[] | null,
): string[] {
  const read = readRunbookSettings(sections, at);
  return [...('problems' in read ? read.problems : []), ...rulesWrong(sections.permissions, at, roles)];
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

/**
 * Only for processes that do what is scheduled: nobody else needs their runbooks to be there.
 * @returns what cannot be told, because a definition cannot be read: no reason to stand still
 * @throws BadConfig with every schedule that could never begin
 */
export async function checkSchedules(config: Config): Promise<string[]> {
  const read = readRunbookSettings(config.org, config.org.at);
  if ('problems' in read) throw new BadConfig(read.problems);
  const { problems, doubts } = await schedulesWrong(read.settings, shelfOf(config), config.org.at);
  if (problems.length > 0) throw new BadConfig(problems);
  return doubts;
}

/** @throws BadConfig with everything that is wrong there */
export async function openRunbooks(config: Config): Promise<Runbooks> {
  const read = readRunbookSettings(config.org, config.org.at);
  if ('problems' in read) throw new BadConfig(read.problems);
  const { settings } = read;
  const pepper = createHmac('sha256', await signingSecret(config))
    .update('fingerprints/v1')
    .digest('hex');
  const fingerprint = fingerprints(pepper);
  const scrub = new Scrub(fingerprint);
  hideInLogs((text) => scrub.text(text));
  const systems = openSystems(settings, { env: process.env, scrub, fingerprint });
  const missing = learnSecrets(config, settings, systems, scrub);
  const known = new Map<string, Runbook | null>();
  const shelf = shelfOf(config);
  return {
    shelf,
    settings,
    systems: { ...systems, fingerprint },
    scrub,
    missing,
    learnKeys: keyLearner([...settings.keystores.keys()], systems),
    async doubts() {
      const broken = (await shelf.list()).flatMap((item) => ('problems' in item ? item.problems : []));
      return [...broken, ...(await shelfUnsaid(shelf, settings))].map((why) => scrub.text(why));
    },
    read(source) {
      const before = known.get(source);
      if (before !== undefined) return before;
      const definition = readDefinition(source, 'definition', ACTIONS);
      const runbook = 'runbook' in definition ? definition.runbook : null;
      known.set(source, runbook);
      if (known.size > REMEMBERED) known.delete(known.keys().next().value as string);
      return runbook;
    },
    close: () => systems.close(),
  };
}
