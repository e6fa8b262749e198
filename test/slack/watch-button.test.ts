import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Entry } from '#domain/incident/entry.js';
import { watchMessage } from '#slack/blocks/watch.js';
import { ANA, type Outcome, startInChannel } from './kit.js';

describe('buttons of a watch', () => {
  let kit: Awaited<ReturnType<typeof startInChannel>>;
  beforeAll(async () => {
    kit = await startInChannel('inc-7-watch');
  });
  afterAll(() => kit.stop());
  beforeEach(() => {
    kit.behind.handled.length = 0;
    kit.behind.typed.length = 0;
  });

  test('the receipt of `resolve` offers it, and a click is the line that it stands for', async () => {
    kit.behind.answer = async () => ({
      kind: 'recorded',
      text: 'INC-7 #5 recorded: *resolved* <!here>',
      watch: { incident: 7, n: 5, span: '30m' },
    });
    const said = await kit.act<Outcome>('command', {
      ...{ user: 'ana', channel: kit.channel, command: '/incident', text: 'resolve' },
    });
    const { blocks, text } = said.responses[0] ?? said.ack.body;
    expect(text).toContain('recorded');
    // What people wrote is shown literally.
    expect(blocks?.[0]).toMatchObject({
      text: { type: 'plain_text', text: 'INC-7 #5 recorded: *resolved* <!here>' },
    });
    expect(blocks?.[1]?.elements).toMatchObject([{ action_id: 'watch:start', text: { text: 'Watch 30m' } }]);
    const { ephemerals } = await kit.look<Outcome>('state?user=ana');
    const ts = ephemerals.at(-1)?.ts;
    kit.behind.typed.length = 0;
    await kit.act('action', { user: 'ana', channel: kit.channel, ts, action_id: 'watch:start', copies: 2 });
    expect(
      kit.behind.typed.map(({ entered, implied, chosen, asking }) => ({
        ...{ line: entered.text, implied, chosen },
        key: asking.key,
      })),
    ).toEqual(
      // However often it is clicked, it is one watch.
      Array(2).fill({ line: 'watch 30m', implied: 7, chosen: false, key: 'watch:7:5' }),
    );
  });

  test('without an offer the receipt is a receipt', async () => {
    kit.behind.answer = async () => ({ kind: 'recorded', text: 'INC-7 #5 recorded' });
    const said = await kit.act<Outcome>('command', {
      ...{ user: 'ana', channel: kit.channel, command: '/incident', text: 'resolve' },
    });
    expect((said.responses[0] ?? said.ack.body).blocks).toBeUndefined();
  });

  async function shown(where: string): Promise<string> {
    const message = watchMessage({
      ...{ incident: 7, watch: 2, words: 'watch: api fails', people: [], reopens: true },
      entry: { n: 9, at: '2024-11-10T02:10:00Z', until: null, precision: 'second', recordedAt: '' } as Entry,
    });
    return kit.post(where, message);
  }

  test('*Reopen* reopens, by whoever clicked; by two of them once', async () => {
    const ts = await shown(kit.channel);
    await kit.act('action', { user: 'ana', channel: kit.channel, ts, action_id: 'watch:reopen', copies: 2 });
    await kit.act('join', { user: 'bo', channel: kit.channel });
    await kit.act('action', { user: 'bo', channel: kit.channel, ts, action_id: 'watch:reopen' });
    const intent = { type: 'ReopenIncident', reason: 'the watch saw it fail (#9)' };
    expect(kit.behind.handled).toMatchObject([
      { intent, target: 7, asking: { by: { id: ANA }, seesPrivate: true } },
      { intent, target: 7 },
      { intent, target: 7, asking: { by: { name: 'bo' } } },
    ]);
    expect(new Set(kit.behind.handled.map(({ asking }) => asking.key))).toEqual(
      new Set(['watch:reopen:7:2:9']),
    );
  });

  test('clicked elsewhere, what is private stays private', async () => {
    await kit.act('join', { user: 'U0BOT00000', channel: 'incidents' });
    const ts = await shown('C0INCIDENT');
    await kit.act('action', { user: 'ana', channel: 'C0INCIDENT', ts, action_id: 'watch:reopen' });
    expect(kit.behind.handled[0]?.asking.seesPrivate).toBe(false);
  });
});
