import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Gate } from '#deliver/attempt.js';
import type { WorkerRunIntent } from '#domain/run/intent.js';
import { BO, type Kit, startKit } from './kit.js';
import { asksForRun, HASH, hasPlan, works as says } from './run-given.js';

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

const works = (intent: WorkerRunIntent, incident: number) => says(kit, intent, incident);

/** An incident whose channel stands, with a run that was asked for. */
async function asked(title: string): Promise<number> {
  const incident = await kit.opens(title);
  await kit.pays(incident);
  await asksForRun(kit, incident);
  return incident;
}

async function begun(title: string): Promise<number> {
  const incident = await asked(title);
  await hasPlan(kit, incident);
  return incident;
}

async function started(title: string): Promise<number> {
  const incident = await begun(title);
  await kit.says({ type: 'ApproveRun', run: 1, hash: HASH, breakGlass: null }, incident, BO);
  await works({ type: 'StartRun', run: 1, fence: 1, hash: HASH }, incident);
  return incident;
}

const step = { run: 1, step: 'compare', phase: 'run' as const, attempt: 1, fence: 1 };
const finish = {
  type: 'FinishStep' as const,
  ...step,
  outcome: 'done' as const,
  startedAt: '2024-11-10T02:00:00.000Z',
  output: null,
  summary: 'ok',
  error: null,
  log: null,
  posts: [] as string[],
};
async function finishes(incident: number, more: Partial<typeof finish> | object): Promise<void> {
  await works({ type: 'StartStep', ...step, at: '2024-11-10T02:00:00.000Z', captured: null }, incident);
  await works({ ...finish, ...more }, incident);
}

/** Messages of the run in its channel. */
async function shown(incident: number) {
  return (await kit.said(incident)).filter((one) => one.text.startsWith('RUN-1'));
}

describe('the message of a run', () => {
  test('is posted once and then kept up to date, one update for many changes', async () => {
    const incident = await asked('Shown');
    await kit.pays(incident);
    const [first] = await shown(incident);
    expect(first?.text).toBe('RUN-1 key-sync is being planned (asked for by ana)');
    expect(JSON.stringify(first?.blocks)).toContain('Copy missing keys');
    const updates = (await kit.calls('chat.update')).length;
    await hasPlan(kit, incident, { self: true });
    await kit.says({ type: 'ApproveRun', run: 1, hash: null, breakGlass: null }, incident, BO);
    await kit.pays(incident);
    expect(await kit.calls('chat.update')).toHaveLength(updates + 1);
    const now = await shown(incident);
    expect(now.map(({ ts }) => ts)).toEqual([first?.ts]);
    expect(now[0]?.text).toContain('waits for approval, plan deadbeef');
    expect(JSON.stringify(now[0]?.blocks)).toContain('Approved by bo.');
    expect((await kit.state(incident)).runs?.list[0]?.message).toEqual({
      channel: (await kit.channel(incident)).id,
      ts: first?.ts,
    });
  });

  test('approvers are called by the names that are known', async () => {
    const incident = await begun('Named');
    await kit.pays(incident);
    expect(JSON.stringify((await shown(incident))[0]?.blocks)).toContain('Needs 1 approval from bo,');
  });

  test.each(['drop', 'cut', 'http500', 'ratelimit'])(
    '%s while posting: one message all the same',
    async (kind) => {
      const incident = await asked('Lost');
      await kit.fault('chat.postMessage', kind);
      await kit.pays(incident);
      expect(await shown(incident)).toHaveLength(1);
      await works({ type: 'EndRun', run: 1, fence: 1, end: 'rejected', summary: 'no' }, incident);
      await kit.pays(incident);
      const all = await shown(incident);
      expect(all.map(({ text }) => text)).toEqual(['RUN-1 key-sync was rejected: no (asked for by ana)']);
    },
  );

  test('and the headline get their turns while both change all the time', async () => {
    const incident = await begun('Both');
    await kit.pays(incident);
    const before = (await kit.calls('chat.update')).length;
    const gate = new Gate(kit.world.now);
    for (const severity of ['sev1', 'sev2', 'sev3', 'sev4', 'sev1', 'sev2'] as const) {
      await kit.owes(incident, { kind: 'run.show', payload: { run: 1 } });
      await kit.says({ type: 'ChangeSeverity', severity, reason: null }, incident);
      await kit.owes(incident, { kind: 'run.show', payload: { run: 1 } });
      await kit.visits(incident, gate);
      await kit.winds(1100);
    }
    const updates = (await kit.calls('chat.update')).slice(before).map(({ args }) => String(args.text));
    const runs = updates.filter((text) => text.startsWith('RUN-1')).length;
    expect({ runs, headlines: updates.length - runs }).toEqual({ runs: 6, headlines: 6 });
  });

  test('deleted by somebody it is posted once more, and then no more', async () => {
    const incident = await asked('Deleted');
    await kit.pays(incident);
    const posts = async () =>
      (await kit.calls('chat.postMessage')).filter(({ args }) => String(args.text).startsWith('RUN-1'))
        .length;
    const before = await posts();
    // The channel may be posted to again, so that it is found missing and posted in one go.
    await kit.winds(1_100);
    await kit.fault('chat.update', 'error', 'message_not_found');
    await kit.says({ type: 'CancelRun', run: 1, reason: null }, incident);
    await kit.pays(incident);
    expect(await posts()).toBe(before + 1);
    await kit.fault('chat.update', 'error', 'message_not_found');
    await works({ type: 'EndRun', run: 1, fence: 1, end: 'cancelled', summary: null }, incident);
    await kit.pays(incident);
    expect(await posts()).toBe(before + 1);
    expect((await kit.rows(incident)).filter(({ dead }) => dead)).toEqual([]);
  });
});

