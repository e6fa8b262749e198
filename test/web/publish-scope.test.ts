import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createAnswer } from '#answer/answer.js';
import { createRead } from '#read/read.js';
import { hashOfToken } from '#web/auth.js';
import { startWeb, type Web } from '#web/server.js';
import { type Kit, startKit } from '../deliver/kit.js';
import { memoryLog } from '../queue/log.js';

// What a token may that was made for writing, and what takes one that was made for publishing: over the wire, with real tokens.
let kit: Kit;
let web: Web;
let incident: string;
const SCOPES = ['read', 'write', 'publish', 'admin'] as const;

beforeAll(async () => {
  kit = await startKit();
  for (const scope of SCOPES)
    await kit.store.tokens.create({
      ...{ team: 'T1', name: `the-${scope}`, hash: hashOfToken(`toc_${scope}`), scope, private: false },
    });
  const ok = { state: 'ok' as const };
  web = await startWeb(
    {
      health: { now: () => ({ database: ok, queue: ok, deliveries: ok, slack: ok, page: ok, process: ok }) },
      exports: {} as never,
      api: {
        answer: createAnswer({
          ...{ handle: kit.handle, read: createRead(kit.store), roles: [], components: [] },
          command: '/incident',
        }),
        tokens: kit.store.tokens,
        zone: 'UTC',
      },
      hooks: {} as never,
      slack: async () => {},
      log: memoryLog() as never,
    },
    '127.0.0.1',
    0,
  );
  web.ready();
  incident = `INC-${await kit.opens('Speech fails')}`;
});
afterAll(async () => {
  await web.close(false);
  await kit.stop();
});

async function says(scope: (typeof SCOPES)[number], text: string) {
  const response = await fetch(`http://127.0.0.1:${web.port}/api/v1/commands`, {
    method: 'POST',
    headers: { authorization: `Bearer toc_${scope}`, 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  });
  return { status: response.status, ...((await response.json()) as Record<string, unknown>) };
}
const entries = async () => {
  const { rows } = await kit.client.query<{ n: number; kind: string }>(
    'select n, kind from entry where team = $1 and incident = $2 order by n',
    ['T1', Number(incident.slice(4))],
  );
  return rows;
};

test('a token that was made for writing, or for anything else, publishes nothing, and is told what would', async () => {
  const before = await entries();
  for (const line of [
    ...[
      `publish ${incident} --correct 2 x`,
      `publish ${incident} --withdraw 2 x`,
      `postmortem ${incident} --publish`,
    ],
    ...[`component state ${incident} Speech partial`, 'component state Speech operational'],
    ...['maintenance New disks --from 02:00 --to 03:00', 'maintenance MNT-1 cancel'],
  ])
    for (const scope of ['write', 'admin'] as const)
      expect([line, await says(scope, line)]).toEqual([
        line,
        expect.objectContaining({ status: 403, error: 'ONLY_WRITES' }),
      ]);
  for (const scope of ['write', 'admin'] as const)
    expect(await says(scope, `publish ${incident} identified We have found the cause. --yes`)).toEqual({
      ...{ status: 403, ok: false, error: 'ONLY_WRITES' },
      sentence: '`publish` changes what the public reads, and this token was not made for that.',
      next: 'Make one that was: `tocsin token create --name NAME --scope publish`.',
    });
  expect(await says('read', `publish ${incident} identified x --yes`)).toMatchObject({
    ...{ status: 403, error: 'ONLY_LOOKS' },
  });
  expect(await entries()).toEqual(before);
});

test('one that was made for publishing publishes, and may what writing may', async () => {
  expect(
    await says('publish', `publish ${incident} identified We have found the cause. --yes`),
  ).toMatchObject({
    ...{ status: 201, ok: true },
  });
  expect(await says('publish', `note ${incident} the key is back`)).toMatchObject({ status: 201 });
  expect(await says('publish', `show ${incident}`)).toMatchObject({ status: 200 });
  expect((await entries()).map(({ kind }) => kind)).toEqual(['opened', 'post', 'note']);
});

test('what it wrote elsewhere a token corrects as ever; of what the public reads it changes nothing', async () => {
  const [, post, note] = await entries();
  for (const line of [`edit ${incident} ${note?.n} it is back`, `time ${incident} ${note?.n} -5m`])
    expect([line, await says('write', line)]).toEqual([line, expect.objectContaining({ status: 201 })]);
  const lines = ['edit', 'time', 'strike'].map(
    (verb) => `${verb} ${incident} ${post?.n} ${verb === 'time' ? '-5m' : 'x'}`,
  );
  for (const line of lines)
    for (const scope of ['write', 'admin'] as const)
      expect([line, await says(scope, line)]).toEqual([
        line,
        expect.objectContaining({ status: 403, error: 'ONLY_WRITES' }),
      ]);
  // What is undone is one's own, and nothing that is public is a token's that was made for writing.
  expect(await says('write', `undo ${incident}`)).not.toMatchObject({ status: 201 });
  expect(await says('publish', lines[1] ?? '')).toMatchObject({ status: 201 });
  const correct = `publish ${incident} --correct ${post?.n} We know the cause. --yes`;
  expect(await says('write', correct)).toMatchObject({ status: 403, error: 'ONLY_WRITES' });
  expect(await says('publish', correct)).toMatchObject({ status: 201 });
});
