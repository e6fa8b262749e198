import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type BotHere, startWalk, type Walk } from './kit.js';

// Whoever published hears where they are that the public does not read it, and again once it does.
let walk: Walk;
let bot: BotHere;
let channel: string;
let folder: string;
beforeAll(async () => {
  walk = await startWalk();
  folder = join(walk.folder, 'page');
  await writeFile(join(walk.folder, 'tocsin.yml'), `status: { folder: ${folder} }\n`);
  // No folder can be there.
  await writeFile(folder, '');
  bot = await walk.here();
  await walk.type('ana', 'incidents', 'open sev2 Speech fails --component Speech');
  channel = (
    await walk.until('the channel', ({ channels }) =>
      channels.find(({ name, members }) => name.startsWith('inc-1-') && members.length > 1),
    )
  ).id;
});
afterAll(() => walk.end());

const said = (words: string) =>
  walk.until(`“${words}”`, ({ channels }) =>
    channels.find(({ id }) => id === channel)?.messages.find(({ text }) => text?.includes(words)),
  );
const ready = async () =>
  (await (await fetch(`${bot.url}/readyz`)).json()) as { page: string; reasons: { page?: string } };

test('a page that cannot be written is told in the channel and in /readyz, and shows all once it can', async () => {
  const { text } = await walk.type('ana', channel, 'publish investigating We look into it. --yes');
  expect(text).toContain('recorded');
  await walk.type('ana', channel, 'publish identified We know why. --yes');
  const told = await said('The public page does not show what was published here');
  expect(told.text).toContain(folder);
  // Each part is looked at every few seconds.
  for (;;) if ((await ready()).page === 'degraded') break;
  expect((await ready()).reasons.page).toContain('cannot be written');
  expect((await fetch(`${bot.url}/status`)).status).toBe(503);
  await rm(folder);
  await said('The public page shows it now.');
  const shown = await (await fetch(`${bot.url}/status/incidents/INC-1`)).text();
  expect(shown).toContain('We look into it.');
  expect(shown).toContain('We know why.');
  for (;;) if ((await ready()).page === 'ok') break;
  // Each was said once.
  const { out } = await walk.tocsin('export', 'INC-1', '--format', 'json');
  const notes = (JSON.parse(out) as { timeline: Array<{ kind: string; text: string }> }).timeline.filter(
    ({ kind, text }) => kind === 'note' && text.startsWith('The public page'),
  );
  expect(notes).toHaveLength(2);
});

test('without `status:` nobody has chosen to show anything, and only what is published is there', async () => {
  await bot.stop(false);
  await writeFile(join(walk.folder, 'tocsin.yml'), 'components: [Speech, Backoffice]\n');
  bot = await walk.here();
  const names = async () => {
    const answer = await fetch(`${bot.url}/status/api/v2/components.json`);
    const { components } = (await answer.json()) as { components: Array<{ name: string }> };
    return components.map(({ name }) => name);
  };
  for (;;) if ((await names().catch(() => null))?.join() === 'Speech') break;
  const index = async () => (await fetch(`${bot.url}/status`)).text();
  // It is put in its place last.
  for (;;) if ((await index()).includes('We know why.')) break;
  expect(await index()).not.toContain('Backoffice');
});
