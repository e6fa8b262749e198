import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Engine, openEngine } from '#queue/engine.js';
import { type Relay, startRelay } from '#queue/relay.js';
import type { RunningWorker } from '#worker/worker.js';
import { startWorker } from '../../src/worker/worker.js';
import { type Kit, laneOf, startKit } from '../deliver/kit.js';
import { onEveryEngine, type Server } from '../queue/servers.js';
import { until } from '../support/until.js';

onEveryEngine('a worker woken through %s', (_name, start) => {
  let server: Server;
  let engine: Engine;
  let relay: Relay;
  let worker: RunningWorker;
  let kit: Kit;

  /** A process that pays: what compose puts together. */
  const starts = async (more: { sweepEveryMs?: number } = {}): Promise<void> => {
    engine = await openEngine({ ...server.options, log: kit.world.log });
    relay = startRelay({
      engine,
      dueLanes: (limit) => kit.store.outbox.dueLanes(limit),
      log: kit.world.log,
    });
    kit.nudged.by = relay.nudge;
    worker = startWorker({ engine, relay, world: kit.world, ...more });
  };
  const stops = async (): Promise<void> => {
    await Promise.all([relay.stop(), worker.stop()]);
    await engine.close();
  };

  beforeAll(async () => {
    server = await start();
    kit = await startKit();
    await starts();
  });
  beforeEach(() => kit.act('fault/clear', {}));
  afterAll(async () => {
    await stops();
    await kit.stop();
    await server.stop();
  });

  const paid = (...incidents: number[]) =>
    until('everything is paid', async () => {
      const rows = await Promise.all(incidents.map((incident) => kit.rows(incident)));
      return rows.flat().every((row) => row.done || (row.dead && row.kind !== 'channel.open'));
    });
  const noted = async (incident: number) =>
    [
      ...(await kit.said(incident))
        .map((one) => one.text)
        .join('\n')
        .matchAll(/note (\d+)/g),
    ].map(([, n]) => Number(n));

  test('several incidents at once: in order, and never faster than Slack allows', async () => {
    await kit.act('settings', { rate_limits: true });
    const incidents: number[] = [];
    for (let i = 0; i < 3; i++) incidents.push(await kit.opens(`Busy ${i}`));
    // Slack allows one a second.
    for (let n = 1; n <= 3; n++) {
      for (const incident of incidents) await kit.notes(incident, `note ${n}`);
      await until('a note is said', async () =>
        (await noted(incidents[0] as number).catch((): number[] => [])).includes(n),
      );
    }
    await paid(...incidents);
    for (const incident of incidents) expect(await noted(incident)).toEqual([1, 2, 3]);
    expect((await kit.calls()).filter((call) => call.status === 429)).toEqual([]);
    await kit.act('settings', { rate_limits: false });
  });

  test('Retry-After holds its own channel, to the end, and no other', async () => {
    const held = await kit.opens('Held');
    const free = await kit.opens('Free');
    await paid(held, free);
    await kit.fault('chat.postMessage', 'ratelimit', 2);
    await kit.notes(held, 'note 1');
    const limited = async () => (await kit.calls('chat.postMessage')).find((call) => call.status === 429);
    await until('Slack says wait', async () => (await limited()) !== undefined);
    await kit.notes(held, 'note 2');
    await kit.notes(free, 'note 3');
    await paid(held, free);
    expect(await noted(held)).toEqual([1, 2]);
    const posts = await kit.calls('chat.postMessage');
    const wait = await limited();
    const since = posts.filter((call) => call.started_at > (wait?.ended_at ?? 0));
    const here = since.filter((call) => call.args.channel === wait?.args.channel);
    expect(Math.min(...here.map((call) => call.started_at))).toBeGreaterThanOrEqual(
      (wait?.ended_at ?? 0) + 2_000,
    );
    expect(since.findIndex((call) => call.args.channel !== wait?.args.channel)).toBe(0);
  });

  test('one broken incident does not hold up another', async () => {
    const broken = await kit.opens('Broken');
    const fine = await kit.opens('Fine');
    await paid(broken, fine);
    await kit.act('channel/archive', { user: 'ana', channel: `inc-${broken}-broken` });
    for (let n = 1; n <= 3; n++) {
      await kit.notes(broken, `note ${n}`);
      await kit.notes(fine, `note ${n}`);
    }
    await paid(broken, fine);
    expect(await noted(fine)).toEqual([1, 2, 3]);
    expect(await noted(broken)).toEqual([]);
    const dead = (await kit.store.outbox.dead('T1')).filter((row) => row.incident === broken);
    expect(dead.every((row) => row.error === 'channel: is_archived')).toBe(true);
    expect(dead.length).toBeGreaterThan(0);
  });

  test('stopped in the middle it gives its lanes back, and the next worker goes on', async () => {
    const incidents: number[] = [];
    for (let i = 0; i < 4; i++) {
      const incident = await kit.opens(`Handed over ${i}`);
      await kit.notes(incident, 'note 1');
      incidents.push(incident);
    }
    await stops();
    const { rows } = await kit.client.query('select 1 from lane where lease_until > now()');
    expect(rows).toEqual([]);
    await starts();
    await paid(...incidents);
    for (const incident of incidents) {
      expect(await noted(incident)).toEqual([1]);
      expect((await kit.channel(incident)).pins).toHaveLength(1);
    }
  });

  test('a channel that could not be made is made by itself, by a worker that was not there when it was refused', async () => {
    await kit.fault('conversations.create', 'error', 'restricted_action', 1);
    const incident = await kit.opens('Some day');
    await kit.notes(incident, 'note 1');
    await until('it is given up', async () => (await kit.rows(incident))[0]?.dead === true);
    await stops();
    await kit.client.query(
      "update outbox set dead_at = dead_at - interval '11 minutes' where incident = $1",
      [incident],
    );
    await starts({ sweepEveryMs: 50 });
    await paid(incident);
    expect(await noted(incident)).toEqual([1]);
  });

  test('clears away beside its work what was paid long ago, and the lanes that owe nothing', async () => {
    const [old, young] = [await kit.opens('Old'), await kit.opens('Young')];
    await paid(old, young);
    const kept = (await kit.rows(young)).length;
    await stops();
    await kit.client.query(`update outbox set done_at = done_at - interval '4 days' where incident = $1`, [
      old,
    ]);
    await starts({ sweepEveryMs: 20 });
    await until('it is cleared away', async () => {
      const { rows } = await kit.client.query('select 1 from lane where lane = any($1)', [
        [laneOf(old), laneOf(young)],
      ]);
      return rows.length === 0 && (await kit.rows(old)).length === 0;
    });
    expect((await kit.rows(young)).length).toBe(kept);
    await stops();
    await starts();
    await kit.notes(old, 'note 1');
    await paid(old);
    expect(await noted(old)).toEqual([1]);
  });

  test('a queue that forgets everything loses nothing', async () => {
    const incident = await kit.opens('Flushed');
    for (let n = 1; n <= 4; n++) {
      await kit.notes(incident, `note ${n}`);
      await server.flush();
    }
    await paid(incident);
    expect(await noted(incident)).toEqual([1, 2, 3, 4]);
  });
});
