import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isRefusal } from '#domain/refusal.js';
import { createRead, ExportsBusy, Spooler } from '#read/read.js';
import { renderExport } from '#render/exports.js';
import { startWeb, type Web } from '#web/server.js';
import { Ledger, noted, opened } from '../store/ledger.js';
import { type Opened, openedStore } from '../store/opened.js';

// However slow those are who read exports, recording and delivering wait for none of them.

const TOKEN = 'toc_not-kept-anywhere';
let db: Opened;
let web: Web;

beforeAll(async () => {
  db = await openedStore();
  const ledger = new Ledger('T1', 1);
  await db.store.commit(ledger.next([opened()]));
  // Far more than sockets hold on both sides: whoever does not read keeps the rest with us.
  const long = 'x'.repeat(30_000);
  for (let n = 2; n < 302; n += 25) {
    await db.store.commit(
      ledger.next(Array.from({ length: 25 }, (_, i) => noted(n + i, `${n + i} ${long}`))),
    );
  }
  const log = { info() {}, warn() {}, error() {} } as never;
  const read = createRead(db.store);
  const tokens = {
    byHash: async () => ({
      ...{ team: 'T1', name: 'reader', scope: 'read', private: false, owner: null },
      ...{ revokedAt: null, expiresAt: null, expired: false },
    }),
    noteUse() {},
  };
  web = await startWeb(
    {
      health: {
        pingDatabase: async () => void (await db.store.ping()),
        queue: () => 'ok',
        slack: () => 'ok',
      },
      exports: { read, tokens, permits: async () => null, secret: null },
      api: {
        answer: async () => ({ kind: 'text', text: '' }),
        tokens,
        zone: 'UTC',
      },
      slack: null,
      log,
    } as never,
    '127.0.0.1',
    0,
  );
});
afterAll(async () => {
  await web.close();
  await db.close();
});

const sockets: Socket[] = [];
/** Asks, sees the first bytes, and reads no further. */
async function slowReader(): Promise<string> {
  const socket = connect(web.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  socket.write(
    `GET /incidents/INC-1/timeline.json HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
  );
  const [first] = (await once(socket, 'data')) as [Buffer];
  socket.pause();
  return first.toString('latin1').split('\r\n')[0] as string;
}
const fetched = () =>
  fetch(`http://127.0.0.1:${web.port}/incidents/INC-1/timeline.json`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });

test('readers who do not read: everything else goes on, other exports too, and beyond a limit they are told to wait', async () => {
  const here = createRead(db.store);
  const viewer = { team: 'T1', by: { id: 'U1', name: null }, seesPrivate: false };
  for (let i = 0; i < 8; i++) expect(await slowReader()).toBe('HTTP/1.1 200 OK');
  // Nobody's snapshot is open any more.
  const busy = () =>
    db.sql(`select 1 from pg_stat_activity where datname = current_database() and state like 'idle in%'`);
  expect(await busy()).toEqual([]);
  await db.store.ping();
  await Promise.all(Array.from({ length: 10 }, () => db.store.incidents.load('T1', 1)));
  expect(await db.store.outbox.claimLane({ team: 'T1', lane: 'T1/INC-1' }, 'somebody', 1000)).toBeTruthy();
  const answer = await fetched();
  const text = await answer.text();
  expect(Number(answer.headers.get('content-length'))).toBe(Buffer.byteLength(text));
  const direct = await here.dossier(viewer, 1, async (dossier) => {
    const parts: string[] = [];
    for await (const part of renderExport('json', dossier, 'UTC')) parts.push(part);
    return parts.join('');
  });
  expect(text === direct).toBe(true);
  // All the places taken.
  for (let i = 8; i < 32; i++) await slowReader();
  const refused = await fetched();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await refused.text()).toBe(
    'Too many exports are being read at this moment. Try again in a few seconds.\n',
  );
  await db.store.ping();
  for (const socket of sockets) socket.destroy();
  let again = await fetched();
  while (again.status === 503) {
    await again.text();
    again = await fetched();
  }
  expect(again.status).toBe(200);
  expect((await again.text()) === direct).toBe(true);
});

test('what is kept for a slow reader has no name in the file system, and goes with its reader', async () => {
  const before = (await readdir(tmpdir())).filter((name) => name.startsWith('tocsin-export-'));
  const spooler = new Spooler({ reading: 1, open: 1 });
  const pieces = async function* () {
    for (let i = 0; i < 300; i++) yield `${i} ${'ä'.repeat(10_000)}\n`;
  };
  const { kept } = await spooler.spool(async (keep) => keep(pieces()));
  expect((await readdir(tmpdir())).filter((name) => name.startsWith('tocsin-export-'))).toEqual(before);
  await expect(spooler.spool(async () => null)).rejects.toThrow(ExportsBusy);
  const read = async () => {
    const parts: Uint8Array[] = [];
    for await (const part of kept.bytes()) parts.push(part);
    return Buffer.concat(parts);
  };
  let whole = '';
  for await (const piece of pieces()) whole += piece;
  for (let i = 0; i < 2; i++) expect((await read()).equals(Buffer.from(whole))).toBe(true);
  expect(kept.length).toBe(Buffer.byteLength(whole));
  await kept.close();
  await kept.close();
  expect((await spooler.spool(async () => 'mine')).outcome).toBe('mine');
});

test('an incident that may not be seen, or a failure half-way, gives its place back', async () => {
  const read = createRead(db.store);
  const viewer = { team: 'T1', by: { id: 'U1', name: null }, seesPrivate: false };
  for (let i = 0; i < 40; i++) {
    const outcome = await read.exported(viewer, 99, () => renderNothing());
    expect(isRefusal(outcome)).toBe(true);
    await expect(
      read.exported(viewer, 1, async function* () {
        yield 'a';
        throw new Error('half-way');
      }),
    ).rejects.toThrow('half-way');
  }
  async function* renderNothing(): AsyncGenerator<string> {}
});
