import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cli } from '#cli/cli.js';
import { openStore } from '#store/store.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

async function prints(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await cli(['subscribers', ...args], {
    out: async (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    stdin: async () => '',
    env: { DATABASE_URL: database.url, TOCSIN_SECRET: 'a secret for tests only, 32 bytes' },
  });
  return { code, out, err };
}

test('an operator adds, sees, tries again, removes and erases; addresses are shown whole only when asked for', async () => {
  expect((await prints()).out).toBe('Nobody has subscribed.\n');
  const made = await prints('add', 'email', 'Ana@Example.org', '--component', 'Speech');
  expect(made).toMatchObject({ code: 0, err: '' });
  const id = made.out.trim();
  expect(id).toMatch(/^[0-9a-f]{24}$/);
  expect(await prints('add', 'email', 'ana@example.org')).toMatchObject({ code: 1 });
  expect(await prints('add', 'email', 'a\nb@example.org')).toMatchObject({ code: 1 });
  expect(await prints('add', 'webhook', 'http://10.0.0.7/')).toMatchObject({ code: 1 });
  const hook = await prints('add', 'webhook', 'http://10.0.0.7/status', '--inside');
  expect(hook.out).toMatch(/^[0-9a-f]{24}\n.*whsec_/);

  const listed = await prints('list');
  expect(listed.out).toContain('email confirmed: 1\nwebhook confirmed: 1\n');
  expect(listed.out).toContain(`${id}\temail\ta…@example.org\tconfirmed\tSpeech\t`);
  expect(listed.out).toContain('http://10.0.0.7/…');
  expect(listed.out).not.toContain('ana@');
  expect(listed.out).not.toContain('whsec_');
  expect((await prints('--full')).out).toContain('ana@example.org');

  const store = openStore(database.config, () => {});
  const team = (await store.workspaces.only()) ?? '';
  await store.subscribers.failed(team, id, '451 come again', 3_600_000);
  expect((await prints()).out).toContain('email confirmed: 1, 1 of them waiting for another attempt');
  expect((await prints('show', id)).out).toContain('LAST ERROR: 451 come again');
  expect(await prints('retry', id)).toMatchObject({ code: 0 });
  expect(await store.subscribers.get(team, id)).toMatchObject({ tries: 0, retryAt: null });
  expect((await store.outbox.dueLanes(10)).map(({ lane }) => lane)).toEqual([
    expect.stringContaining('/status/tell/'),
  ]);

  // Mails that come back later: what is handed over in between does not take that back.
  for (const state of ['confirmed', 'confirmed', 'retired']) {
    expect((await prints('bounced', id)).out).toContain(state);
    await store.subscribers.told(team, id, 0);
  }
  await prints('retry', id);
  expect(await store.subscribers.get(team, id)).toMatchObject({ state: 'confirmed', returned: 0 });

  expect(await prints('erase', ' ANA@example.org')).toMatchObject({ code: 0 });
  expect(await prints('erase', 'ana@example.org')).toMatchObject({ code: 1 });
  expect(await prints('remove', hook.out.split('\n')[0] ?? '')).toMatchObject({ code: 0 });
  expect(await prints('remove', id)).toMatchObject({ code: 1 });
  expect((await prints()).out).toBe('Nobody has subscribed.\n');
  await store.close();
});

test.each([['shoot'], ['add'], ['add', 'sms', '+49'], ['remove'], ['list', 'all'], ['remove', 'a', 'b']])(
  'is not understood: %s %s',
  async (...args) => {
    const said = await prints(...args);
    expect(said.code).toBe(2);
    expect(said.err).toContain('Usage: tocsin subscribers');
  },
);
