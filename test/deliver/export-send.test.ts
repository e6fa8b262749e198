import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { refuse } from '#domain/refusal.js';
import { ANA, type Kit, type SeenChannel, startKit } from './kit.js';

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
  await kit.act('join', { user: 'U0BOT00000', channel: 'incidents' });
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

/** An incident that is asked for an export in a channel. */
async function asked(channel: string, format = 'md', more = {}): Promise<number> {
  const incident = await kit.opens('Exported', more);
  await kit.pays(incident);
  const where = channel === 'own' ? (await kit.channel(incident)).id : channel;
  const payload = {
    format,
    zone: 'Europe/Berlin',
    channel: where,
    user: ANA.id,
    asked: '2024-11-10T02:10:11.123Z',
  };
  await kit.owes(incident, { kind: 'export.send', payload });
  return incident;
}

/** Messages with that in their text, and where they stand. */
async function saying(words: string): Promise<Array<{ where: SeenChannel; text: string; files: string[] }>> {
  return (await kit.channels()).flatMap((where) =>
    where.messages
      .filter((one) => one.text.includes(words))
      .map((one) => ({ where, text: one.text, files: (one.files ?? []).map((file) => file.title) })),
  );
}

test.each([
  ['md', '.md'],
  ['facts', '.facts.jsonl'],
  ['postmortem.md', '-postmortem.md'],
])('%s arrives as a file in the channel where it was asked for', async (format, ending) => {
  const incident = await asked('own', format);
  await kit.pays(incident);
  const found = await saying(`INC-${incident}${ending}`);
  expect(found).toHaveLength(1);
  expect(found[0]?.files).toEqual([`INC-${incident}${ending}`]);
  expect(found[0]?.where.name).toBe(`inc-${incident}-exported`);
  // Nothing in it is only for us.
  expect(found[0]?.text).toBe(
    `INC-${incident}${ending}, times in Europe/Berlin · for <@${ANA.id}>, asked for at 02:10:11 UTC`,
  );
  const { files } = (await (await fetch(`${kit.sandbox.url}/control/state`)).json()) as {
    files: Array<{ title: string; content: string }>;
  };
  expect(files.find((file) => file.title === `INC-${incident}${ending}`)?.content).toBe(
    `INC-${incident} as ${format}`,
  );
});

test('where the bot is not a member, to the person', async () => {
  const incident = await asked('C0GENERAL1');
  await kit.pays(incident);
  const found = await saying(`INC-${incident}.md`);
  expect(found.map(({ where }) => where.members.sort())).toEqual([[ANA.id, 'U0BOT00000'].sort()]);
});

test('of a private incident nothing is shown elsewhere', async () => {
  const incident = await asked('C0INCIDENT', 'md', { private: true });
  await kit.pays(incident);
  const found = await saying(`INC-${incident}.md`);
  expect(found.map(({ where }) => where.members.sort())).toEqual([[ANA.id, 'U0BOT00000'].sort()]);
});

describe('interrupted', () => {
  const methods = ['files.getUploadURLExternal', 'files.completeUploadExternal'];
  const ways = ['drop', 'cut', 'http500', 'ratelimit'];
  test.each(methods.flatMap((method) => ways.map((kind) => [method, kind])))(
    '%s: %s: one file all the same',
    async (method, kind) => {
      const incident = await asked('C0INCIDENT');
      await kit.fault(method as string, kind as string);
      await kit.pays(incident);
      expect(await saying(`INC-${incident}.md`)).toHaveLength(1);
    },
  );
});

test('where files are not possible, a link', async () => {
  const incident = await asked('C0INCIDENT', 'html');
  await kit.fault('files.getUploadURLExternal', 'error', 'unknown_method');
  await kit.pays(incident);
  const [found] = await saying(`INC-${incident}.html`);
  expect(found?.text).toContain(`<https://tocsin.example/incidents/INC-${incident}/html|`);
  expect(found?.where.name).toBe('incidents');
});

test('an export that may not be had is dead, with the code', async () => {
  const incident = await asked('C0INCIDENT');
  const { render } = kit.world.exports;
  kit.world.exports.render = async () => refuse('NO_SUCH_INCIDENT', { ref: 'INC-1' });
  await kit.pays(incident).finally(() => {
    kit.world.exports.render = render;
  });
  expect((await kit.rows(incident)).at(-1)).toMatchObject({ dead: true, error: 'NO_SUCH_INCIDENT' });
});

test('who has left a private incident is sent nothing of it, where its channel takes nothing any more', async () => {
  const incident = await asked('own', 'md', { private: true });
  await kit.fault('files.completeUploadExternal', 'error', 'is_archived');
  const { render } = kit.world.exports;
  // They asked in the channel; from outside of it they would not be shown it.
  kit.world.exports.render = async (...of) =>
    of[5] ? render(...of) : refuse('NO_SUCH_INCIDENT', { ref: `INC-${incident}` });
  await kit.pays(incident).finally(() => {
    kit.world.exports.render = render;
  });
  expect((await kit.rows(incident)).at(-1)).toMatchObject({ dead: true, error: 'NO_SUCH_INCIDENT' });
  expect((await saying(`INC-${incident}.md`)).filter(({ where }) => where.members.length === 2)).toEqual([]);
});

describe('an upload', () => {
  test.each([
    ['a page of a proxy, 403', 'http500', 403],
    ['a page of a proxy, 404', 'http500', 404],
    ['a page of a proxy, 407', 'http500', 407],
    ['a limit, 429', 'http500', 429],
    ['a server in trouble, 503', 'http500', 503],
    ['plain words of a proxy', 'error', 'Forbidden'],
    ['no words at all', 'error', ''],
    ['Slack in doubt', 'error', 'internal_error'],
  ])('answered with %s, is tried again: one file', async (_, kind, value) => {
    const incident = await asked('C0INCIDENT');
    await kit.fault('upload', kind, value, 6);
    await kit.pays(incident);
    expect(await saying(`INC-${incident}.md`)).toMatchObject([{ files: [`INC-${incident}.md`] }]);
    expect((await kit.rows(incident)).at(-1)).toMatchObject({ done: true, attempts: 7, error: null });
  });

  test.each([
    ['Slack itself refuses', 'error', 'file_type_not_allowed'],
    // Whoever says so, it is as large the next time.
    ['is too large for something on the way', 'http500', 413],
  ])('that %s is no file: a link', async (_, kind, value) => {
    const incident = await asked('C0INCIDENT', 'html');
    await kit.fault('upload', kind, value, 50);
    await kit.pays(incident);
    expect(await saying(`INC-${incident}.html`)).toMatchObject([
      { files: [], text: expect.stringContaining(`<https://tocsin.example/incidents/INC-${incident}/html|`) },
    ]);
    expect((await kit.rows(incident)).at(-1)).toMatchObject({ done: true });
  });
});
