import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Answer, type FullKit, startFullKit } from './full-app.js';

let kit: FullKit;
let ana: string;
beforeAll(async () => {
  kit = await startFullKit();
  ana = await kit.tokenOf('ana');
  await kit.act('clock', { freeze: true });
});
afterAll(() => kit.stop());
beforeEach(() => kit.heard());

const presence = async (user: string, token?: string) => kit.call('users.getPresence', { user }, token);
const rest = async (user: string, token?: string) => kit.call('dnd.info', { user }, token);
const now = async () => Math.floor((await kit.act<{ now: number }>('clock', {})).now / 1000);

describe('presence', () => {
  test('others see active or away, oneself sees why', async () => {
    expect(await presence('U0BO000002')).toMatchObject({ presence: 'active' });
    expect(await presence('U0BO000002')).not.toHaveProperty('manual_away');
    await kit.act('presence', { user: 'bo', online: false });
    expect(await presence('U0BO000002')).toMatchObject({ presence: 'away' });
    expect((await kit.call('users.setPresence', { presence: 'away' }, ana)).ok).toBe(true);
    expect(await presence('U0ANA00001', ana)).toMatchObject({
      presence: 'away',
      online: true,
      manual_away: true,
      auto_away: false,
      connection_count: 1,
    });
    expect((await kit.call('users.setPresence', { presence: 'asleep' }, ana)).error).toBe('invalid_presence');
    await kit.call('users.setPresence', { presence: 'auto' }, ana);
    expect(await presence('U0ANA00001')).toMatchObject({ presence: 'active' });
  });

  test('the app is there as its manifest says, somebody deactivated never is', async () => {
    expect(await presence('U0BOT00000')).toMatchObject({ presence: 'active' });
    expect(await presence('U0EVA00005')).toMatchObject({ presence: 'away' });
    expect((await presence('U0NOBODY00')).error).toBe('user_not_found');
  });
});

describe('rest', () => {
  test('nobody has any at first', async () => {
    expect(await rest('U0BO000002')).toMatchObject({
      dnd_enabled: false,
      next_dnd_start_ts: 1,
      next_dnd_end_ts: 1,
    });
  });

  test("the hours of a night go over midnight in the person's own time zone", async () => {
    await kit.act('dnd', { user: 'ana', hours: { start: '22:00', end: '08:00' } });
    const { next_dnd_start_ts: start, next_dnd_end_ts: end, dnd_enabled } = await rest('U0ANA00001');
    expect(dnd_enabled).toBe(true);
    const local = (ts: unknown) =>
      new Date(Number(ts) * 1000).toLocaleTimeString('en-GB', {
        timeZone: 'Europe/Berlin',
        timeStyle: 'short',
      });
    expect([local(start), local(end)]).toEqual(['22:00', '08:00']);
    expect(Number(end)).toBeGreaterThan(await now());
    expect(await kit.heard('dnd_updated_user')).toMatchObject([
      { user: 'U0ANA00001', dnd_status: { dnd_enabled: true, next_dnd_start_ts: start } },
    ]);
    // Into the night: it runs, and can be ended for this once.
    await kit.act('clock', { advance_ms: Math.max(0, Number(start) - (await now()) + 60) * 1000 });
    expect((await kit.call('dnd.endDnd', {}, ana)).ok).toBe(true);
    expect(Number((await rest('U0ANA00001')).next_dnd_start_ts)).toBeGreaterThan(await now());
    expect((await kit.call('dnd.endDnd', {}, ana)).error).toBe('not_in_dnd');
    await kit.act('dnd', { user: 'ana', hours: null });
  });

  test('a pause is seen as a pause by oneself, and is over on the clock', async () => {
    const paused = await kit.call('dnd.setSnooze', { num_minutes: 30 }, ana);
    expect(paused).toMatchObject({ snooze_enabled: true, snooze_remaining: 1800 });
    expect(await rest('U0ANA00001', ana)).toMatchObject({ snooze_enabled: true, dnd_enabled: false });
    const seen = await rest('U0ANA00001');
    expect(seen).toMatchObject({ dnd_enabled: true, next_dnd_end_ts: paused.snooze_endtime });
    expect(seen).not.toHaveProperty('snooze_enabled');
    const { users } = await kit.call('dnd.teamInfo', { users: 'U0ANA00001,U0BO000002' });
    expect(users).toMatchObject({ U0ANA00001: { dnd_enabled: true }, U0BO000002: { dnd_enabled: false } });
    await kit.act('clock', { advance_ms: 31 * 60_000 });
    expect(await rest('U0ANA00001')).toMatchObject({ dnd_enabled: false });
    await kit.call('dnd.setSnooze', { num_minutes: 30 }, ana);
    expect(await kit.call('dnd.endSnooze', {}, ana)).toMatchObject({ ok: true, snooze_enabled: false });
    expect((await kit.heard('dnd_updated_user')).length).toBe(3);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['dnd.setSnooze', {}, 'missing_duration'],
    ['dnd.setSnooze', { num_minutes: 'x' }, 'snooze_failed'],
    ['dnd.setSnooze', { num_minutes: 1441 }, 'too_long'],
    ['dnd.endSnooze', {}, 'snooze_not_active'],
    ['dnd.teamInfo', { users: '' }, 'no_users_provided'],
    ['dnd.info', { user: 'U0NOBODY00' }, 'user_not_found'],
  ])('%s %j: %s', async (method, args, error) => {
    expect((await kit.call(method, args, ana)).error).toBe(error);
  });

  test('a bot has none of its own', async () => {
    const answer: Answer = await kit.call('dnd.setSnooze', { num_minutes: 5 });
    expect(answer.error).toBe('not_allowed_token_type');
  });
});
