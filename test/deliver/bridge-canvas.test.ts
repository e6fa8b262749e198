import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createAnswer } from '#answer/answer.js';
import { lesserWays } from '#cli/doctor/doctor.js';
import { oweCanvases } from '#deliver/channel/canvas.js';
import { plain } from '#domain/command/entered.js';
import { botAsking } from '#domain/words.js';
import { createRead } from '#read/read.js';
import { clockIn } from '#render/clock.js';
import { canvasPage } from '#render/postmortem.js';
import { ANA, BO, type Kit, startKit } from './kit.js';

// What an incident's channel has beside its messages: a call, and a canvas.

let kit: Kit;
beforeAll(async () => {
  kit = await startKit({ announce: 'C0INCIDENT' }, (made) =>
    made.oauth_config.scopes.bot.push('calls:write', 'canvases:read', 'canvases:write'),
  );
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

async function standing(title: string): Promise<number> {
  const incident = await kit.opens(title);
  await kit.pays(incident);
  return incident;
}
const resolve = (incident: number) =>
  kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, incident);

const CALL = 'https://zoom.example/j/99?pwd=hunter2Hunter2';

/** The messages that show a call of an incident, and what Slack knows of its cards. */
async function bridges(incident: number) {
  const said = (await kit.said(incident)).filter((one) =>
    String(one.metadata?.event_payload.id).startsWith('bridge'),
  );
  const ended = (await kit.calls('calls.end')).map((call) => call.args.id);
  return { said, texts: said.map((one) => JSON.stringify(one)), ended };
}

test('a call is shown as a card of Slack’s and in the headline, and ends with its incident', async () => {
  const incident = await standing('On the phone');
  await kit.says({ type: 'OpenBridge', url: CALL }, incident);
  await kit.pays(incident);
  const { said, texts } = await bridges(incident);
  expect(texts).toHaveLength(1);
  const { bridge } = await kit.state(incident);
  expect(bridge?.shown).toMatchObject({ ts: said[0]?.ts, call: expect.stringMatching(/^R/) });
  expect(said[0]?.blocks?.[0]).toMatchObject({ type: 'call', call_id: bridge?.shown?.call });
  expect(JSON.stringify((await kit.said(incident))[0])).toContain(CALL);
  const [added] = (await kit.calls('calls.add')).slice(-1);
  expect(added?.args).toMatchObject({
    join_url: CALL,
    created_by: ANA.id,
    external_display_id: `INC-${incident}`,
  });
  // Nobody outside of the channel reads what lets people in.
  const [{ messages = [] } = {}] = (await kit.channels()).filter(({ name }) => name === 'incidents');
  expect(JSON.stringify(messages)).not.toContain('pwd');

  await resolve(incident);
  await kit.pays(incident);
  const over = await bridges(incident);
  expect(over.ended).toContain(bridge?.shown?.call);
  expect(over.texts).toEqual([expect.stringContaining('is over')]);
  expect(JSON.stringify((await kit.said(incident))[0])).not.toContain(CALL);
});

test.each([
  ['calls.add', 'missing_scope'],
  ['calls.add', 'restricted_action'],
  ['chat.postMessage', 'invalid_blocks'],
])('where Slack makes no card (%s: %s) the link stands there', async (method, code) => {
  const incident = await standing('No card');
  await kit.fault(method, 'error', code);
  await kit.says({ type: 'OpenBridge', url: CALL }, incident);
  await kit.pays(incident);
  const { texts } = await bridges(incident);
  expect(texts).toEqual([expect.stringContaining(CALL)]);
  expect((await kit.state(incident)).bridge?.shown).toMatchObject({ call: null });
  await resolve(incident);
  await kit.pays(incident);
  expect((await bridges(incident)).texts).toEqual([expect.not.stringContaining('pwd')]);
});

test.each(['calls.add', 'chat.postMessage'])(
  'a lost answer of %s makes no second message',
  async (method) => {
    const incident = await standing('Lost words');
    await kit.says({ type: 'OpenBridge', url: CALL }, incident);
    await kit.fault(method, 'drop');
    await kit.pays(incident);
    expect((await bridges(incident)).texts).toHaveLength(1);
    expect((await kit.rows(incident)).filter(({ done, dead }) => !done || dead)).toEqual([]);
  },
);

test('a call begins with the incident where that is wanted, and whoever asks again is told where it is', async () => {
  kit.world.bridge = { atOpen: true, address: (n) => `https://meet.example/INC-${n}` };
  try {
    const incident = await standing('Begins with a call');
    expect((await bridges(incident)).texts).toHaveLength(1);
    const read = createRead(
      kit.store,
      async () => true,
      async () => 'member',
    );
    const answer = createAnswer({
      ...{ handle: kit.handle, read, roles: [], components: [], command: '/incident' },
      bridge: kit.world.bridge,
    });
    const asks = async (text: string, implied: number | null, key: string) => {
      const asking = {
        team: 'T1',
        by: BO,
        source: 'slack',
        key,
        now: new Date(),
        seesPrivate: false,
      } as const;
      const said = await answer({
        ...{ entered: plain(text), implied, zone: 'UTC', zoneKnown: true },
        asking: { ...asking, account: 'member' },
      });
      return said.kind === 'refused'
        ? `${said.refusal.sentence} ${said.refusal.next}`
        : 'text' in said
          ? said.text
          : '';
    };
    expect(await asks('bridge', incident, 'b1')).toContain(`https://meet.example/INC-${incident}`);
    const elsewhere = await asks(`bridge INC-${incident}`, null, 'b2');
    expect(elsewhere).toMatch(/has a bridge already: its link is in the headline of #inc-/);
    expect(elsewhere).not.toContain('https://meet.example');
    // By hand, once that one has ended; the same request twice is the same receipt.
    const { bridge } = await kit.state(incident);
    expect(await asks(`strike ${bridge?.n} wrong room`, incident, 'b3')).toContain('recorded');
    const first = await asks(`bridge ${CALL}`, incident, 'b4');
    expect(first).toContain('a bridge at zoom.example');
    expect(first).not.toContain('pwd');
    expect(await asks(`bridge ${CALL}`, incident, 'b4')).toBe(first);
    await kit.pays(incident);
    expect((await bridges(incident)).texts).toEqual([
      expect.stringContaining('is over'),
      expect.stringContaining('call_id'),
    ]);
  } finally {
    kit.world.bridge = null;
  }
});

describe('a canvas', () => {
  beforeAll(() => {
    const read = createRead(kit.store);
    kit.world.canvas = {
      ...kit.store.canvases,
      page: (team, incident) =>
        read.dossier(botAsking(team, null, new Date()), incident, (dossier) =>
          canvasPage(dossier, clockIn('UTC'), '/incident'),
        ),
    };
  });
  afterAll(() => {
    kit.world.canvas = null;
  });

  /** A minute passes: what is behind is owed, and paid. @returns how many incidents were behind */
  async function minute(incident: number): Promise<number> {
    const { length } = await oweCanvases(kit.world);
    await kit.pays(incident);
    return length;
  }

  interface File {
    id: string;
    title: string;
    content?: string;
    deleted?: boolean;
  }
  const files = async () =>
    ((await (await fetch(`${kit.sandbox.url}/control/state`)).json()) as { files: File[] }).files;
  const canvasOf = async (incident: number) => {
    const known = await kit.store.canvases.known('T1', incident);
    const file = (await files()).find(({ id }) => id === known?.canvas);
    return { known, text: file?.deleted ? '' : (file?.content ?? '') };
  };
  const edits = async () => (await kit.calls('canvases.edit')).length;

  test('shows headline, timeline and draft, follows at a gentle pace, and nobody else writes in it', async () => {
    const incident = await standing('Pages of <https://x.example|x> & co');
    await kit.notes(incident, '> quoted\n- a list\n# no heading ![](@U0BO000002)');
    await minute(incident);
    const { known, text } = await canvasOf(incident);
    for (const part of [
      '# INC-',
      'Tocsin keeps this page',
      '**Status:** investigating',
      '## Timeline',
      '## Root cause',
    ])
      expect(text).toContain(part);
    expect(text).not.toContain('![](@');
    const [set] = (await kit.calls('canvases.access.set')).slice(-1);
    expect(set?.args).toMatchObject({ canvas_id: known?.canvas, access_level: 'read' });
    // Three entries, one edit; and none where nothing that stands there has changed.
    const before = await edits();
    for (const words of ['one', 'two', 'three']) await kit.notes(incident, words);
    await minute(incident);
    expect(await edits()).toBe(before + 1);
    expect((await canvasOf(incident)).text).toMatch(/one.*\n.*two.*\n.*three/);
    await kit.says({ type: 'NoteAnnounced', channel: 'C0INCIDENT', ts: '9.9' }, incident, {
      id: 'tocsin',
      name: null,
    });
    expect(await minute(incident)).toBeGreaterThan(0);
    expect(await edits()).toBe(before + 1);
    expect(await minute(incident)).toBe(0);
    await resolve(incident);
    await minute(incident);
    expect((await canvasOf(incident)).text).toContain('**Status:** resolved');
  });

  test.each([
    ['conversations.canvases.create', 'drop'],
    ['canvases.access.set', 'drop'],
    ['canvases.edit', 'http500'],
  ])('is one, and right, though an answer of %s is lost', async (method, kind) => {
    const incident = await standing('Lost pages');
    if (method === 'canvases.edit') await minute(incident);
    await kit.notes(incident, 'written once');
    await kit.fault(method, kind, kind === 'drop' ? undefined : 503);
    await minute(incident);
    const { text } = await canvasOf(incident);
    expect(text.split('written once')).toHaveLength(2);
    expect(
      (await files()).filter(({ title, deleted }) => title === `INC-${incident}` && !deleted),
    ).toHaveLength(1);
    expect((await kit.rows(incident, 'canvas.refresh')).filter(({ done }) => !done)).toEqual([]);
  });

  test.each([
    ['conversations.canvases.create', 'team_tier_cannot_create_channel_canvases'],
    ['conversations.canvases.create', 'missing_scope'],
    ['canvases.access.set', 'restricted_action'],
  ])(
    'that Slack does not let us have (%s: %s) is a file at the end, and the doctor says why',
    async (method, code) => {
      const incident = await standing('No pages');
      await kit.fault(method, 'error', code, 9);
      await minute(incident);
      const { known } = await canvasOf(incident);
      expect(known).toMatchObject({ canvas: null, refused: `${method}: ${code}`, settled: false });
      expect((await files()).filter(({ title, deleted }) => title === `INC-${incident}` && !deleted)).toEqual(
        [],
      );
      // Not again at each change.
      const calls = (await kit.calls(method)).length;
      await kit.notes(incident, 'more');
      await minute(incident);
      expect((await kit.calls(method)).length).toBe(calls);
      expect((await lesserWays(kit.store)).map(({ what, detail }) => `${what} ${detail}`)).toContainEqual(
        expect.stringMatching(new RegExp(`^canvas INC-${incident} goes without one: Slack said ${code}`)),
      );
      await resolve(incident);
      await minute(incident);
      const { messages } = await kit.channel(incident);
      expect(
        messages.filter(({ files: sent }) => sent?.some(({ title }) => title === `INC-${incident}.md`)),
      ).toHaveLength(1);
      expect(await minute(incident)).toBe(0);
    },
  );

  test('of somebody’s own is left as it is, and one that somebody takes away is not put back', async () => {
    const incident = await standing('Theirs');
    const { id: channel } = await kit.channel(incident);
    const made = await kit.world.slack.call('conversations.canvases.create', {
      channel_id: channel,
      document_content: { type: 'markdown', markdown: '# Our own notes' },
    });
    expect(made.kind).toBe('ok');
    await minute(incident);
    expect((await files()).filter(({ content }) => content === '# Our own notes')).toHaveLength(1);
    expect(await canvasOf(incident)).toMatchObject({
      known: { canvas: null, refused: 'conversations.canvases.create: channel_canvas_already_exists' },
    });

    const gone = await standing('Taken away');
    await minute(gone);
    const { known } = await canvasOf(gone);
    await kit.world.slack.call('canvases.delete', { canvas_id: known?.canvas });
    await kit.notes(gone, 'later');
    await minute(gone);
    expect((await canvasOf(gone)).known).toMatchObject({ settled: true });
    await kit.notes(gone, 'still later');
    expect(await oweCanvases(kit.world)).not.toContainEqual(expect.stringContaining(`INC-${gone}/`));
  });
});
