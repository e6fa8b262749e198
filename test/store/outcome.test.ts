import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { Conflict, Unavailable, Unconfirmed } from '#store/pools.js';
import { openStore, type Store } from '#store/store.js';
import { Ledger, noted, opened } from './ledger.js';
import { type Opened, openedStore } from './opened.js';
import { type Wire, wireTo } from './wire.js';

let db: Opened;
let wire: Wire;
let store: Store;
let ledger: Ledger;
let number = 0;
beforeAll(async () => {
  db = await openedStore();
});
afterAll(() => db.close());
beforeEach(async () => {
  wire = await wireTo(db.config);
  store = openStore({ ...wire.config, writers: 1 }, () => {});
  ledger = new Ledger('T1', ++number);
  // Connections are open and the statement is prepared: what fails afterwards is the commit itself.
  await store.commit(ledger.next([opened()]));
  await store.incidents.load('T1', number);
});
afterEach(async () => {
  wire.mood = 'pass';
  await store.close();
  await wire.close();
});

/** The answer of a commit, as an error or null. */
const outcome = (commit: Promise<void>) =>
  commit.then(
    () => null,
    (error: unknown) => error,
  );
/** Something of another session that a commit has to wait for. */
async function blocked<T>(work: () => Promise<T>): Promise<T> {
  const other = new pg.Client(db.config);
  await other.connect();
  await other.query('begin');
  await other.query('lock table entry in exclusive mode');
  return work().finally(() => other.end());
}

describe('the connection is lost while a commit is on its way', () => {
  test('after it was written: unconfirmed, found written, and not written twice', async () => {
    const commit = ledger.next([noted(2, 'x')]);
    wire.mood = 'deaf';
    expect(await outcome(store.commit(commit))).toBeInstanceOf(Unconfirmed);
    wire.mood = 'pass';
    expect(await store.wasWritten(commit)).toBe(true);
    expect(await outcome(store.commit(commit))).toBeInstanceOf(Conflict);
    expect((await store.incidents.load('T1', number))?.head).toBe(ledger.head);
  });

  test('before the database had it: unconfirmed, not written, and sending it again writes it', async () => {
    const commit = ledger.next([noted(2, 'x')]);
    wire.mood = 'cut';
    expect(await outcome(store.commit(commit))).toBeInstanceOf(Unconfirmed);
    wire.mood = 'pass';
    expect(await store.wasWritten(commit)).toBe(false);
    expect(await outcome(store.commit(commit))).toBeNull();
    expect(await store.wasWritten(commit)).toBe(true);
  });

  test('and nothing ever comes back: unconfirmed too, not a hang', async () => {
    wire.mood = 'silent';
    expect(await outcome(store.commit(ledger.next([noted(2, 'x')])))).toBeInstanceOf(Unconfirmed);
  });

  test('because an administrator ended the session', async () => {
    const commit = ledger.next([noted(2, 'x')]);
    const error = await blocked(async () => {
      const waiting = outcome(store.commit(commit));
      for (let cut = 0; cut === 0; ) {
        cut = (
          await db.sql(
            "select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
          )
        ).length;
      }
      return waiting;
    });
    expect(error).toBeInstanceOf(Unconfirmed);
    expect(await outcome(store.commit(commit))).toBeNull();
  });

  test('a fact of that number by somebody else is not taken for ours', async () => {
    const rival = ledger.twin();
    const ours = ledger.next([noted(2, 'same words')]);
    await store.commit(rival.next([noted(2, 'same words')]));
    expect(await store.wasWritten(ours)).toBe(false);
  });
});

test('connections that were opened before are the ones that a commit takes', async () => {
  const warm = openStore({ ...wire.config, writers: 2 }, () => {});
  const ours =
    "select from pg_stat_activity where application_name = 'tocsin' and datname = current_database()";
  const before = (await db.sql(ours)).length;
  await warm.warmUp();
  expect((await db.sql(ours)).length).toBe(before + 2);
  await warm.commit(ledger.next([noted(2, 'x')]));
  expect((await db.sql(ours)).length).toBe(before + 2);
  await warm.close();
});

