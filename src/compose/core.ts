import { type Answerer, createAnswer } from '#answer.js';
import type { Config } from '#config.js';
import type { Asking } from '#domain/intent.js';
import type { Power } from '#domain/permission.js';
import type { Person } from '#domain/person.js';
import type { Refusal } from '#domain/refusal.js';
import { permitted } from '#handle/admission.js';
import type { GroupNamed } from '#handle/lookups.js';
import { type Before, createHandle, type Handle } from '#handle.js';
import type { Log } from '#log.js';
import { createRead, type Read } from '#read.js';
import { createSlackClient, type SlackClient } from '#slack/client.js';
import { createGroups } from '#slack/groups.js';
import { openStore, type Store } from '#store/store.js';
import { type Database, openDatabase } from './database.js';
import { guardedAnswer, guardedHandle, loggedHandle } from './guard.js';
import { homeWorkspace } from './home.js';
import { lookupsOf, type Who } from './lookups.js';
import { ownerNamed } from './people.js';
import { proposeOf } from './propose.js';
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
  /** May whoever asks do that, in that incident (null: in none)? Looked at before anything is told of it. */
  permits(power: Power, incident: number | null, asking: Asking): Promise<Refusal | null>;
  runbooks: Runbooks;
  /**
   * The workspace that a verb on the command line means.
   * @param named with `--team`, in our id or Slack's
   * @throws NoTeam when there is none of that name, or several and nothing tells which
   */
  team(named?: string | null): Promise<string>;
  /** The same for work that nobody asks for. @returns null where that cannot be told */
  home(): Promise<string | null>;
  /** @param typed of `--owner`, as people.ts reads it */
  owner(team: string, typed: string): Promise<Person | Refusal>;
  close(): Promise<void>;
}

/** Where tocsin.yml says who may look, lists and choices hold only those incidents that whoever asks may look at. */
function asRuled(read: Read, permits: Core['permits']): Read['open'] {
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
  return createSlackClient({ token, log, timeout: INSTALLED_MS, ...(apiUrl && { apiUrl }) });
}

async function whereInstalled(config: Config, log: Log): Promise<string | null> {
  const told = await slackAtAPrompt(config, log)?.call('auth.test');
  return told?.kind === 'ok' && typeof told.data.team_id === 'string' ? told.data.team_id : null;
}

/** User groups for a verb of the command line, which has no front of Slack's beside it. */
function groupsOf(config: Config, log: Log): GroupNamed {
  const client = slackAtAPrompt(config, log);
  return client ? createGroups(client).called : async () => ({ unsaid: 'SLACK_BOT_TOKEN is not set here' });
}

/**
 * @param who what only Slack knows of people
 * @param onCommitted hears of every lane that now owes something; verbs leave that to the bot's relay
 */
export async function openCore(
  config: Config,
  log: Log,
  role: 'bot' | 'guest',
  onCommitted: (lanes: string[]) => void = () => {},
  who: Who = {},
): Promise<Core> {
  const runbooks = await openRunbooks(config);
  const database = await openDatabase(config, log, role);
  const store = openStore(database.config, (message, error) => log.warn({ err: error }, message));
  const lookups = lookupsOf(store, who);
  const rules = rulesOf(config);
  const recorder = createHandle({
    store: lookups,
    rules,
    groupNamed: who.groupNamed ?? groupsOf(config, log),
    onCommitted,
    onError: (error) => log.error({ err: error }, 'recording failed'),
  });
  const handle = loggedHandle(guardedHandle(recorder, runbooks.scrub), log);
  const permits: Core['permits'] = (...of) => permitted(lookups, rules, ...of);
  const looked = createRead(
    store,
    (...of) => lookups.inChannel(...of),
    (...of) => lookups.account(...of),
  );
  const read: Read = rules.see ? { ...looked, open: asRuled(looked, permits) } : looked;
  const { command, roles, components } = config.org;
  const propose = proposeOf(runbooks, role === 'guest');
  const answerer = createAnswer({
    handle,
    read,
    roles,
    components,
    // What a verb of the command line says to type is typed there.
    command: role === 'guest' ? 'tocsin' : command,
    permits,
    before: recorder.before,
    propose: (_asking, _incident, asked) => propose(asked),
  });
  const guarded = guardedAnswer(answerer, runbooks.scrub);
  const answer: Answerer = (typed) => {
    // Beside: what somebody puts into a key store now is recognised when it is typed a while later.
    if (role === 'bot') void runbooks.learnKeys();
    return guarded(typed);
  };
  const home = homeWorkspace(store, () => whereInstalled(config, log));
  return {
    config,
    database,
    store,
    handle,
    read,
    answer,
    before: recorder.before,
    permits,
    runbooks,
    team: home.team,
    home: home.known,
    owner: (team, typed) => ownerNamed(store, team, typed),
    async close() {
      await runbooks.close();
      await store.close();
      await database.close();
    },
  };
}
