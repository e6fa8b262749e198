import { type Answerer, createAnswer } from '#answer.js';
import type { Config } from '#config.js';
import { createHandle, type Handle } from '#handle.js';
import type { Log } from '#log.js';
import { createRead, type Read } from '#read.js';
import { openStore, type Store } from '#store/store.js';
import { type Database, openDatabase } from './database.js';
import { guardedAnswer, guardedHandle, loggedHandle } from './guard.js';
import { lookupsOf } from './lookups.js';
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
  runbooks: Runbooks;
  /** The workspace that a verb on the command line means. @throws NoTeam when there are several */
  team(): Promise<string>;
  close(): Promise<void>;
}

export class NoTeam extends Error {
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
  const handle = loggedHandle(guardedHandle(recorder, runbooks.scrub), log);
  const read = createRead(store);
  const { command, roles, components } = config.org;
  const propose = proposeOf(runbooks);
  const answerer = createAnswer({
    handle,
    read,
    roles,
    components,
    command,
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
    runbooks,
    async team() {
      const team = await store.workspaces.ensureLocal();
      if (team === null) throw new NoTeam('Several workspaces share this database: use the web or Slack.');
      return team;
    },
    async close() {
      await runbooks.close();
      await store.close();
      await database.close();
    },
  };
}
