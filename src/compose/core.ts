import { type Answerer, createAnswer } from '#answer/answer.js';
import type { Config } from '#config/config.js';
import type { Asking } from '#domain/incident/intent.js';
import { type Refusal, refuse } from '#domain/refusal.js';
import { runsOf } from '#domain/run/state.js';
import { accountOf, type Person } from '#domain/words.js';
import { type Before, createHandle, type Handle, type Permits, type WriterStore } from '#handle/handle.js';
import type { GroupNamed, People } from '#handle/lookups.js';
import type { Log } from '#log.js';
import type { Relay } from '#queue/relay.js';
import { createRead, type Read } from '#read/read.js';
import { proposeOf } from '#runbooks/definition/shelf.js';
import { createGroups } from '#slack/people/groups.js';
import { createSlackClient, type SlackClient } from '#slack/transport/client.js';
import type { KnownPerson, WorkspaceRow } from '#store/people.js';
import { openStore, type Store } from '#store/store.js';
import { Told } from '#told.js';
import { type Database, openDatabase } from './database.js';
import { openRunbooks, type Runbooks, rulesOf } from './runbooks.js';

/** What each process stands on, bot or verb. */
export interface Core {
  config: Config;
  database: Database;
  store: Store;
  handle: Handle;
  read: Read;
  answer: Answerer;
  before: Before;
  permits: Permits;
  runbooks: Runbooks;
  /**
   * The workspace that a verb on the command line means.
   * @param named with `--team`, in our id or Slack's
   * @throws Told when there is none of that name, or several and nothing tells which; it lists those that there are
   */
  team(named?: string | null): Promise<string>;
  /** The same for work that nobody asks for. @returns null where that cannot be told */
  home(): Promise<string | null>;
  /** @param typed of `--owner`: `@ana`, `<@U012AB3CD>`, `U012AB3CD` */
  owner(team: string, typed: string): Promise<Person | Refusal>;
  close(): Promise<void>;
}

/** Where tocsin.yml says who may look, lists and choices hold only those incidents that whoever asks may look at. */
function asRuled(read: Read, permits: Permits): Read['open'] {
  return async (viewer) => {
    const open = await read.open(viewer);
    const asking: Asking = { source: 'api', key: null, now: new Date(), ...viewer };
    const no = await Promise.all(open.map(({ number }) => permits('see', number, asking)));
    return open.filter((_, i) => no[i] === null);
  };
}

/** An answer that somebody at a prompt waits for. */
const INSTALLED_MS = 3_000;

function slackAtAPrompt({ slack }: Config, log: Log): SlackClient | null {
  const { botToken: token, apiUrl } = slack;
  if (token === null) return null;
  return createSlackClient({ token, log, timeout: INSTALLED_MS, apiUrl });
}

async function whereInstalled(config: Config, log: Log): Promise<string | null> {
  const told = await slackAtAPrompt(config, log)?.call('auth.test');
  return told?.kind === 'ok' && typeof told.data.team_id === 'string' ? told.data.team_id : null;
}

/** User groups for a verb of the command line, which has no front of Slack's beside it. */
function groupNamedAtAPrompt(config: Config, log: Log): GroupNamed {
  const client = slackAtAPrompt(config, log);
  if (!client) return async () => ({ unsaid: 'SLACK_BOT_TOKEN is not set here' });
  return createGroups(client, INSTALLED_MS).called;
}

/**
 * @param who what only Slack knows of people
 * @param relay hears of every lane that now owes something; verbs leave that to the bot's own
 */
export async function openCore(
  config: Config,
  log: Log,
  role: 'bot' | 'guest',
  relay: Pick<Relay, 'nudge'> = { nudge() {} },
  who: Who = {},
): Promise<Core> {
  const runbooks = await openRunbooks(config);
  const database = await openDatabase(config, log, role);
  const store = openStore(database.config, (message, error) => log.warn({ err: error }, message));
  const lookups = lookupsOf(store, who);
  const rules = rulesOf(config);
  const { scrub, learnKeys } = runbooks;
  const handle = createHandle({
    store: lookups,
    rules,
    groupNamed: who.groupNamed ?? groupNamedAtAPrompt(config, log),
    scrub,
    log,
    relay,
    onError: (error) => log.error({ err: error }, 'recording failed'),
  });
  const { before, permits } = handle;
  const readings = createRead(store, lookups.inChannel, lookups.account);
  const read: Read = rules.see ? { ...readings, open: asRuled(readings, permits) } : readings;
  const { command, roles, components } = config.org;
  const propose = proposeOf(runbooks, role === 'guest');
  const answer = createAnswer({
    handle,
    read,
    roles,
    components,
    // What a verb of the command line says to type is typed there.
    command: role === 'guest' ? 'tocsin' : command,
    permits,
    before,
    propose: (_asking, _incident, asked) => propose(asked),
    scrub,
    ...(role === 'bot' && { learnKeys }),
  });
  const { team, home } = homeWorkspace(store, () => whereInstalled(config, log));
  return {
    config,
    database,
    store,
    handle,
    read,
    answer,
    before,
    permits,
    runbooks,
    team,
    home,
    owner: (team, typed) => ownerNamed(store, team, typed),
    async close() {
      await store.close();
      await database.close();
    },
  };
}

