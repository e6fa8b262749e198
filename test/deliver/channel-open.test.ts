import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANA, type Kit, startKit } from './kit.js';

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
});
afterAll(() => kit.stop());

describe('channel.open', () => {
  test('the opener stands in the channel after two calls; headline, topic and pin follow', async () => {
    const incident = await kit.opens('API is slow');
    await kit.pays(incident);
    const calls = (await kit.calls()).map((call) => call.method);
    expect(calls.slice(0, 2)).toEqual(['conversations.create', 'conversations.invite']);
    const channel = await kit.channel(incident);
    expect(channel.name).toBe('inc-1-api-is-slow');
    expect(channel.members).toContain(ANA.id);
    expect(channel.topic).toContain('INC-1');
    const said = await kit.said(incident);
    expect(said).toHaveLength(1);
    expect(channel.pins).toEqual([said[0]?.ts]);
    expect(await kit.state(incident)).toMatchObject({
      channel: { id: channel.id, name: channel.name },
      headline: { channel: channel.id, ts: said[0]?.ts },
    });
  });
});
