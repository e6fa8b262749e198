import { expect, test } from '@jest/globals';
import { createMetrics, type Kept } from '#metrics.js';
import { samplesIn, valueIn } from './support/exposition.js';

const NOTHING: Kept = { outbox: [], runs: [], schedules: [] };
const HERE = { parts: { database: { state: 'ok' } }, canary: { quietMs: 1_500, lagMs: 20 } };
/** Nothing is remembered. */
const AT_ONCE = { keptMs: 0, shownMs: 0 };

test('what is counted is there, under the labels that it was counted with', async () => {
  const metrics = createMetrics('1.2.3', AT_ONCE);
  metrics.answered('note', 'slack', 'recorded', 4);
  metrics.answered('note', 'slack', 'repeated', 4);
  metrics.answered(null, 'api', 'refused', 1);
  metrics.refused('UNKNOWN_VERB');
  metrics.slackAnswered(true, 2_100);
  metrics.committed('written', 3);
  metrics.committed('conflict', 3);
  metrics.delivered('channel.entry', 'done', 7, 300);
  metrics.slackCalled('chat.postMessage', { kind: 'ratelimited', retryAfterMs: 3_000 }, 20);
  metrics.slackCalled('chat.postMessage', { kind: 'refused', error: 'is_archived' }, 20);
  metrics.stepEnded('key-sync', 'keys.add', 'done');
  metrics.alert('prometheus', 'opened', 3);
  metrics.hook('prometheus', 401);
  // A process that keeps no page says nothing of when it was current, and not 1970.
  expect(await metrics.text()).not.toContain('\ntocsin_page_current_timestamp_seconds');
  metrics.pageBuilt('written', 300);
  metrics.pageIsCurrent();
  const text = await metrics.text();
  const is = (name: string, labels: Record<string, string>) => valueIn(text, `tocsin_${name}`, labels);
  expect(is('commands_total', { verb: 'note', front: 'slack', outcome: 'recorded' })).toBe(1);
  expect(is('commands_total', { verb: 'other', front: 'api', outcome: 'refused' })).toBe(1);
  expect(is('receipt_seconds_count', { front: 'slack' })).toBe(2);
  expect(is('receipt_seconds_bucket', { front: 'slack', le: '0.0025' })).toBe(0);
  expect(is('receipt_seconds_bucket', { front: 'slack', le: '0.005' })).toBe(2);
  expect(is('receipt_seconds_count', { front: 'api' })).toBe(0);
  expect(is('refusals_total', { code: 'UNKNOWN_VERB' })).toBe(1);
  // There before it happens, so that the first time is an increase.
  expect(is('refusals_total', { code: 'NOT_RECORDED' })).toBe(0);
  expect(is('slack_answer_seconds_count', { outcome: 'late' })).toBe(1);
  expect(is('commits_total', { outcome: 'written' })).toBe(1);
  expect(is('commits_total', { outcome: 'conflict' })).toBe(1);
  expect(is('commit_seconds_count', {})).toBe(1);
  expect(is('deliveries_total', { kind: 'channel.entry', outcome: 'done' })).toBe(7);
  expect(is('delivery_seconds_count', { kind: 'channel.entry' })).toBe(1);
  expect(is('slack_calls_total', { method: 'chat.postMessage', outcome: 'ratelimited' })).toBe(1);
  expect(is('slack_wait_seconds_total', { method: 'chat.postMessage' })).toBe(3);
  expect(is('slack_errors_total', { method: 'chat.postMessage', error: 'is_archived' })).toBe(1);
  expect(is('steps_total', { runbook: 'key-sync', action: 'keys.add', outcome: 'done' })).toBe(1);
  expect(is('alerts_total', { source: 'prometheus', outcome: 'opened' })).toBe(3);
  expect(is('hooks_total', { source: 'prometheus', status: '401' })).toBe(1);
  expect(is('page_builds_total', { outcome: 'written' })).toBe(1);
  expect(is('page_builds_total', { outcome: 'failed' })).toBe(0);
  expect(is('page_build_seconds_bucket', { le: '0.5' })).toBe(1);
  expect(is('page_current_timestamp_seconds', {})).toBeGreaterThan(1_700_000_000);
  expect(is('build_info', { version: '1.2.3' })).toBe(1);
});

test('a label is a name, and of each there are few: texts and what is one too many are `other`', async () => {
  const metrics = createMetrics('1', AT_ONCE);
  for (const source of ['two words', '', 'a\nb', '"}', 'x'.repeat(101), '<@U0ANA00001>', null])
    metrics.hook(source, 404);
  metrics.alert('prometheus', 'a sentence of somebody');
  for (let n = 0; n < 1_000; n++)
    metrics.slackCalled(`method.${n}`, { kind: 'refused', error: `error_${n}` }, 1);
  const text = await metrics.text();
  expect(samplesIn(text).filter(({ name }) => name === 'tocsin_hooks_total')).toEqual([
    { name: 'tocsin_hooks_total', labels: { source: 'other', status: '404' }, value: 7 },
  ]);
  expect(valueIn(text, 'tocsin_alerts_total', { source: 'prometheus', outcome: 'other' })).toBe(1);
  const calls = samplesIn(text).filter(({ name }) => name === 'tocsin_slack_calls_total');
  expect(calls).toHaveLength(201);
  expect(valueIn(text, 'tocsin_slack_calls_total', { method: 'other' })).toBe(800);
  // One that was known goes on under its name.
  metrics.slackCalled('method.3', { kind: 'ok' }, 1);
  expect(
    valueIn(await metrics.text(), 'tocsin_slack_calls_total', { method: 'method.3', outcome: 'ok' }),
  ).toBe(1);
});