/** What only Slack knows of people. A process without Slack has none of it, and whatever needs it is refused there. */
export interface Who {
  /** @returns null: Slack does not say */
  inChannel?(channel: string, person: string): Promise<boolean | null>;
  isAmong?(team: string, person: string, names: readonly string[]): Promise<boolean>;
  /** The user group of a handle. */
  groupNamed?: GroupNamed;
  /** Asks Slack about somebody now; gives up soon, and never throws. */
  meet?(team: string, person: string): Promise<void>;
}

/** What `handle` looks up, out of what the store has, and Slack. */
export function lookupsOf(store: Store, who: Who = {}): WriterStore & People {
  return {
    ...store.incidents,
    commit: store.commit,
    wasWritten: store.wasWritten,
    inTurn: store.inTurn,
    lockedAmong: store.lockedAmong,
    async targetHolder(team, target) {
      const held = await store.targets.holder(team, target);
      const known = held && (await store.incidents.load(team, held.incident));
      return known && { ...held, of: known.state };
    },
    async targetOfRun(team, incident, run) {
      const known = await store.incidents.load(team, incident);
      const found = known && runsOf(known.state).list.find((one) => one.run === run);
      return found?.target ?? null;
    },
    stateOf: async (team, incident) => (await store.incidents.load(team, incident))?.state ?? null,
    async account(team, id) {
      const known = accountOf(await store.people.get(team, id));
      if (known !== 'unknown' || !who.meet) return known;
      // Somebody whom we have not met wants to act on production: Slack is asked who that is.
      await who.meet(team, id);
      return accountOf(await store.people.get(team, id));
    },
    inChannel: async (_team, channel, id) => (await who.inChannel?.(channel, id)) ?? null,
    isAmong: async (team, id, names) => (await who.isAmong?.(team, id, names)) ?? names.includes(id),
    goneAmong: async (team, ids) =>
      new Set((await store.people.byIds(team, ids)).filter((one) => one.deleted).map((one) => one.id)),
    personById: store.people.personById,
    personByName: store.people.personByName,
  };
}

/** How long Slack's *no answer* is remembered. */
const AGAIN_MS = 30_000;

/**
 * The workspace that is meant where no payload and no token says so: the one that was named; else the only one; else the
 * one that we are installed in; else the only one that holds anything.
 * @param installed asks Slack in which workspace our token is; null: Slack does not say, or there is no token. Asked
 *   only where there is more than one workspace, and once it has said it never again
 */
function homeWorkspace(
  { workspaces }: Pick<Store, 'workspaces'>,
  installed: () => Promise<string | null>,
): Pick<Core, 'team' | 'home'> {
  let slack: string | null = null;
  let again = 0;

  async function whereInstalled(): Promise<string | null> {
    if (slack === null && performance.now() >= again) {
      slack = await installed();
      again = performance.now() + AGAIN_MS;
    }
    return slack;
  }

  async function among(rows: readonly WorkspaceRow[]): Promise<string | null> {
    const [first, second] = rows;
    if (!first || !second) return first?.team ?? null;
    const told = await whereInstalled();
    const ours = told === null ? undefined : rows.find((row) => row.slackTeam === told);
    if (ours) return ours.team;
    const held = await workspaces.holdings();
    const [only, other] = rows.filter((row) => held.has(row.team));
    return only && !other ? only.team : null;
  }

  return {
    async team(named) {
      await workspaces.ensureLocal();
      const rows = await workspaces.list();
      if (named) {
        const meant = rows.find((row) => row.team === named || row.slackTeam === named);
        if (meant) return meant.team;
        throw new Told(`There is no workspace ${named} here. Name one of these:\n${await listed(rows)}`);
      }
      const team = await among(rows);
      if (team !== null) return team;
      throw new Told(
        `Several workspaces share this database. Say which one with \`--team\`:\n${await listed(rows)}`,
      );
    },
    home: async () => among(await workspaces.list()),
  };

  async function listed(rows: readonly WorkspaceRow[]): Promise<string> {
    const held = await workspaces.holdings();
    return rows
      .map(
        ({ slackTeam, team }) =>
          `  --team ${slackTeam ?? team}  ${many(held.get(team)?.incidents ?? 0, 'incident')}`,
      )
      .join('\n');
  }
}

/** @returns `1 incident`, `2 incidents` */
export function many(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

/** The person whose word a token's, or the command line's, is to be. Nobody is guessed. */
async function ownerNamed({ people }: Store, team: string, typed: string): Promise<Person | Refusal> {
  const said = typed.trim();
  const id = /^(?:<@)?([UW][A-Z0-9]{2,})(?:\|[^>]*)?>?$/.exec(said)?.[1];
  const byId = id === undefined ? null : await people.get(team, id);
  const named = byId ? [byId] : await people.findByName(team, said.replace(/^@/, ''), true);
  // Who left may have had the name of somebody who is here.
  const here = named.filter(({ deleted }) => !deleted);
  const [only, another] = here.length > 0 ? here : named;
  const why = another
    ? `that name means several people (${named.map((one) => one.id).join(', ')})`
    : whyNoOwner(only);
  if (!only || why !== null) return refuse('BAD_OWNER', { who: said.slice(0, 80), why: why ?? '' });
  return { id: only.id, name: only.name };
}

/** Who may not answer for what a machine does. */
function whyNoOwner(known: KnownPerson | undefined): string | null {
  if (!known) return 'nobody of that name is known here';
  if (known.deleted) return 'that account is deactivated';
  if (known.isBot || known.kind === 'bot') return 'that is a bot';
  if (known.kind === 'guest') return 'that is a guest of this workspace';
  return known.kind === 'outside' ? 'that is somebody of another workspace' : null;
}
