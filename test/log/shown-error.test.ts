import { createServer, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { errorText, shownError } from '#log.js';
import { Unavailable } from '#store/pools.js';
import { Told } from '#told.js';
import { testDatabase } from '../support/database.js';

const ALLOWED = new Set([
  ...['type', 'message', 'code', 'status', 'syscall', 'address', 'port', 'path', 'table', 'constraint'],
  ...['stack', 'cause', 'errors'],
]);
/** Every member that is written of an error, however deep. */
function members(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(members);
  return Object.entries(value).flatMap(([name, inner]) => [name, ...members(inner)]);
}
const written = (error: unknown) => {
  const shown = shownError(error);
  expect(members(shown).filter((name) => !ALLOWED.has(name))).toEqual([]);
  return JSON.stringify(shown);
};

// What libraries hang on their errors is not ours to write down.
describe('an error in the log', () => {
  test('of a connection that was lost: without the client of pg, its statements and its secretKey', async () => {
    const database = await testDatabase();
    const pool = new pg.Pool({ ...database.config, password: 'canary-password' });
    const lost = new Promise<Error>((resolve) => pool.once('error', resolve));
    const client = await pool.connect();
    client.on('error', () => undefined);
    const { rows } = await client.query('select pg_backend_pid() as pid /* canary-sql */');
    client.release();
    const admin = new pg.Client({ ...database.config, database: 'postgres' });
    await admin.connect();
    await admin.query('select pg_terminate_backend($1)', [rows[0].pid]);
    const error = await lost;
    // So it would be worth something to find it: pg does hang its client there.
    expect(error).toHaveProperty('client');
    const line = written(error);
    expect(JSON.parse(line)).toMatchObject({ type: 'error', code: '57P01' });
    expect(line).not.toMatch(/canary|secretKey|processID|select/i);
    expect(line.length).toBeLessThan(500);
    await admin.end();
    await pool.end();
    await database.close();
  });

  test('of a query: without the statement and its values', async () => {
    const database = await testDatabase();
    const client = new pg.Client(database.config);
    await client.connect();
    const failed = await drizzle(client)
      .execute('select canary_sql from nowhere')
      .catch((error: unknown) => error);
    expect(String((failed as Error).message)).toContain('canary_sql');
    const line = written(failed);
    expect(line).toMatch(/a database query failed.*42P01/);
    expect(line).not.toContain('canary');
    await client.end();
    await database.close();
  });

  test('of what people are told and of what the world did: without a stack; of a bug with one', async () => {
    const server = createServer((socket: Socket) => socket.destroy()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const refused = await fetch(`http://127.0.0.1:${port}/canary?secret=canary`).catch(
      (error: unknown) => error,
    );
    const line = written((refused as Error).cause);
    expect(JSON.parse(line)).toMatchObject({
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: '127.0.0.1',
      port,
    });
    expect(line).not.toMatch(/stack/);
    expect(written(new Told('Do this.'))).toBe('{"type":"Told","message":"Do this."}');
    expect(written(new Unavailable('gone'))).not.toContain('stack');
    const bug = written(
      new TypeError('x is not a function', { cause: { command: 'AUTH canary', message: 'no' } }),
    );
    expect(JSON.parse(bug)).toMatchObject({
      type: 'TypeError',
      stack: expect.stringMatching(/^ +at /),
      cause: { message: 'no' },
    });
    expect(bug).not.toContain('canary');
  });

  test('is written whatever is thrown, and never at any length', () => {
    for (const thrown of [
      undefined,
      null,
      7,
      'no',
      Symbol('x'),
      { a: 1 },
      new AggregateError([new Error('a'), 'b'], ''),
    ]) {
      expect(written(thrown).length).toBeLessThan(5_000);
    }
    const endless = new Error('x'.repeat(100_000));
    endless.cause = endless;
    expect(written(endless).length).toBeLessThan(20_000);
  });

  test('as a person reads it: a sentence where that is all, else where it happened', () => {
    expect(errorText(new Told('Do this.'))).toBe('Do this.');
    const text = errorText(Object.assign(new Error('lost'), { client: { secretKey: 7 }, query: 'canary' }));
    expect(text).toMatch(/^Error: lost\n {4}at /);
    expect(text).not.toMatch(/canary|secretKey/);
  });
});
