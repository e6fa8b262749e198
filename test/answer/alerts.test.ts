import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answer, createAnswer } from '#answer/answer.js';
import { mutesOf } from '#compose/core.js';
import { groupId, signalId } from '#domain/alert/signal.js';
import { plain } from '#domain/command/entered.js';
import type { Asking } from '#domain/incident/intent.js';
import { forbidden } from '#domain/permission.js';
import { createRead } from '#read/read.js';
import { ANA, BO, type Kit, startKit } from '../deliver/kit.js';
import { alert, GROUP } from '../domain/alert/given.js';

let kit: Kit;
let nudged: string[] = [];
beforeAll(async () => {
  kit = await startKit();
});
afterAll(() => kit.stop());

const asking = (by = ANA, more: Partial<Asking> = {}): Asking => ({
  ...{ team: 'T1', by, source: 'slack', key: null, now: new Date() },
  ...{ seesPrivate: false, account: 'member' as const, ...more },
});

function types(line: string, incident: number | null, by = ANA, more: Partial<Asking> = {}): Promise<Answer> {
  const answer = createAnswer({
    ...{ handle: kit.handle, read: createRead(kit.store), roles: [], components: [], command: '/incident' },
    mutes: mutesOf(kit.store, (lanes) => {
      nudged.push(...lanes);
    }),
    permits: async (power, _incident, who) =>
      forbidden(power, null, who, { account: who.account ?? 'unknown', present: null, among: false }, {}),
  });
  return answer({
    ...{ entered: plain(line), implied: incident, zone: 'UTC', zoneKnown: true },
    asking: asking(by, more),
  });
}
const MONITORING = { id: 'alerts:prometheus', name: null };
const hears = (incident: number) =>
  kit.says({ type: 'RecordAlert', alert: alert() }, incident, MONITORING, { source: 'alerts' });
const text = (answer: Answer) =>
  answer.kind === 'refused' ? answer.refusal.code : 'text' in answer ? answer.text : answer.kind;

test('a key is muted and listed, seen in its message, and open again', async () => {
  const incident = await kit.opens('Muted');
  await hears(incident);
  nudged = [];
  expect(text(await types('mute service=tts 2h', null))).toContain('service=tts is muted until');
  expect(nudged).toContain(`T1/INC-${incident}`);
  expect((await kit.rows(incident)).filter(({ kind }) => kind === 'alerts.show')).toHaveLength(1);
  expect(text(await types('mute', null))).toMatch(/^service=tts until .*, by ana/);
  expect(await kit.world.alerts.mutedUntil('T1', 'service=tts')).toBeInstanceOf(Date);
  expect(text(await types('mute service=tts off', null))).toContain('is not muted');
  expect(text(await types('mute', null))).toContain('Nothing is muted');
});

test('a guest mutes nothing, and is not told what is muted', async () => {
  await types('mute service=secret 2h', null);
  for (const line of ['mute service=tts 2h', 'mute'])
    expect(text(await types(line, null, BO, { account: 'guest' }))).toBe('NOT_PERMITTED');
  expect(text(await types('mute', null))).not.toContain('service=tts');
});

describe('a key of alerts is muted', () => {
  const lists = async (by = ANA, more: Partial<Asking> = {}) => text(await types('mute', null, by, more));
  const of = (key: string) => ({ key, group: groupId(key), id: `alert of ${key}` });
  /** It fires in that incident, which sources of alerts have told as ever. */
  const fires = async (key: string, incident: number) => {
    const said = {
      ...{ alert: key, status: 'firing' as const, since: '2024-11-10T01:43:00Z', until: null, title: 'Hush' },
      ...{ text: null, labels: {}, values: {}, links: [] },
    };
    const filed = { ...said, rule: 'hush', key, group: groupId(key) };
    await kit.store.signals.arrive('T1', {
      ...{ source: 'prometheus', delivery: key, shadow: false, signals: [filed] },
    });
    await kit.says({ type: 'RecordAlert', alert: alert(of(key)) }, incident, MONITORING, {
      source: 'alerts',
    });
    await kit.store.signals.settled('T1', [
      { id: signalId('prometheus', said), outcome: 'attached', incident },
    ]);
  };
  /** The time of all signals is over. */
  const forgets = async () => {
    await kit.client.query("update signal set fires = false, received_at = now() - interval '90 days'");
    await kit.store.signals.sweep(1_000, 1_000);
    expect((await kit.client.query('select from signal')).rowCount).toBe(0);
  };

  test.each([
    ['of a rule that opens private incidents', 'private service=hush'],
    ['of an incident that somebody else has made private', 'service=hush'],
  ])('%s: listed for those who may see that, and for nobody else', async (_, key) => {
    await fires(key, await kit.opens('Hidden', { private: true }));
    await types(`mute ${key} 2h`, null);
    for (const later of [async () => {}, forgets]) {
      await later();
      expect(await lists()).toContain(key);
      expect(await lists(BO)).not.toContain('hush');
    }
    // Whoever has muted it knows it.
    await types(`mute ${key} 2h`, null, BO);
    expect(await lists(BO)).toContain(key);
    expect(await lists()).toContain(key);
    await types(`mute ${key} off`, null);
  });

  test('of a private rule that has opened nothing yet: listed for whoever muted it, and for nobody else', async () => {
    const key = 'private service=new';
    await types(`mute ${key} 2h`, null);
    expect(await lists()).toContain(key);
    expect(await lists(BO)).not.toContain('service=new');
    // A program that may see whatever is private.
    expect(await lists({ id: 'token:all', name: 'all' }, { source: 'api', seesPrivate: true })).toContain(
      key,
    );
    await types(`mute ${key} off`, null);
  });

  test('of no incident yet, or of one that is everybody’s: listed for all', async () => {
    await types('mute service=fresh 2h', null);
    await fires('service=open', await kit.opens('Open'));
    await types('mute service=open 2h', null);
    for (const later of [async () => {}, forgets]) {
      await later();
      for (const key of ['service=fresh', 'service=open']) expect(await lists(BO)).toContain(key);
    }
  });

  test('whose alerts were moved on: listed for those who may see where they are now', async () => {
    const key = 'service=moved';
    const [first, second] = [await kit.opens('From'), await kit.opens('To', { private: true })];
    await fires(key, first);
    await kit.says({ type: 'MoveAlerts', group: groupId(key), to: second }, first);
    await types(`mute ${key} 2h`, null);
    await forgets();
    // Nobody has taken them yet.
    expect(await lists(BO)).toContain(key);
    const taken = { ...of(key), source: 'prometheus', rule: null, from: first, hidden: false };
    await kit.says({ type: 'TakeAlerts', ...taken }, second, { id: 'tocsin', name: null });
    expect(await lists(BO)).not.toContain(key);
    expect(await lists()).toContain(key);
  });
});