describe('certainly not written', () => {
  test('nobody listens there', async () => {
    const commit = ledger.next([noted(2, 'x')]);
    const nowhere = openStore({ ...wire.config, host: '127.0.0.1', port: 1 }, () => {});
    expect(await outcome(nowhere.commit(commit))).toBeInstanceOf(Unavailable);
    await expect(nowhere.incidents.load('T1', number)).rejects.toThrow(Unavailable);
    await expect(nowhere.people.get('T1', 'U1')).rejects.toThrow(Unavailable);
    await expect(nowhere.snapshot((at) => at.load('T1', 1))).rejects.toThrow(Unavailable);
    await nowhere.warmUp();
    await nowhere.close();
    expect(await outcome(store.commit(commit))).toBeNull();
  });

  test('connecting takes too long', async () => {
    wire.mood = 'silent';
    const other = openStore(wire.config, () => {});
    expect(await outcome(other.commit(ledger.next([noted(2, 'x')])))).toBeInstanceOf(Unavailable);
    await other.close();
  });

  test('the statement ran into its time limit', async () => {
    const commit = ledger.next([noted(2, 'x')]);
    expect(await blocked(() => outcome(store.commit(commit)))).toBeInstanceOf(Unavailable);
    expect(await store.wasWritten(commit)).toBe(false);
    expect(await outcome(store.commit(commit))).toBeNull();
  });

  test('the database is a read-only standby', async () => {
    const standby = openStore({ ...wire.config, options: '-c default_transaction_read_only=on' }, () => {});
    expect(await outcome(standby.commit(ledger.next([noted(2, 'x')])))).toBeInstanceOf(Unavailable);
    expect(await standby.incidents.load('T1', number)).not.toBeNull();
    await standby.close();
  });

  test('there is no such database, or we are not let in', async () => {
    for (const wrong of [{ database: 'nowhere' }, { user: 'nobody', password: 'hunter2' }]) {
      const other = openStore({ ...wire.config, ...wrong }, () => {});
      const error = await outcome(other.commit(ledger.twin().next([noted(2, 'x')])));
      expect(error).toBeInstanceOf(Unavailable);
      expect(String(error)).not.toContain('hunter2');
      await expect(other.incidents.load('T1', 1)).rejects.toThrow(Unavailable);
      await other.close();
    }
  });
});

test('a database that was restarted is used again, and idle connections that it cut bring nobody down', async () => {
  const reports: string[] = [];
  const other = openStore(db.config, (message) => reports.push(message));
  await other.commit(ledger.next([noted(2, 'x')]));
  await other.incidents.load('T1', number);
  await db.sql(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tocsin' and datname = current_database()",
  );
  while (reports.length < 2) await new Promise((resolve) => setImmediate(resolve));
  await other.commit(ledger.next([noted(3, 'y')]));
  expect((await other.incidents.load('T1', number))?.seq).toBe(3);
  await other.close();
});

test('a database that lets nobody in: every way to it says with which code', async () => {
  const away = openStore({ ...db.config, database: 'no_such_database' }, () => {});
  const stream = { team: 'T1', incident: number };
  try {
    for (const ask of [
      () => away.ping(),
      () => away.incidents.load('T1', number),
      () => away.commit(ledger.next([noted(2, 'x')])),
      () => away.inTurn(['T1'], true, async () => {}),
      () => away.lockedAmong([stream]),
      () => away.workspaces.ensureLocal(),
      () => away.workspaces.list(),
      () => away.outbox.dueLanes(1),
      () => away.restores.arrive(),
      () => away.tryWriting(),
      () => away.installation(),
    ] as Array<() => Promise<unknown>>) {
      const error = await ask().catch((why: unknown) => why);
      expect([String(ask), (error as Unavailable).name, (error as Unavailable).code]).toEqual([
        String(ask),
        'Unavailable',
        '3D000',
      ]);
    }
  } finally {
    await away.close();
  }
});
