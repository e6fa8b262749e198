import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Clock } from '#sandbox/workspace/clock.js';
import { Snapshot } from '#sandbox/workspace/snapshot.js';
import { type Kit, startKit } from './kit.js';

describe('the clock', () => {
  test('starts where it is told and stands still', async () => {
    const clock = new Clock({ now: 1_000_000, frozen: true });
    await sleep(5);
    expect(clock.now()).toBe(1_000_000);
    clock.advance(2500);
    expect([clock.now(), clock.seconds()]).toEqual([1_002_500, 1002]);
    clock.reset();
    expect(clock.now()).toBe(1_000_000);
  });

  test('what waits runs at its own moment, in order, and what that sets too', () => {
    const clock = new Clock({ now: 0, frozen: true });
    const ran: Array<[string, number]> = [];
    const note = (name: string) => () => ran.push([name, clock.now()]);
    clock.at(200, note('late'));
    clock.at(100, () => {
      note('early')();
      clock.after(50, note('between'));
    });
    clock.at(100, note('early too'));
    const cancel = clock.at(120, note('never'));
    clock.at(1001, note('not yet'));
    cancel();
    clock.advance(1000);
    expect(ran).toEqual([
      ['early', 100],
      ['early too', 100],
      ['between', 150],
      ['late', 200],
    ]);
    expect(clock.now()).toBe(1000);
  });

  test('what is due already runs in the next turn, frozen or not', async () => {
    const clock = new Clock({ now: 500, frozen: true });
    let ran = false;
    clock.at(1, () => {
      ran = true;
    });
    expect(ran).toBe(false);
    while (!ran) await sleep(1);
  });

  test('runs by itself while it runs, and keeps what it waits for while it stands', async () => {
    const clock = new Clock();
    const ran: string[] = [];
    clock.after(5, () => ran.push('a'));
    while (ran.length === 0) await sleep(1);
    clock.freeze(true);
    clock.after(1, () => ran.push('b'));
    await sleep(10);
    expect(ran).toEqual(['a']);
    clock.freeze(false);
    while (ran.length === 1) await sleep(1);
    clock.stop();
  });

  test('a wait longer than a node timer can is no mistake', () => {
    const clock = new Clock({ now: 0, frozen: true });
    let ran = 0;
    clock.after(120 * 86_400_000, () => ran++);
    clock.freeze(false);
    clock.advance(121 * 86_400_000);
    expect(ran).toBe(1);
    clock.stop();
  });
});

test('a snapshot keeps classes and what is shared, and can be used twice', () => {
  class Thing {
    constructor(public size: number) {}
    double() {
      return this.size * 2;
    }
  }
  const shared = { words: ['a'] };
  const state = {
    things: new Map([['x', new Thing(2)]]),
    list: [shared, shared],
    names: new Set(['n']),
    how: () => 1,
  };
  const snapshot = new Snapshot([state]);
  const { things } = state;
  for (let i = 0; i < 2; i++) {
    things.get('x')!.size = 9;
    state.list[0]!.words.push('b');
    state.names.clear();
    snapshot.restore();
    expect(state.things).toBe(things);
    expect(things.get('x')!.double()).toBe(4);
    expect(state.list[0]).toBe(state.list[1]);
    expect([state.list[0]!.words, [...state.names]]).toEqual([['a'], ['n']]);
  }
});

describe('a sandbox', () => {
  let kit: Kit;
  const NOW = '2030-01-02T03:04:05.000Z';
  const start = () =>
    startKit({
      seed: { ids: 'fixed' },
      clock: { now: NOW, frozen: true },
      settings: { rateLimits: false, retryScale: 0, ackMs: 77 },
    });
  beforeAll(async () => {
    kit = await start();
  });
  afterAll(() => kit.stop());

  const live = async (on: Kit) => {
    const made = await on.client.conversations.create({ name: 'fixed' });
    const channel = made.channel!.id!;
    const { ts } = await on.client.chat.postMessage({ channel, text: 'x' });
    return { channel, ts, created: made.channel!.created };
  };

  test('with a given clock and seeded ids is the same from run to run, and after a reset', async () => {
    const first = await live(kit);
    expect(first).toMatchObject({
      created: Date.parse(NOW) / 1000,
      ts: expect.stringMatching(/^1893553445\.\d{6}$/),
    });
    const second = await start();
    try {
      expect(await live(second)).toEqual(first);
    } finally {
      await second.stop();
    }
    await kit.act('clock', { advance_ms: 86_400_000, freeze: false });
    await kit.act('settings', { ack_ms: 5, rate_limits: true, short_pages: true, goodbye: 'warning' });
    await kit.act('latency', { ms: 7 });
    await kit.act('fault', { method: '*', kind: 'error', value: 'fatal_error' });
    await kit.act('reset');
    const { settings, rate_limits } = await kit.act<{ settings: object; rate_limits: boolean }>(
      'settings',
      {},
    );
    expect({ ...settings, rate_limits }).toMatchObject({
      ...{ ackMs: 77, latencyMs: 0, shortPages: false, goodbye: null, rate_limits: false },
    });
    expect((await kit.act<{ now: number }>('clock', {})).now).toBe(Date.parse(NOW));
    expect(await live(kit)).toEqual(first);
  });

  test('goes back to a snapshot', async () => {
    await kit.act('reset');
    const { channel } = await live(kit);
    await kit.act('snapshot', { name: 'one message' });
    await kit.client.chat.postMessage({ channel, text: 'more' });
    await kit.client.conversations.rename({ channel, name: 'other' });
    await kit.client.conversations.create({ name: 'new' });
    const names = async () =>
      (await kit.look<{ channels: Array<{ name: string; messages: unknown[] }> }>('state')).channels.map(
        (it) => [it.name, it.messages.length],
      );
    for (let i = 0; i < 2; i++) {
      expect(await kit.act('restore', { name: 'one message' })).toMatchObject({ ok: true });
      expect(await names()).toContainEqual(['fixed', 1]);
      expect(await names()).not.toContainEqual(['new', expect.anything()]);
      await kit.client.chat.postMessage({ channel, text: 'again' });
    }
    expect(await kit.act('restore', { name: 'nothing' })).toMatchObject({
      ok: false,
      error: 'unknown_snapshot: nothing',
    });
  });

  test('a snapshot knows whose the workspace is, what it is called, and who may call', async () => {
    await kit.act('reset');
    const about = async () => {
      const { ok, enterprise_id: org } = await kit.client.auth
        .test()
        .catch(() => ({ ok: false, enterprise_id: '' }));
      const { identity } = await kit.look<{ identity: { teamName: string } }>('state');
      return [ok, org, identity.teamName];
    };
    await kit.act('enterprise', { on: true });
    await kit.act('team/rename', { name: 'Before' });
    await kit.act('snapshot', { name: 'whole' });
    await kit.act('enterprise', { on: false });
    await kit.act('team/rename', { name: 'After' });
    await kit.act('uninstall');
    expect(await about()).toEqual([false, '', 'After']);
    await kit.act('restore', { name: 'whole' });
    expect(await about()).toEqual([true, 'E0SANDBOX1', 'Before']);
    await kit.act('enterprise', { on: false });
    await kit.act('reset');
    expect(await about()).toEqual([true, undefined, 'Sandbox']);
  });

  test('refuses a time that is none', async () => {
    await expect(startKit({ clock: { now: 'tomorrow' } })).rejects.toThrow('not a time: tomorrow');
  });
});
