import { type Answerer, createAnswer } from '#answer.js';
import type { Config } from '#config.js';
import type { Person } from '#domain/person.js';
import type { Refusal } from '#domain/refusal.js';
import { permitted } from '#handle/admission.js';
import { type Before, createHandle, type Handle } from '#handle.js';
import type { Log } from '#log.js';
import { createRead, type Read } from '#read.js';
import { createSlackClient } from '#slack/client.js';
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

/** An answer that somebody at a prompt waits for. */
const INSTALLED_MS = 3_000;

async function whereInstalled({ slack }: Config, log: Log): Promise<string | null> {
  const { botToken: token, apiUrl } = slack;
  if (token === null) return null;
  const client = createSlackClient({ token, log, timeout: INSTALLED_MS, ...(apiUrl && { apiUrl }) });
  const told = await client.call('auth.test');
  return told.kind === 'ok' && typeof told.data.team_id === 'string' ? told.data.team_id : null;
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
    onCommitted,
    onError: (error) => log.error({ err: error }, 'recording failed'),
  });
  const handle = loggedHandle(guardedHandle(recorder, runbooks.scrub), log);
  const read = createRead(store, (...of) => lookups.inChannel(...of));
  const { command, roles, components } = config.org;
  const propose = proposeOf(runbooks, role === 'guest');
  const answerer = createAnswer({
    handle,
    read,
    roles,
    components,
    // What a verb of the command line says to type is typed there.
    command: role === 'guest' ? 'tocsin' : command,
    permits: (power, incident, asking) => permitted(lookups, rules, power, incident, asking),
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