test('a kind of which nothing is owed any more is at 0, and what the database says no more is gone', async () => {
  let kept: Kept | null = {
    outbox: [{ kind: 'channel.entry', open: 3, blocked: 1, dead: 2, oldestS: 9 }],
    runs: [{ status: 'asking', runs: 2 }],
    schedules: [
      { name: 'watch', outcome: 'drifted', lastDone: 100, next: 200 },
      { name: 'rotate', outcome: 'none', lastDone: null, next: 300 },
    ],
  };
  const metrics = createMetrics('1', AT_ONCE);
  metrics.watch({
    kept: async () => {
      if (kept === null) throw new Error('the database does not answer');
      return kept;
    },
    here: () => HERE,
  });
  const first = await metrics.text();
  const entry = { kind: 'channel.entry' };
  expect(valueIn(first, 'tocsin_outbox_open', entry)).toBe(3);
  expect(valueIn(first, 'tocsin_outbox_blocked', entry)).toBe(1);
  expect(valueIn(first, 'tocsin_outbox_dead', entry)).toBe(2);
  expect(valueIn(first, 'tocsin_outbox_oldest_seconds', entry)).toBe(9);
  expect(valueIn(first, 'tocsin_runs', { status: 'asking' })).toBe(2);
  expect(valueIn(first, 'tocsin_runs', { status: 'running' })).toBe(0);
  expect(valueIn(first, 'tocsin_drift', { schedule: 'watch' })).toBe(1);
  expect(valueIn(first, 'tocsin_drift', { schedule: 'rotate' })).toBeUndefined();
  expect(valueIn(first, 'tocsin_schedule_outcome', { schedule: 'rotate', outcome: 'none' })).toBe(1);
  expect(valueIn(first, 'tocsin_schedule_last_done_timestamp_seconds')).toBe(100);
  expect(valueIn(first, 'tocsin_part_ok', { part: 'database' })).toBe(1);
  expect(valueIn(first, 'tocsin_queue_canary_age_seconds')).toBe(1.5);
  expect(valueIn(first, 'tocsin_queue_canary_round_trip_seconds')).toBe(0.02);
  expect(valueIn(first, 'tocsin_database_up')).toBe(1);

  kept = NOTHING;
  const second = await metrics.text();
  expect(valueIn(second, 'tocsin_outbox_open', entry)).toBe(0);
  expect(valueIn(second, 'tocsin_schedule_outcome')).toBeUndefined();

  kept = null;
  metrics.committed('unavailable', 1);
  const third = await metrics.text();
  expect(valueIn(third, 'tocsin_database_up')).toBe(0);
  expect(valueIn(third, 'tocsin_outbox_open')).toBeUndefined();
  expect(valueIn(third, 'tocsin_runs')).toBeUndefined();
  expect(valueIn(third, 'tocsin_commits_total', { outcome: 'unavailable' })).toBe(1);
});

test('a database that says nothing is asked once, and keeps nobody waiting', async () => {
  let asked = 0;
  let says: (kept: Kept) => void = () => {};
  const metrics = createMetrics('1', { ...AT_ONCE, patienceMs: 1 });
  metrics.watch({
    kept: () => {
      asked += 1;
      return new Promise((resolve) => {
        says = resolve;
      });
    },
    here: () => HERE,
  });
  for (let n = 0; n < 5; n++) expect(valueIn(await metrics.text(), 'tocsin_database_up')).toBe(0);
  expect(asked).toBe(1);
  const next = metrics.text();
  says(NOTHING);
  expect(valueIn(await next, 'tocsin_database_up')).toBe(1);
});

test('who asks often gets what was read a moment ago', async () => {
  let asked = 0;
  const kept = async () => {
    asked += 1;
    return NOTHING;
  };
  const rarely = createMetrics('1', { keptMs: 3_600_000, shownMs: 0 });
  rarely.watch({ kept, here: () => HERE });
  await Promise.all([rarely.text(), rarely.text(), rarely.text()]);
  await rarely.text();
  expect(asked).toBe(1);
  // What is counted here is there at once all the same.
  rarely.hook('prometheus', 200);
  expect(valueIn(await rarely.text(), 'tocsin_hooks_total')).toBe(1);

  const same = createMetrics('1', { shownMs: 3_600_000 });
  const text = await same.text();
  same.hook('prometheus', 200);
  expect(await same.text()).toBe(text);
});
