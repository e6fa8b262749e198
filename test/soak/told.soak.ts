import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { newId, shareOf } from '#public/subscribe/address.js';
import { openStore } from '#store/store.js';
import { startSmtp } from '../public/subscribe/kit.js';
import { until } from '../support/until.js';
import { type BotProcess, startWalk, type Walk } from '../walk/kit.js';

// Two thousand people are mailed what was published, and meanwhile an incident goes on: its channel waits for none of them.

const READERS = 2_000;
const MOST = 1_500;
const NOTES = 20;

let walk: Walk | undefined;
let smtp: Awaited<ReturnType<typeof startSmtp>> | undefined;
let folder = '';
afterEach(async () => {
  await walk?.end();
  await smtp?.close();
  await rm(folder, { recursive: true, force: true });
});

test('while two thousand are mailed, each note is in the channel before the last mail is out', async () => {
  const mail = await startSmtp();
  smtp = mail;
  folder = await mkdtemp(join(tmpdir(), 'tocsin-told-'));
  const here: Walk = await startWalk();
  walk = here;
  const config = join(here.folder, 'tocsin.yml');
  await writeFile(
    config,
    `components: [API]
status:
  title: Example Voices
  folder: ${folder}
  components: [{ name: API }]
  subscribers: { email: { smtp: "${mail.url}", from: "Example Status <status@example.org>" } }
`,
  );
  const bot: BotProcess = await here.bot(here.port, {
    ...{ TOCSIN_CONFIG: config, PUBLIC_URL: `http://127.0.0.1:${here.port}` },
  });
  await here.type('ana', 'incidents', 'open sev2 Kraken --component API');
  const store = openStore(here.database.config, () => {});
  for (let i = 0; i < READERS; i++) {
    const made = newId();
    await store.subscribers.add({
      ...{ ...made, team: 'T0SANDBOX1', share: shareOf(made.id), kind: 'email', secret: null },
      ...{ address: `reader${i}@example.org`, components: [], language: 'en' },
    });
  }
  await store.close();
  const said = await here.type('ana', 'incidents', 'publish INC-1 investigating We look into it. --yes');
  expect(said.text).toContain('recorded');
  await until('the first mails', () => mail.mails.length > 0);
  // However fast mails are: the last ones are taken when the notes are in the channel. If these waited for all mails, they never were.
  let accept = () => {};
  const notesAreIn = new Promise<void>((resolve) => {
    accept = resolve;
  });
  const holding = until('most mails', () => mail.mails.length >= MOST).then(() => {
    mail.state.hold = notesAreIn;
  });
  const out: number[] = [];
  const began = performance.now();
  for (let n = 1; n <= NOTES; n++) {
    const note = `note ${n} meanwhile`;
    expect((await here.type('ana', 'incidents', `note INC-1 ${note}`)).text).toContain('recorded');
    await here.until(`“${note}” in the channel`, ({ channels }) =>
      channels
        .find(({ name }) => name.startsWith('inc-1-'))
        ?.messages.some((message) => `${message.text}${JSON.stringify(message.blocks)}`.includes(note)),
    );
    out.push(mail.mails.length);
  }
  const each = ((performance.now() - began) / NOTES).toFixed(0);
  process.stderr.write(
    `mails that were out as each note was in the channel: ${out.join(', ')}; a note took ${each} ms\n`,
  );
  expect(out.at(-1)).toBeLessThan(READERS);
  accept();
  await holding;
  mail.state.hold = null;
  await until('all mails', () => mail.mails.length >= READERS);
  expect(new Set(mail.mails.map(({ envelope }) => envelope.to)).size).toBe(READERS);
  expect(mail.mails).toHaveLength(READERS);
  expect(bot.log()).not.toMatch(/no connection|timeout exceeded/);
}, 480_000);
