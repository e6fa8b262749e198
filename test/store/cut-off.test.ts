import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type pg from 'pg';
import { openEngine } from '#queue/engine.js';
import { LANES, type LaneJob } from '#queue/relay.js';
import { role } from '#store/embedded/server.js';
import { openStore, type Store } from '#store/store.js';
import { memoryLog } from '../queue/log.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { type Wire, wireTo } from '../support/wire.js';
import { Ledger, opened } from './ledger.js';

// A process that was stopped for a while finds both in its socket at once: that it is let in, and that it is cut off.
// An error that nobody listens for ends a process, and here the test.

let database: TestDatabase;
let wire: Wire;
let config: pg.ClientConfig;

beforeEach(async () => {
  database = await testDatabase();
  const { host, port, database: name } = database.config;
  wire = await wireTo({ path: `${host}/.s.PGSQL.${port}` });
  config = { host: '127.0.0.1', port: wire.port, user: role, database: name };
});
afterEach(async () => {
  await wire.stop();
  await database.close();
});

const commit = (store: Store) => store.commit(new Ledger('T1', 1).next([opened()]));

test.each<[string, (store: Store) => Promise<unknown>]>([
  ['a commit', commit],
  ['a look', (store) => store.incidents.load('T1', 1)],
  ['a snapshot', (store) => store.snapshot((at) => at.load('T1', 1))],
  ['a transaction', (store) => store.workspaces.ensureLocal()],
])('%s on a connection that breaks as it is opened fails, and the next one does not', async (_, work) => {
  const store = openStore(config, () => {});
  wire.doom();
  await store.warmUp();
  await expect(work(store)).rejects.toThrow();
  wire.mend();
  await work(store);
  await store.close();
});

test('a queue whose connections break as they are opened goes on when they do not', async () => {
  const engine = await openEngine({ database: config, log: memoryLog() });
  const handled: string[] = [];
  const note = async ({ lane }: LaneJob) => void handled.push(lane);
  await engine.worker<LaneJob>(LANES, note, { concurrency: 2 }).ready();
  const queue = engine.queue<LaneJob>(LANES);
  await queue.add('wake', { lane: 'T1/INC-1' });
  await until('it is handled', () => handled.length === 1);

  const before = wire.count();
  wire.doom();
  wire.cut();
  await until('the worker has come back a few times', () => wire.count() > before + 8);
  wire.mend();
  await until('it works', async () => {
    await queue.add('wake', { lane: 'T1/INC-3' }).catch(() => undefined);
    return handled.includes('T1/INC-3');
  });
  await engine.close();
});
