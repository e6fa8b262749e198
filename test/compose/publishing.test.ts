import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Answer } from '#answer/answer.js';
import { openCore } from '#compose/core.js';
import { sectionsWrong } from '#compose/runbooks.js';
import { loadConfig } from '#config/config.js';
import { plain } from '#domain/command/entered.js';
import type { TypedIntent } from '#domain/incident/intent.js';
import { numberOf, STANDING } from '#domain/words.js';
import { createLog } from '#log.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

// What a template and `status.follow` make of a post, with the real answer, record and database.

const NOW = new Date('2024-11-10T02:00:00.000Z');
const TOCSIN_YML = `components: [API]
status:
  url: https://status.example.com
  follow: 45m
  templates:
    short: { state: monitoring, text: "We watch {components}.", next: 10m }
    told: { state: identified, text: "{posts}" }
    ours: { state: identified, text: "What we know: {cause}" }
    window: { state: scheduled, text: "{title}: {components} from {from} to {to}. See {url}" }
    begins: { state: in_progress, text: "It begins." }
`;

let database: TestDatabase;
let folder: string;
let core: Awaited<ReturnType<typeof openCore>>;

beforeAll(async () => {
  database = await testDatabase();
  folder = mkdtempSync(join(tmpdir(), 'tocsin-publishing-'));
  const file = join(folder, 'tocsin.yml');
  writeFileSync(file, TOCSIN_YML);
  const env = {
    ...{ DATABASE_URL: database.url, TOCSIN_SECRET: 'a secret for tests only, 32 bytes' },
    ...{ TOCSIN_CONFIG: file, TOCSIN_DATA: folder },
  };
  core = await openCore(loadConfig(env, 'database', sectionsWrong), createLog('silent'), 'guest');
});
afterAll(async () => {
  await core.close();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const asking = async (now = NOW) => ({
  ...{ team: await core.team(), by: { id: 'cli:tess', name: 'tess' }, source: 'cli' as const },
  ...{ key: null, now, seesPrivate: false },
});
const type = async (line: string, now = NOW): Promise<Answer> =>
  core.answer({
    ...{ entered: plain(line), implied: null, asking: await asking(now) },
    ...{ zone: 'UTC', zoneKnown: true },
  });
async function opened(): Promise<string> {
  const said = await type('open sev2 Kraken in the gateway --component API --at "2024-11-10 01:41 UTC"');
  if (said.kind !== 'recorded') throw new Error(JSON.stringify(said));
  return said.recorded.ref;
}
/** All that the public reads of it, in order. */
async function posts(ref: string) {
  const entries = await core.store.incidents.entriesOf(await core.team(), numberOf(ref) ?? STANDING, [
    'post',
  ]);
  return [...entries].sort((a, b) => a.n - b.n).map(({ text, detail }) => ({ text, ...detail }));
}
const codeOf = (said: Answer) => (said.kind === 'refused' ? said.refusal.code : said.kind);
const wordsOf = (said: Answer) =>
  said.kind === 'refused' ? `${said.refusal.sentence} ${said.refusal.next}` : JSON.stringify(said);
/** As the button under a preview does. */
async function confirm(said: Answer): Promise<Answer> {
  if (said.kind !== 'refused' || !said.intent || said.incident === undefined) throw new Error(wordsOf(said));
  const intent = { ...said.intent, confirmed: true } as TypedIntent;
  return core.answer({ intent, incident: said.incident, asking: await asking() });
}

describe('a template', () => {
  test('gives a post its text, its state, and by when another is promised', async () => {
    const ref = await opened();
    expect(codeOf(await type(`publish ${ref} --template short --yes`))).toBe('recorded');
    expect(await posts(ref)).toMatchObject([
      { text: 'We watch API.', state: 'monitoring', next: '2024-11-10T02:10:00Z' },
    ]);
  });

  test('with words that were written for us is never published unseen', async () => {
    const ref = await opened();
    await type(`cause ${ref} A key on a node was stale`);
    await type(`publish ${ref} resolved 2024-11-10 01:50 UTC It is over. --yes`);
    await type(`impact ${ref} Clips failed`);
    await type(`action ${ref} Rotate them all`);
    for (const line of [
      `postmortem ${ref} --publish --yes`,
      `publish ${ref} --template ours --yes`,
      `publish ${ref} --template ours`,
    ]) {
      const said = await type(line);
      expect([line, codeOf(said)]).toEqual([line, 'PUBLISH_NEEDS_CONFIRMATION']);
      expect(wordsOf(said)).toContain('A key on a node was stale');
      expect(wordsOf(said)).toMatch(/`--yes` is not enough: look at it in Slack .* or type the text itself/);
    }
    expect(await posts(ref)).toHaveLength(1);
    const shown = await type(`postmortem ${ref} --publish --yes`);
    // What was recorded after somebody looked is not in what they looked at.
    await type(`cause ${ref} Something that nobody should read`);
    expect(codeOf(await confirm(shown))).toBe('recorded');
    expect(await posts(ref)).toEqual([
      expect.anything(),
      expect.objectContaining({
        state: 'postmortem',
        text: expect.stringMatching(/stale[\s\S]*It is over\.[\s\S]*Rotate them all/),
      }),
    ]);
    expect(JSON.stringify(await posts(ref))).not.toContain('nobody should read');
  });

  test('that could not say something is not published, nor does a correction or a plan say it', async () => {
    const ref = await opened();
    expect(wordsOf(await type(`publish ${ref} --template ours --yes`))).toContain('[TO FILL IN: cause]');
    await type(`publish ${ref} Clips fail. --yes`);
    const entries = await core.store.incidents.entriesOf(await core.team(), numberOf(ref) ?? 0, ['post']);
    const correction = `publish ${ref} --correct ${entries[0]?.n} It is [TO FILL IN: cause]`;
    expect(codeOf(await type(`${correction} --yes`))).toBe('BAD_TEMPLATE');
    expect(codeOf(await type('maintenance Work --template window --from 30m --to 1h'))).toBe('BAD_TEMPLATE');
    expect(await posts(ref)).toMatchObject([{ text: 'Clips fail.' }]);
  });

  test('that comes to more than a post may have is refused before anybody is asked about it', async () => {
    const ref = await opened();
    for (const letter of ['a', 'b']) await type(`publish ${ref} ${`${letter.repeat(99)} `.repeat(60)} --yes`);
    expect(await posts(ref)).toHaveLength(2);
    expect(codeOf(await type(`publish ${ref} --template told`))).toBe('TEXT_TOO_LONG');
  });

  test('of planned work is for planned work, and one of incidents is not', async () => {
    const ref = await opened();
    for (const name of ['window', 'maintenance', 'begins'])
      expect(wordsOf(await type(`publish ${ref} --template ${name} --yes`))).toMatch(/is of planned work/);
    for (const name of ['short', 'resolved', 'begins'])
      expect(
        wordsOf(await type(`maintenance Work --template ${name} --from 30m --to 1h --component API`)),
      ).toMatch(/is no announcement of planned work: its state is/);
    expect(codeOf(await type('maintenance Work --template nope --from 30m --to 1h'))).toBe(
      'NO_SUCH_TEMPLATE',
    );
    expect(await posts(ref)).toEqual([]);
    const planned = await type(
      'maintenance New racks --template window --from "2024-11-10 22:00 UTC" --to "2024-11-10 23:00 UTC" --component API',
    );
    expect(codeOf(planned)).toBe('recorded');
    expect((await posts('INC-0')).at(-1)).toMatchObject({
      state: 'scheduled',
      title: 'New racks',
      text: 'New racks: API from 10 Nov 2024, 22:00 UTC to 10 Nov 2024, 23:00 UTC. See https://status.example.com',
    });
  });
});

describe('the next update that is promised by itself', () => {
  const nextOf = async (line: (ref: string) => string) => {
    const ref = await opened();
    expect(codeOf(await type(line(ref)))).toBe('recorded');
    const [post] = await posts(ref);
    return post?.next ?? null;
  };

  test.each<[string, string | null, (ref: string) => string]>([
    ['of what goes on', '2024-11-10T02:45:00Z', (ref) => `publish ${ref} identified Clips fail. --yes`],
    [
      'a moment ago',
      '2024-11-10T02:45:00Z',
      (ref) => `publish ${ref} identified 01:57 UTC Clips fail. --yes`,
    ],
    ['of what was', null, (ref) => `publish ${ref} identified 01:41 UTC Clips fail. --yes`],
    ['of what is over', null, (ref) => `publish ${ref} resolved All is well. --yes`],
    ['as somebody said', '2024-11-10T02:20:00Z', (ref) => `publish ${ref} Clips fail. --next 20m --yes`],
    ['as its template says', '2024-11-10T02:10:00Z', (ref) => `publish ${ref} --template short --yes`],
  ])('%s: %s', async (_, next, line) => expect(await nextOf(line)).toBe(next));

  test('is not put back where somebody took it out', async () => {
    const ref = await opened();
    const shown = await type(`publish ${ref} identified Clips fail.`);
    if (shown.kind !== 'refused' || shown.intent?.type !== 'PublishPost') throw new Error(wordsOf(shown));
    expect(shown.intent.next?.at).toBe('2024-11-10T02:45:00Z');
    const changed = await core.answer({
      intent: { ...shown.intent, next: null },
      ...{ incident: numberOf(ref), asking: await asking() },
    });
    expect(wordsOf(changed)).not.toContain('next update');
    expect(codeOf(await confirm(changed))).toBe('recorded');
    expect((await posts(ref))[0]?.next).toBeUndefined();
  });

  test('is what the preview showed, however late it is confirmed', async () => {
    const ref = await opened();
    const shown = await type(`publish ${ref} identified 01:41 UTC Clips fail.`);
    expect(wordsOf(shown)).not.toContain('next update');
    expect(codeOf(await confirm(shown))).toBe('recorded');
    expect((await posts(ref))[0]?.next).toBeUndefined();
  });
});