test('what only looks may list, and mutes nothing', async () => {
  const answer = createAnswer({
    ...{ handle: kit.handle, read: createRead(kit.store), roles: [], components: [], command: '/incident' },
    mutes: mutesOf(kit.store, () => {}),
  });
  const typed = { implied: null, zone: 'UTC', zoneKnown: true, looksOnly: true, asking: asking() };
  expect(text(await answer({ ...typed, entered: plain('mute service=tts 2h') }))).toBe('ONLY_LOOKS');
  expect((await answer({ ...typed, entered: plain('mute') })).kind).toBe('text');
});

test('alerts go where whoever moves them may look; a private incident is as one that is not there', async () => {
  const from = await kit.opens('From');
  await hears(from);
  const hidden = await kit.opens('Hidden', { private: true });
  expect(text(await types(`attach service=tts INC-${hidden}`, from, BO))).toBe('NO_SUCH_INCIDENT');
  expect(text(await types('attach service=tts INC-999', from, BO))).toBe('NO_SUCH_INCIDENT');
  expect(await types(`attach service=other INC-${hidden}`, from)).toMatchObject({
    refusal: { code: 'NO_SUCH_ALERTS', next: 'Type one of its keys: `service=tts`.' },
  });
  expect(text(await types(`attach service=tts INC-${hidden}`, from, ANA, { account: 'guest' }))).toBe(
    'NOT_PERMITTED',
  );
  const moved = text(await types(`attach service=tts INC-${hidden}`, from));
  expect(moved).toContain('alerts of service=tts: moved to another incident');
  expect(moved).not.toContain(`INC-${hidden}`);
  // `undo` would take the line back, and not the alerts.
  expect(moved).toContain(`To bring them back: \`attach service=tts INC-${from}\` in their new incident`);
  expect(moved).not.toContain('undo');
  expect(moved).toContain('has no alerts any more: `dismiss` closes it');
  expect(await kit.rows(from, 'alerts.move')).toHaveLength(1);
  const { rows } = await kit.client.query(
    "select lane, payload from outbox where kind = 'alerts.move' and incident = $1",
    [from],
  );
  expect(rows).toEqual([{ lane: `T1/alerts/${GROUP}`, payload: { group: GROUP, to: hidden } }]);
});

test('the receipt of `resolve` says how many alerts still fire', async () => {
  const incident = await kit.opens('Resolved');
  await hears(incident);
  expect(text(await types('resolve', incident))).toContain('1 alert still fires.');
  const quiet = await kit.opens('Quiet');
  expect(text(await types('resolve', quiet))).not.toContain('fire');
});

test('who mutes a key of which they see no alert is told so, and not whether others have', async () => {
  const incident = await kit.opens('Kept quiet', { private: true });
  const key = 'private service=quiet';
  await kit.says(
    { type: 'RecordAlert', alert: { ...alert(), key, group: groupId(key) } },
    incident,
    { id: 'alerts:prometheus', name: null },
    { source: 'alerts' },
  );
  const said = {
    ...{ alert: 'q', status: 'firing' as const, since: '2024-11-10T01:43:00Z', until: null, title: 'Quiet' },
    ...{ text: null, labels: { service: 'quiet' }, values: {}, links: [] },
  };
  const filed = { ...said, rule: 'quiet', key, group: groupId(key) };
  await kit.store.signals.arrive('T1', {
    ...{ source: 'prometheus', delivery: 'q', shadow: false, signals: [filed] },
  });
  await kit.store.signals.settled('T1', [{ id: signalId('prometheus', said), outcome: 'opened', incident }]);
  const never = text(await types('mute private service=never 2h', null, BO));
  expect(never).toContain(
    'No incident that you may see has had alerts of that key; keys stand in the message of the alerts.',
  );
  // As if nobody had ever heard of it.
  expect(text(await types(`mute ${key} 2h`, null, BO))).toBe(
    never.replaceAll('service=never', 'service=quiet'),
  );
  expect(text(await types(`mute ${key} 2h`, null))).not.toContain('has had alerts');
  for (const one of [key, 'private service=never'])
    expect(text(await types(`mute ${one} off`, null, BO))).not.toContain('has had alerts');
});
