import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { refuse } from '#domain/refusal.js';
import { ANA, Behind, type Kit, type Outcome, startKit, until } from './kit.js';

for (const mode of ['http', 'socket'] as const) {
  describe(`the slash command over ${mode}`, () => {
    let kit: Kit;
    beforeAll(async () => {
      kit = await startKit(mode);
      await until(() => kit.behind.people.has(ANA));
    });
    afterAll(() => kit.stop());
    beforeEach(() => {
      const fresh = new Behind();
      Object.assign(kit.behind, { answer: fresh.answer, handle: fresh.handle, owe: fresh.owe, open: [] });
      kit.behind.typed.length = kit.behind.handled.length = kit.behind.owed.length = 0;
    });

    const type = (text: string, more: object = {}): Promise<Outcome> =>
      kit.act('command', { user: 'ana', channel: 'incidents', command: '/incident', text, ...more });

    test('the receipt is in the same answer, for one person’s eyes', async () => {
      const { ok, ack } = await type('note a & b <c> @bo #general');
      expect(ok).toBe(true);
      expect(ack.body).toMatchObject({ response_type: 'ephemeral', mrkdwn: false });
      expect(ack.body.text).toBe('INC-7 #1 recorded: note a &amp; b &lt;c&gt; @bo #general');
      const typed = kit.behind.typed[0];
      expect(typed?.entered.text).toBe('note a & b <c> @bo #general');
      expect(typed?.entered.mentions).toMatchObject([{ id: 'U0BO000002', name: 'bo' }]);
      expect(typed?.asking).toMatchObject({
        team: `our-${kit.sandbox.teamId}`,
        by: { id: ANA, name: 'ana' },
        source: 'slack',
        seesPrivate: false,
      });
      expect(typed).toMatchObject({ implied: null, zone: 'Europe/Berlin', zoneKnown: true });
    });

    test('the same delivery twice has the same key; the same words twice have not', async () => {
      const first = await type('note x');
      await kit.act('deliver-again', { kind: 'command', copies: 2 });
      await type('note x');
      const keys = kit.behind.typed.map(({ asking }) => asking.key);
      expect(keys).toHaveLength(4);
      expect(keys.slice(0, 3)).toEqual(Array(3).fill(`trigger:${first.trigger_id}`));
      expect(keys[3]).not.toBe(keys[0]);
    });

    test('in an incident’s channel the incident is implied', async () => {
      const { channel } = await kit.act<Outcome>('channel', { user: 'ana', name: `inc-7-${mode}` });
      kit.behind.channels.set(channel, 7);
      await type('note x', { channel });
      expect(kit.behind.typed[0]?.implied).toBe(7);
    });

    test('somebody without a zone gets the configured one, and that is said', async () => {
      await type('note 01:41 x', { user: 'dana' });
      expect(kit.behind.typed[0]).toMatchObject({ zone: 'UTC', zoneKnown: false });
      expect(kit.behind.typed[0]?.asking.by.name).toBe('Dana Osei');
    });

    test('a refusal says what to do; nothing in it pings', async () => {
      kit.behind.answer = async () => ({
        kind: 'refused',
        refusal: refuse('UNKNOWN_VERB', { verb: '<!channel>', closest: ['note'] }),
      });
      const { ack } = await type('nope');
      expect(ack.body.text).toBe(
        'There is no `&lt;!channel&gt;`.\nDid you mean `note`? `help` lists all verbs.',
      );
      expect(ack.body.mrkdwn).toBeUndefined();
    });

    test('after two seconds Slack gets an empty answer and the outcome follows', async () => {
      let finish = () => {};
      kit.behind.answer = () =>
        new Promise((resolve) => {
          finish = () => resolve({ kind: 'recorded', text: 'recorded late' });
        });
      const { ok, ack, delivery } = await type('note slow');
      expect(ok).toBe(true);
      expect(Object.keys(ack.body)).toHaveLength(0);
      finish();
      const { responses } = await kit.look<Outcome>(`responses?delivery=${delivery}&count=1`);
      expect(JSON.stringify(responses)).toContain('recorded late');
    });

    test('a bug is told as unconfirmed, never as recorded', async () => {
      kit.behind.answer = async () => {
        throw new Error('boom');
      };
      const { ok, ack } = await type('note x');
      expect(ok).toBe(true);
      expect(ack.body.text).toContain('Not confirmed');
      expect(ack.body.text).not.toContain('boom');
      for (const question of ['timeline', 'list', ' SHOW INC-7', 'help']) {
        const { text } = (await type(question)).ack.body;
        expect(text).toContain('could not be looked up');
        expect(text).not.toMatch(/record|confirm/i);
      }
    });

    test('our own words are set as Slack sets them, people’s are shown as they are', async () => {
      for (const ours of [true, false]) {
        kit.behind.answer = async () => ({ kind: 'text', text: '*Times* stand before the `text`', ours });
        const { ack } = await type('help');
        expect(ack.body.text).toContain('*Times*');
        expect(ack.body.mrkdwn).toBe(ours ? undefined : false);
      }
    });

    test('an export is owed, and the receipt says what comes', async () => {
      kit.behind.answer = async () => ({ kind: 'export', incident: 7, format: 'md', zone: 'Europe/Berlin' });
      const { ack, trigger_id } = await type('export md');
      expect(ack.body.text).toContain('The export (md) of INC-7 follows');
      expect(kit.behind.owed).toEqual([
        {
          effect: {
            kind: 'export.send',
            payload: { format: 'md', zone: 'Europe/Berlin', channel: 'C0INCIDENT', user: ANA },
          },
          of: { team: `our-${kit.sandbox.teamId}`, incident: 7, key: `trigger:${trigger_id}` },
        },
      ]);
    });

    test('no call to Slack stands before the answer, even when Slack hangs', async () => {
      await kit.act('fault', { method: '*', times: 50, kind: 'delay', value: 4_000 });
      try {
        const { ok, ack } = await type('note while Slack is away <@U0UNKNOWN1>');
        expect(ok).toBe(true);
        expect(ack.body.text).toContain('recorded');
      } finally {
        await kit.act('fault/clear');
      }
    });

    test('very long answers stay under Slack’s limit and say that they were cut', async () => {
      kit.behind.answer = async () => ({ kind: 'text', text: '<&>'.repeat(30_000) });
      const { ok, ack } = await type('timeline');
      expect(ok).toBe(true);
      expect(ack.body.text.length).toBeLessThan(40_000);
      expect(ack.body.text).toContain('and more');
    });
  });
}