describe('what steps leave behind', () => {
  test('a long log is a file; an interrupted one is still one', async () => {
    const incident = await started('Log');
    await kit.fault('files.completeUploadExternal', 'drop');
    const log = 'line\n'.repeat(200);
    await finishes(incident, { log });
    await kit.pays(incident);
    const messages = (await kit.channel(incident)).messages.filter((one) => one.files?.length);
    expect(messages.map(({ files }) => files?.map(({ title }) => title))).toEqual([['RUN-1-compare.txt']]);
    const { files } = (await (await fetch(`${kit.sandbox.url}/control/state`)).json()) as {
      files: Array<{ title: string; content: string }>;
    };
    expect(files.find(({ title }) => title === 'RUN-1-compare.txt')?.content).toBe(log);
  });

  test('where Slack takes no file, the channel is told where the log is', async () => {
    const incident = await started('No files');
    await kit.fault('files.getUploadURLExternal', 'error', 'unknown_method');
    await finishes(incident, { log: 'x'.repeat(700) });
    await kit.pays(incident);
    expect((await kit.said(incident)).some(({ text }) => text.includes('`export facts` has all of it'))).toBe(
      true,
    );
  });

  test.each(['drop', 'cut', 'http500'])('posts are said once each, in order: %s', async (kind) => {
    const incident = await started('Posts');
    await kit.pays(incident);
    const post = (text: string, channel: string | null = null) => JSON.stringify({ text, channel });
    await finishes(incident, { posts: [post('one <!channel>'), post('two', 'C0GONE'), post('three')] });
    await kit.fault('chat.postMessage', kind);
    await kit.pays(incident);
    const texts = (await kit.said(incident)).map(({ text }) => text);
    expect(texts.filter((text) => /^(one|two|three)/.test(text))).toEqual(['one &lt;!channel&gt;', 'three']);
    // The one that Slack does not take is missed: it is listed, and said where the run is.
    expect((await kit.rows(incident)).find((row) => row.kind === 'run.post')).toMatchObject({
      dead: true,
      error: 'chat.postMessage: channel_not_found',
    });
    expect(
      texts.filter((text) => text.includes('a message of RUN-1. Slack said channel_not_found')),
    ).toHaveLength(1);
  });
});
