import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type BotHere, startWalk, type Walk } from './kit.js';

// What is clicked before a post is public, with everything behind it real.
describe('publishing from Slack', () => {
  let walk: Walk;
  let bot: BotHere;
  let channel: string;

  beforeAll(async () => {
    walk = await startWalk();
    bot = await walk.here();
    await walk.type('ana', 'incidents', 'open sev2 Speech fails --component "Text to Speech"');
    const made = await walk.until('the channel', ({ channels }) =>
      channels.find(({ name, members }) => name.startsWith('inc-1-') && members.length > 1),
    );
    channel = made.id;
  });
  afterAll(() => walk.end());

  interface Asked {
    ephemerals: Array<{ ts: string; text: string; blocks?: unknown[] }>;
    views: Array<{ callback_id: string; blocks: unknown[] }>;
  }
  const seen = () => walk.control<Asked>('state?user=ana');
  const posts = async () => {
    const { out } = await walk.tocsin('export', 'INC-1', '--format', 'json');
    const { timeline } = JSON.parse(out) as { timeline: Array<{ kind: string; text: string }> };
    return timeline.filter(({ kind }) => kind === 'post').map(({ text }) => text);
  };
  /** Clicks in the last message that has such a button. */
  async function click(action_id: string, copies = 1): Promise<void> {
    const has = (one: object) => JSON.stringify(one).includes(`"action_id":"${action_id}"`);
    const ts = (await seen()).ephemerals.findLast(has)?.ts;
    await walk.control('action', { user: 'ana', channel, ts, action_id, copies });
  }
  const submit = (values: Record<string, string>) =>
    walk.control<{ ok: boolean; errors?: object }>('view/submit', {
      user: 'ana',
      values: Object.fromEntries(Object.entries(values).map(([id, value]) => [id, { [id]: value }])),
    });
  const form = async (name: string | null) => {
    for (;;) {
      const { views } = await seen();
      if ((views[0]?.callback_id ?? null) === name) return JSON.stringify(views[0]?.blocks ?? []);
    }
  };

  test('a typed post is shown first, and clicked twice it is one post', async () => {
    const said = await walk.type('ana', channel, 'publish identified --state partial We know the cause');
    expect(said.text).toContain('The public would read');
    expect(await posts()).toEqual([]);
    await click('publish', 2);
    expect(await posts()).toEqual([expect.stringContaining('We know the cause')]);
  });

  test('changed before it goes out, only what it was changed to is public', async () => {
    await walk.type('ana', channel, 'publish monitoring It works agian');
    await click('publish:change');
    expect(await form('publish')).toContain('It works agian');
    expect(await submit({ text: 'It works again', states: 'operational', next: '30m' })).toMatchObject({
      ok: true,
    });
    expect(await form('publish_preview')).toContain('Text to Speech (operational)');
    expect(await submit({})).toMatchObject({ ok: true });
    await form(null);
    expect(await posts()).toEqual([expect.anything(), expect.stringContaining('It works again')]);
  });

  test('typed with nothing behind it, `publish` is a form that says what was told last', async () => {
    await walk.type('ana', channel, 'publish');
    expect(await form('publish')).toMatch(
      /Last post: monitoring, \d\d:\d\d UTC \(#\d+\), and another was promised/,
    );
    expect(await submit({ text: 'x', next: 'soon' })).toMatchObject({
      ok: false,
      errors: { next: expect.stringContaining('30m') },
    });
    expect(await submit({ text: 'It is over', state: 'resolved', next: '' })).toMatchObject({ ok: true });
    await form('publish_preview');
    expect(await submit({})).toMatchObject({ ok: true });
    await form(null);
    expect((await posts()).at(-1)).toContain('It is over');
    expect(bot.log()).toBe('');
  });

  test('a correction is shown as what it corrects', async () => {
    const { out } = await walk.tocsin('export', 'INC-1', '--format', 'json');
    const { timeline } = JSON.parse(out) as { timeline: Array<{ kind: string; n: number }> };
    const n = timeline.findLast(({ kind }) => kind === 'post')?.n;
    await walk.type('ana', channel, `publish --correct ${n} It is over, thank you`);
    const asked = JSON.stringify((await seen()).ephemerals.at(-1));
    expect(asked).toContain(`INC-1 #${n}, corrected: the public will read`);
    await click('publish');
    expect((await posts()).at(-1)).toContain('thank you');
  });
});
