import { type Answerer, createAnswer } from '#answer.js';
import type { Config } from '#config.js';
import type { Person } from '#domain/person.js';
import type { Refusal } from '#domain/refusal.js';
import { type Before, createHandle, type Handle } from '#handle.js';
import type { Log } from '#log.js';
import { createRead, type Read } from '#read.js';
import { openStore, type Store } from '#store/store.js';
import { Told } from '#told.js';
import { type Database, openDatabase } from './database.js';
import { guardedAnswer, guardedHandle } from './guard.js';
import { lookupsOf } from './lookups.js';
import { ownerNamed } from './people.js';
import { proposeOf } from './propose.js';
import { openRunbooks, type Runbooks } from './runbooks.js';

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
  /** The workspace that a verb on the command line means. @throws NoTeam when there are several */
  team(): Promise<string>;
  /** @param typed of `--owner`, as people.ts reads it */
  owner(team: string, typed: string): Promise<Person | Refusal>;
  close(): Promise<void>;
}

/** A verb of the command line does not know which workspace is meant. */
export class NoTeam extends Told {
  override name = 'NoTeam';
}

/** @param onCommitted hears of every lane that now owes something; verbs leave that to the bot's relay */
export async function openCore(
  config: Config,
  log: Log,
  role: 'bot' | 'guest',
  onCommitted: (lanes: string[]) => void = () => {},
): Promise<Core> {
  const runbooks = await openRunbooks(config);
  const database = await openDatabase(config, log, role);
  const store = openStore(database.config, (message, error) => log.warn({ err: error }, message));
  const recorder = createHandle({
    store: lookupsOf(store),
    onCommitted,
    onError: (error) => log.error({ err: error }, 'recording failed'),
  });
  const handle = guardedHandle(recorder, runbooks.scrub);
  const read = createRead(store);
  const { command, roles, components } = config.org;
  const propose = proposeOf(runbooks);
  const answerer = createAnswer({
    handle,
    read,
    roles,
    components,
    command,
    before: recorder.before,
    propose: (_asking, _incident, asked) => propose(asked),
  });
  const answer = guardedAnswer(answerer, runbooks.scrub);
  return {
    config,
    database,
    store,
    handle,
    read,
    answer,
    before: recorder.before,
    runbooks,
    async team() {
      const team = await store.workspaces.ensureLocal();
      if (team === null) throw new NoTeam('Several workspaces share this database: use the web or Slack.');
      return team;
    },
    owner: (team, typed) => ownerNamed(store, team, typed),
    async close() {
      await runbooks.close();
      await store.close();
      await database.close();
    },
  };
}
