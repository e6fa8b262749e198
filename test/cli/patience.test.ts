import { expect, test } from '@jest/globals';
import pg from 'pg';
import { patient } from '#cli/core.js';
import { openCore } from '#compose/core.js';
import { loadConfig } from '#config/config.js';
import { plain } from '#domain/command/entered.js';
import { createLog } from '#log.js';
import { role } from '#store/embedded/server.js';
import { testDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { wireTo } from '../support/wire.js';

type Verb = Awaited<ReturnType<typeof started>>;

/** The core of a verb, reaching a database of its own over a wire that can be cut. */
async function started() {
  const database = await testDatabase();
  const { host, port, database: name } = database.config;
  const wire = await wireTo({ path: `${host}/.s.PGSQL.${port}` });
  const env = {
    DATABASE_URL: `postgres://${role}@127.0.0.1:${wire.port}/${name}`,
    TOCSIN_SECRET: 'a secret for tests only, 32 bytes',
  };
  const core = await openCore(loadConfig(env, 'database'), createLog('silent'), 'guest');
  const other = new pg.Client(database.config);
  await other.connect();
  let said = '';
  return {
    wire,
    other,
    said: () => said,
    /** What `tocsin LINE` does. */
    async type(line: string, patienceMs?: number) {
      const err = (text: string) => {
        said += text;
      };
      const io = { out: () => {}, err, stdin: async () => '', env: {} };
      const waiting = patient(core, io, patienceMs);
      const asking = {
        team: await waiting.team(),
        by: { id: 'cli:tess', name: 'tess' },
        source: 'cli' as const,
        key: null,
        now: new Date(),
        seesPrivate: false,
      };
      return waiting.answer({ entered: plain(line), implied: null, asking, zone: 'UTC', zoneKnown: false });
    },
    /** Nobody can write until the other one lets go; commits are cancelled after two seconds. */
    async lock(): Promise<void> {
      await other.query('begin');
      await other.query('lock table fact in exclusive mode');
    },
    /** Waits until a verb has said that it tries again. */
    toldSo: () => until('it says that it tries again', () => said !== ''),
    async opened(): Promise<string[]> {
      const { rows } = await other.query("select key from fact where type = 'IncidentOpened'");
      return rows.map(({ key }: { key: string }) => key);
    },
    async end() {
      await core.close();
      await other.end();
      await wire.stop();
      await database.close();
    },
  };
}

/** Most of its time each waits for a database that gives up after seconds: they go beside each other. */
const withVerb = (body: (verb: Verb) => Promise<void>) => async () => {
  const verb = await started();
  try {
    await body(verb);
  } finally {
    await verb.end();
  }
};

test.concurrent(
  'a commit that the database gives up on is tried again, and recorded once',
  withVerb(async ({ other, said, type, lock, toldSo, opened }) => {
    await type('help');
    await lock();
    const verb = type('open Gateway down');
    await toldSo();
    await other.query('rollback');
    expect(await verb).toMatchObject({ kind: 'recorded' });
    expect(said()).toBe('The database is not ready; trying again.\n');
    expect(await opened()).toHaveLength(1);
    // The same words again are another request.
    expect(await type('open Gateway down')).toMatchObject({ kind: 'recorded' });
    const keys = await opened();
    expect(new Set(keys).size).toBe(2);
    for (const key of keys) expect(key).toMatch(/^cli:[0-9a-f-]{36}$/);
  }),
);

test.concurrent(
  'a look at a database that cannot be reached is taken again',
  withVerb(async ({ wire, type, toldSo }) => {
    const reached = wire.hang();
    const verb = type('timeline INC-9');
    await reached;
    await toldSo();
    wire.mend();
    expect(await verb).toMatchObject({ kind: 'refused', refusal: { code: 'NO_SUCH_INCIDENT' } });
  }),
);

test.concurrent(
  'at its end the no is passed on, and nothing was recorded',
  withVerb(async ({ other, said, type, lock, opened }) => {
    await lock();
    expect(await type('open Gateway down', 3_000)).toMatchObject({
      kind: 'refused',
      refusal: { code: 'NOT_RECORDED' },
    });
    await other.query('rollback');
    expect(await opened()).toEqual([]);
    expect(said()).toBe('The database is not ready; trying again.\n');
  }),
);

test.concurrent(
  'another no is passed on at once',
  withVerb(async ({ said, type }) => {
    expect(await type('note INC-9 x')).toMatchObject({
      kind: 'refused',
      refusal: { code: 'NO_SUCH_INCIDENT' },
    });
    expect(said()).toBe('');
  }),
);
