import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Entry } from '#domain/incident/entry.js';
import type { IncidentState } from '#domain/incident/state.js';
import { refuse } from '#domain/refusal.js';
import { unpinnedMessage } from '#slack/blocks/entry.js';
import { changeIn, messageIn } from '#slack/capture/capture.js';
import { ANA, Behind, type Kit, type Outcome, startKit, until } from './kit.js';

const BO = 'U0BO000002';

for (const mode of ['http', 'socket'] as const) {
  describe(`keeping messages (${mode})`, () => {
    let kit: Kit;
    let war: string;
    beforeAll(async () => {
      kit = await startKit(mode);
      await until(() => kit.behind.people.has(BO));
      const made = await kit.slack.client.call('conversations.create', { name: 'inc-7-x' });
      if (made.kind !== 'ok') throw new Error('no channel');
      war = (made.data.channel as { id: string }).id;
      kit.behind.channels.set(war, 7);
      kit.behind.state = { number: 7, private: false, members: [] as string[] } as IncidentState;
      for (const user of ['ana', 'bo']) await kit.act('join', { user, channel: war });
    });
    afterAll(() => kit.stop());
    beforeEach(() => {
      kit.behind.captured.clear();
      const fresh = new Behind();
      Object.assign(kit.behind, { handle: fresh.handle, owe: fresh.owe, open: [] });
      kit.behind.handled.length = kit.behind.owed.length = 0;
    });

    const say = async (text: string, channel = war) =>
      (await kit.act<Outcome>('message', { user: 'bo', channel, text })).ts;
    const add = (ts: string, more: object = {}): Promise<Outcome> =>
      kit.act('shortcut', { user: 'ana', callback_id: 'add_to_timeline', channel: war, ts, ...more });
    /** What the person was told; it follows the answer, which holds nothing. */
    const told = async ({ delivery }: Outcome): Promise<string> =>
      (await kit.look<Outcome>(`responses?delivery=${delivery}&count=1`)).responses[0]?.text ?? 'nothing';

    test('the shortcut records author, words, own time and link, then says so and ticks the message', async () => {
      const ts = await say('drained & <done> @ana https://x.example/a?b=1&c=2');
      const added = await add(ts);
      expect(added.ok).toBe(true);
      expect(kit.behind.handled).toEqual([
        {
          intent: {
            type: 'CaptureMessage',
            message: {
              channel: war,
              ts,
              text: 'drained & <done> @ana https://x.example/a?b=1&c=2',
              author: { id: BO, name: 'bo' },
              link: expect.stringMatching(/^https?:/),
            },
          },
          target: 7,
          asking: expect.objectContaining({
            by: { id: ANA, name: 'ana' },
            key: `message:${war}:${ts}:${ANA}`,
            seesPrivate: true,
          }),
        },
      ]);
      expect(await told(added)).toContain('INC-7 #2 recorded');
      await until(async () => (await kit.calls('reactions.add')).some(({ args }) => args.timestamp === ts));
    });

    test('twice delivered it has one key; somebody else has another, to be told who was first', async () => {
      const ts = await say('x');
      await add(ts, { copies: 2 });
      await add(ts, { user: 'bo' });
      const keys = kit.behind.handled.map(({ asking }) => asking.key);
      expect(keys).toEqual([
        `message:${war}:${ts}:${ANA}`,
        `message:${war}:${ts}:${ANA}`,
        `message:${war}:${ts}:${BO}`,
      ]);
    });

    test('one that was struck since is recorded anew, and not taken for the same click', async () => {
      const ts = await say('struck, and wanted after all');
      kit.behind.captured.set(ts, [{ incident: 7, n: 2, struck: true }]);
      await add(ts);
      expect(kit.behind.handled.map(({ asking }) => asking.key)).toEqual([
        `message:${war}:${ts}:${ANA}:anew:2`,
      ]);
    });

    test('a message of many timed lines: whoever adds it is offered these as entries; two clicks are one', async () => {
      const ts = await say('so far:\n- 01:41 UTC a\n- 01:43 UTC b');
      const { responses } = await kit.look<Outcome>(`responses?delivery=${(await add(ts)).delivery}&count=1`);
      const [{ text, blocks } = {}] = responses;
      expect(text).toMatch(/^INC-7 #2 recorded\nIt holds 2 lines with times of their own/);
      expect(blocks?.[1]?.elements).toMatchObject([
        { action_id: 'lines:take', text: { text: 'Take in as entries' } },
      ]);
      const shown = (await kit.look<Outcome>('state?user=ana')).ephemerals.at(-1)?.ts;
      await kit.act('action', { user: 'ana', channel: war, ts: shown, action_id: 'lines:take', copies: 2 });
      const asked = kit.behind.handled.filter(({ intent }) => intent.type === 'TakeInLines');
      expect(asked).toEqual(
        Array(2).fill({
          intent: { type: 'TakeInLines', of: { channel: war, ts } },
          target: 7,
          asking: expect.objectContaining({ key: `lines:7:${war}:${ts}`, seesPrivate: true }),
        }),
      );
    });

    test('already there: said by whom, and no tick', async () => {
      kit.behind.handle = async () => refuse('ALREADY_CAPTURED', { ref: 'INC-7', entry: 5, by: 'bo' });
      const before = (await kit.calls('reactions.add')).length;
      expect(await told(await add(await say('y')))).toContain('as #5: bo put it there');
      expect(await kit.calls('reactions.add')).toHaveLength(before);
    });

    test('a link that does not come is no reason to wait or to fail', async () => {
      const ts = await say('z');
      await kit.act('fault', { method: 'chat.getPermalink', times: 1, kind: 'delay', value: 4_000 });
      const { ok } = await add(ts);
      expect(ok).toBe(true);
      expect(kit.behind.handled[0]?.intent).toMatchObject({ message: { link: null } });
    });

    test('elsewhere it is asked which incident is meant, also where one is open; of none nothing', async () => {
      const ts = await say('from elsewhere', 'incidents');
      const there = { channel: 'incidents' };
      expect(await told(await add(ts, there))).toContain('No incident is open');

      // The only one is chosen already; nothing is kept before somebody says so.
      kit.behind.open = [{ number: 3, title: 'only' } as IncidentState];
      await add(ts, there);
      expect(kit.behind.handled).toHaveLength(0);
      expect((await kit.act<Outcome>('view/submit', { user: 'ana', values: {} })).ok).toBe(true);
      expect(kit.behind.handled.at(-1)).toMatchObject({ target: 3, asking: { seesPrivate: false } });

      kit.behind.open = [3, 4].map((number) => ({ number, title: `t${number}` }) as IncidentState);
      kit.behind.over = [{ number: 2, title: 'over' } as IncidentState];
      const asked = await add(ts, there);
      expect(kit.behind.handled).toHaveLength(1);
      const choose = (incident: string) =>
        kit.act<Outcome>('view/submit', { user: 'ana', values: { incident: { incident } } });
      kit.behind.handle = async () => refuse('NO_SUCH_INCIDENT', { ref: 'INC-2' });
      expect(Object.keys((await choose('2')).errors)).toEqual(['incident']);
      kit.behind.handle = new Behind().handle;
      const done = await kit.act<Outcome>('view/submit', {
        user: 'ana',
        values: { incident: { incident: '4' } },
      });
      expect(done.ok).toBe(true);
      expect(kit.behind.handled.at(-1)).toMatchObject({
        target: 4,
        intent: { message: { ts, text: 'from elsewhere', author: { id: BO } } },
      });
      expect(await told(asked)).toContain('recorded');
    });

    test('an incident is declared from a message: its title is filled in, and the message is in its record with it', async () => {
      const ts = await say('> *API* answers <401> & more\nsince 5 minutes', 'incidents');
      const declare = () =>
        kit.act<Outcome>('shortcut', {
          ...{ user: 'ana', callback_id: 'declare_from_message', channel: 'incidents', ts },
        });
      kit.behind.answer = async () => ({ kind: 'form', form: 'open', incident: null });
      const asked = await declare();
      expect(kit.behind.typed.at(-1)?.entered.text).toBe('open');
      kit.behind.answer = new Behind().answer;
      const done = await kit.act<Outcome>('view/submit', { user: 'ana', values: {} });
      expect(done.ok).toBe(true);
      expect(kit.behind.handled).toMatchObject([
        {
          intent: {
            ...{ type: 'OpenIncident', title: 'API* answers <401> & more' },
            message: { ts, author: { id: BO, name: 'bo' }, channel: 'C0INCIDENT' },
          },
          target: null,
          asking: { key: `trigger:${done.trigger_id}` },
        },
      ]);
      expect(await told(asked)).toContain('recorded');
      await until(async () => (await kit.calls('reactions.add')).some(({ args }) => args.timestamp === ts));
      kit.behind.answer = async () => ({
        kind: 'refused',
        refusal: refuse('ACCOUNT_UNKNOWN', { doing: 'x' }),
      });
      expect(await told(await declare())).toContain('Slack has not said yet');
      kit.behind.answer = new Behind().answer;
    });

    test('a message too long for the form is kept whole all the same', async () => {
      const long = `start ${'é'.repeat(5_000)} end`;
      const ts = await say(long, 'incidents');
      kit.behind.open = [3, 4].map((number) => ({ number, title: `t${number}` }) as IncidentState);
      await add(ts, { channel: 'incidents' });
      await kit.act('view/submit', { user: 'ana', values: { incident: { incident: '3' } } });
      expect(kit.behind.handled.at(-1)?.intent).toMatchObject({ message: { text: long } });
      kit.behind.answer = async () => ({ kind: 'form', form: 'open', incident: null });
      await kit.act('shortcut', {
        ...{ user: 'ana', callback_id: 'declare_from_message', channel: 'incidents', ts },
      });
      kit.behind.answer = new Behind().answer;
      await kit.act('view/submit', { user: 'ana', values: { title: { title: 'it' } } });
      expect(kit.behind.handled.at(-1)?.intent).toMatchObject({ title: 'it', message: { text: long } });
    });

    test('a mention is owed an answer, once however often it is told; outside of incidents by the standing record', async () => {
      await kit.act('join', { user: 'U0BOT00000', channel: 'incidents' });
      const ts = await say('@tocsin note x');
      await until(() => kit.behind.owed.length === 1);
      const again = await kit.act<Outcome>('deliver-again', { kind: 'event', type: 'app_mention' });
      expect(again.ok).toBe(true);
      const { effect, of } = kit.behind.owed[0] ?? {};
      const payload = { channel: war, ts, user: BO, bot: 'U0BOT00000' };
      expect(effect).toEqual({ kind: 'mention.answer', payload });
      // The outbox takes a key once.
      expect(kit.behind.owed.map((one) => [one.of.key, one.of.incident])).toEqual(
        Array(2).fill([of?.key, 7]),
      );
      expect(of?.key).toMatch(/^event:/);
      await say('hello @tocsin', 'incidents');
      await until(() => kit.behind.owed.length === 3);
      expect(kit.behind.owed[2]?.of.incident).toBe(0);
      expect(kit.behind.handled.map(({ intent, asking }) => [intent.type, asking.source])).toEqual([
        ['OpenStandingRecord', 'bot'],
      ]);
    });

    test('a pin is owed before Slack is answered; other reactions and other channels are nothing', async () => {
      const ts = await say('pin me');
      await kit.act('reaction', { user: 'ana', channel: war, ts, name: 'pushpin' });
      await until(() => kit.behind.owed.length > 0);
      expect(kit.behind.owed[0]).toEqual({
        effect: { kind: 'message.capture', payload: { channel: war, ts, by: ANA } },
        of: { team: `our-${kit.sandbox.teamId}`, incident: 7, key: expect.stringMatching(/^event:Ev/) },
      });
      await kit.act('reaction', { user: 'ana', channel: war, ts, name: 'eyes' });
      const again = await kit.act<Outcome>('deliver-again', { kind: 'event', type: 'reaction_added' });
      expect(again.ok).toBe(true);
      expect(kit.behind.owed).toHaveLength(1);
    });

    test('another emoji of tocsin.yml, and Slack’s own pin, keep a message too, in a thread as well; taken away, that is owed', async () => {
      const thread = await say('a question');
      const reply = await kit.act<Outcome>('message', {
        user: 'bo',
        channel: war,
        text: 'x',
        thread_ts: thread,
      });
      const { ts } = reply;
      const at = { user: 'ana', channel: war, ts };
      await kit.act('reaction', { ...at, name: 'star' });
      await kit.act('reaction', { ...at, name: 'star', remove: true });
      await kit.act('pin', { ...at, ts: thread });
      await kit.act('pin', { ...at, ts: thread, remove: true });
      await until(() => kit.behind.owed.length === 4);
      const owed = (kind: string, of: string) => ({ kind, payload: { channel: war, ts: of, by: ANA } });
      expect(kit.behind.owed.map(({ effect }) => effect)).toEqual([
        owed('message.capture', ts),
        owed('message.unpinned', ts),
        owed('message.capture', thread),
        owed('message.unpinned', thread),
      ]);
      // What we pin ourselves, the headline, is nothing.
      const own = await kit.slack.client.call('chat.postMessage', { channel: war, text: 'headline' });
      if (own.kind !== 'ok') throw new Error('not posted');
      await kit.slack.client.call('pins.add', { channel: war, timestamp: own.data.ts });
      await kit.act('reaction', { ...at, name: 'pushpin' });
      await until(() => kit.behind.owed.length > 4);
      expect(kit.behind.owed.at(-1)?.effect).toEqual(owed('message.capture', ts));
      expect(kit.behind.owed).toHaveLength(5);
    });

    test('of what is said nothing is looked up, kept or logged; of what is edited or deleted only that nobody recorded it', async () => {
      kit.behind.looked.length = kit.logged.length = 0;
      const [first, second] = [await say('a canary in a mine'), await say('recorded canary')];
      kit.behind.captured.set(second, [{ incident: 7, n: 2, struck: false }]);
      const mine = (ts: string, text?: string) => ({ user: 'bo', channel: war, ts, ...(text && { text }) });
      await kit.act('message/edit', mine(first, 'another canary'));
      await kit.act('message/delete', mine(first));
      // A thread that grows changes what stands at its beginning, and is no edit.
      await kit.act('message', { user: 'ana', channel: war, text: 'canary reply', thread_ts: second });
      await kit.act('message/edit', mine(second, 'edited @ana & more'));
      await until(() => kit.behind.handled.length === 1);
      await kit.act('message/delete', mine(second));
      await until(() => kit.behind.handled.length === 2);
      expect(kit.behind.looked).toEqual([first, first, second, second].map((ts) => `${war} ${ts}`));
      expect(kit.behind.handled).toEqual([
        {
          intent: {
            type: 'NoteMessageEdited',
            at: { channel: war, ts: second },
            edit: { ts: expect.stringMatching(/^\d+\.\d+$/), channel: war, text: 'edited @ana & more' },
          },
          target: 7,
          asking: expect.objectContaining({
            ...{ by: { id: BO, name: kit.behind.people.get(BO)?.name }, source: 'bot' },
            key: expect.stringMatching(/^event:Ev.*:7$/),
          }),
        },
        {
          intent: {
            ...{ type: 'NoteMessageDeleted', at: { channel: war, ts: second }, hides: true },
            ts: expect.stringMatching(/^\d+\.\d+$/),
          },
          target: 7,
          asking: expect.objectContaining({ by: { id: 'tocsin', name: null } }),
        },
      ]);
      expect(kit.behind.owed).toEqual([]);
      expect(kit.logged.join('\n')).not.toMatch(/canary|edited/);
    });

    test('*Strike* under the offer is `strike`, by whoever clicked; two clicks are one', async () => {
      const entry = { n: 5 } as Entry;
      const message = unpinnedMessage(entry, {
        incident: 7,
        key: 'unpinned:9',
        may: true,
        command: '/incident',
      });
      const posted = await kit.slack.client.call('chat.postMessage', { channel: war, ...message });
      if (posted.kind !== 'ok') throw new Error('not posted');
      const click = { user: 'ana', channel: war, ts: posted.data.ts, action_id: 'capture:strike', copies: 2 };
      await kit.act('action', click);
      expect(kit.behind.handled).toMatchObject(
        Array(2).fill({
          ...{ intent: { type: 'StrikeEntry', entry: 5 }, target: 7 },
          asking: { by: { id: ANA }, key: 'unpinned:9', seesPrivate: true },
        }),
      );
      // Who may not strike has no button to press.
      expect(
        unpinnedMessage(entry, { incident: 7, key: 'k', may: false, command: '/incident' }).blocks,
      ).toHaveLength(1);
    });

    test('what the bot wrote is not added to the timeline it came from', async () => {
      const own = await kit.slack.client.call('chat.postMessage', { channel: war, text: '#5 recorded' });
      if (own.kind !== 'ok') throw new Error('not posted');
      expect(await told(await add(String(own.data.ts)))).toContain('I wrote that message myself');
      expect(kit.behind.handled).toEqual([]);
    });

    test('a pin that cannot be kept is not answered, so Slack sends it again', async () => {
      const ts = await say('pin me too');
      let failures = 2;
      kit.behind.owe = async () => {
        if (failures-- > 0) throw new Error('database');
      };
      await kit.act('settings', { ack_ms: 300 });
      await kit.act('reaction', { user: 'ana', channel: war, ts, name: 'pushpin' });
      await until(() => kit.behind.owed.length > 0);
      await kit.act('settings', { ack_ms: 3_000 });
      expect(failures).toBe(-1);
    });

    test('who is let into a private incident’s channel becomes a member; in a public one nothing happens', async () => {
      kit.behind.state = { number: 7, private: false, members: [ANA] } as unknown as IncidentState;
      await kit.act('join', { user: 'chen', channel: war });
      await until(async () => joined(await kit.look<Events>('events'), 'U0CHEN0003'));
      kit.behind.state = { number: 7, private: true, members: [ANA] } as unknown as IncidentState;
      await kit.act('join', { user: 'dana', channel: war });
      await until(() => kit.behind.handled.length > 0);
      expect(kit.behind.handled).toEqual([
        {
          intent: { type: 'InvitePeople', people: [{ id: 'U0DANA0004', name: 'Dana Osei' }] },
          target: 7,
          asking: expect.objectContaining({ key: expect.stringMatching(/^event:/), seesPrivate: true }),
        },
      ]);
    });

    test('who leaves a private incident’s channel is noted as gone, and a late word of how they came lets nobody in', async () => {
      const members = (...ids: string[]) => {
        kit.behind.state = { number: 7, private: true, members: ids } as unknown as IncidentState;
      };
      const heard = (type: string) => kit.behind.handled.filter(({ intent }) => intent.type === type);
      members(ANA, BO);
      await kit.act('leave', { user: 'bo', channel: war });
      await until(() => heard('NotePeopleLeft').length === 1);
      expect(kit.behind.handled.at(-1)).toMatchObject({
        intent: { people: [{ id: BO }] },
        target: 7,
        asking: { source: 'bot', key: expect.stringMatching(/^event:/) },
      });
      members(ANA);
      await kit.act('join', { user: 'bo', channel: war });
      await until(() => heard('InvitePeople').length === 1);
      await kit.act('leave', { user: 'bo', channel: war });
      await until(() => heard('NotePeopleLeft').length === 2);
      await kit.act('deliver-again', { kind: 'event', type: 'member_joined_channel' });
      // What is answered has been worked on.
      await kit.act('command', { user: 'ana', channel: 'incidents', command: '/incident', text: 'note x' });
      expect(heard('InvitePeople')).toHaveLength(1);
      await kit.act('join', { user: 'bo', channel: war });
    });

    test('who comes long after the headline is told how it stands, a few seconds later; not who comes at once, or once more', async () => {
      const headline = (agoMs: number, more: object = {}) => {
        const ts = `${Math.floor((Date.now() - agoMs) / 1000)}.000100`;
        const team = `our-${kit.sandbox.teamId}`;
        const of = { team, number: 7, private: false, members: [], headline: { channel: war, ts }, ...more };
        kit.behind.state = of as unknown as IncidentState;
      };
      // An event is answered after what it asks is done.
      const comes = async (user: string) => {
        await kit.act('leave', { user, channel: war });
        await kit.act('join', { user, channel: war });
        await kit.act('deliver-again', { kind: 'event', type: 'member_joined_channel' });
      };
      headline(60_000);
      await comes('dana');
      headline(3_600_000, { status: 'resolved' });
      await comes('dana');
      headline(3_600_000, { caughtUp: ['U0DANA0004'] });
      await comes('dana');
      expect(kit.behind.owed).toEqual([]);
      headline(3_600_000);
      await comes('dana');
      const owed = {
        effect: { kind: 'people.catchup', payload: { user: 'U0DANA0004' } },
        of: { team: `our-${kit.sandbox.teamId}`, incident: 7, key: 'catchup:7:U0DANA0004', inMs: 4_000 },
      };
      await until(() => kit.behind.owed.length > 1);
      expect(new Set(kit.behind.owed.map((one) => JSON.stringify(one)))).toEqual(
        new Set([JSON.stringify(owed)]),
      );
      await kit.act('leave', { user: 'dana', channel: war });
    });

    test('a deactivated account is told of where it has a role, and nowhere else', async () => {
      const roles = (...people: string[]) => Object.fromEntries(people.map((id, i) => [`r${i}`, { id }]));
      const open = (number: number, ...people: string[]) =>
        ({ number, title: 't', roles: roles(...people) }) as unknown as IncidentState;
      kit.behind.open = [open(3, ANA, 'U0DANA0004'), open(4, BO), open(5, 'U0DANA0004')];
      await kit.act('user', { user: 'dana', deleted: true });
      await until(() => kit.behind.owed.length > 1);
      expect(kit.behind.owed.map(({ effect, of }) => [effect, of.incident, of.key])).toEqual(
        [3, 5].map((n) => [
          { kind: 'role.vacant', payload: { user: 'U0DANA0004' } },
          n,
          `vacant:${n}:U0DANA0004`,
        ]),
      );
      await kit.act('user', { user: 'dana', deleted: false });
      await until(() => kit.behind.people.get('U0DANA0004')?.deleted === false);
      expect(kit.behind.owed).toHaveLength(2);
    });

    test('a list of the channel shows who has left unheard; not who was invited a moment ago', async () => {
      const now = new Date().toISOString();
      kit.behind.state = {
        ...{ number: 7, private: true, members: [ANA, 'U0GONE00001', 'U0COMING01', 'token:board'] },
        since: { U0COMING01: now, U0GONE00001: '2024-11-10T01:00:00.000Z' },
      } as unknown as IncidentState;
      // Memory says only who is in; of anybody else the list is read again.
      await until(async () => {
        await kit.slack.members.has(war, 'U0GONE00001');
        return kit.behind.handled.length > 0;
      });
      expect(kit.behind.handled[0]).toMatchObject({
        intent: { type: 'NotePeopleLeft', people: [{ id: 'U0GONE00001', name: null }] },
        target: 7,
        asking: { source: 'bot' },
      });
    });

    test('a changed name or zone is known from then on', async () => {
      await kit.act('user', { user: 'bo', display_name: 'Bo the Brave', tz: 'Asia/Tokyo' });
      await until(() => kit.behind.people.get(BO)?.name === 'Bo the Brave');
      await kit.act('command', { user: 'bo', channel: 'incidents', command: '/incident', text: 'note x' });
      expect(kit.behind.typed.at(-1)).toMatchObject({
        asking: { by: { name: 'Bo the Brave' } },
        zone: 'Asia/Tokyo',
      });
    });
  });
}

interface Events {
  events: Array<{ payload: { event: { type: string; user?: string } }; attempts: unknown[] }>;
}
/** The bot has answered that they came, so it has done what it does for that. */
const joined = ({ events }: Events, user: string) =>
  events.some(
    ({ payload: { event }, attempts }) =>
      event.type === 'member_joined_channel' && event.user === user && attempts.length > 0,
  );

describe('what becomes of a message', () => {
  const message = { ts: '1.2', user: 'U1', text: 'now' };
  const changed = { type: 'message', subtype: 'message_changed', channel: 'C1', ts: '2.3', event_ts: '2.3' };
  const at = { channel: 'C1', ts: '1.2', at: '2.3' };
  test.each([
    [
      'other words',
      { message, previous_message: { ...message, text: 'before' } },
      { ...at, now: { raw: 'now' } },
    ],
    ['of what was before nothing is said', { message }, { ...at, now: { raw: 'now' } }],
    ['the same words: a link was unfolded', { message, previous_message: message }, null],
    [
      'a thread’s first message deleted',
      { message: { ...message, subtype: 'tombstone' } },
      { ...at, now: null },
    ],
    ['an app shows something else', { message: { ...message, bot_id: 'B1' } }, null],
    ['deleted', { subtype: 'message_deleted', deleted_ts: '1.2' }, { ...at, now: null }],
    ['deleted, and not said which', { subtype: 'message_deleted' }, null],
    ['new', { subtype: undefined, text: 'x' }, null],
    ['of a kind that is none', { message: 'x' }, null],
    ['without a channel', { channel: undefined, message }, null],
  ])('%s', (_, event, expected) => {
    const change = changeIn({ ...changed, ...event });
    if (expected === null) expect(change).toBeNull();
    else expect(change).toMatchObject(expected);
  });
});

describe('what a message says', () => {
  test('of one without words: its files, or what a bot attached', () => {
    const files = [
      { id: 'F1', name: 'a<b>.png', mimetype: 'image/png', size: 12 },
      { id: 'F2', title: 'log' },
      { id: 'F3', mode: 'tombstone' },
    ];
    expect(messageIn({ ts: '1.2', text: '', user: 'U1', files })).toEqual({
      ts: '1.2',
      raw: '(files: a&lt;b&gt;.png, log)',
      author: { id: 'U1', name: null },
      files: [
        { id: 'F1', name: 'a<b>.png', type: 'image/png', size: 12 },
        { id: 'F2', name: 'log', type: null, size: null },
      ],
    });
    expect(
      messageIn({
        ts: '1.2',
        bot_id: 'B1',
        bot_profile: { name: 'Grafana' },
        attachments: [{ fallback: 'CPU high' }],
      }),
    ).toEqual({ ts: '1.2', raw: 'CPU high', author: { id: 'B1', name: 'Grafana' }, app: true });
    expect(messageIn({ ts: '1.2', user: 'U1' })?.raw).toBe('(a message without text)');
    expect(messageIn({ text: 'no ts' })).toBeNull();
    expect(messageIn({ ts: '1.2', subtype: 'tombstone', text: 'This message was deleted.' })).toBeNull();
    expect(messageIn({ ts: 1731202860.000247, text: 'a float is no ts' })).toBeNull();
  });
});
