import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { createMetrics } from '#metrics.js';
import { familiesIn, samplesIn } from '../support/exposition.js';
import { prometheusAvailable, promtool } from '../support/prometheus.js';

// ops/ and docs/operating.md speak of the metrics that there are.

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string) => readFileSync(path(name), 'utf8');

interface Alert {
  alert: string;
  expr: string;
  annotations: Record<string, string>;
}
const alerts = (parse(read('ops/alerts.yml')) as { groups: Array<{ rules: Alert[] }> }).groups.flatMap(
  ({ rules }) => rules,
);
const panels = (
  JSON.parse(read('ops/grafana.json')) as { panels: Array<{ targets?: Array<{ expr: string }> }> }
).panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

/** Everything once, so that each metric has its labels. */
async function full(): Promise<string> {
  const metrics = createMetrics('1', { keptMs: 0, shownMs: 0 });
  metrics.answered('note', 'slack', 'recorded', 1);
  metrics.refused('UNKNOWN_VERB');
  metrics.slackAnswered(false, 1);
  metrics.committed('written', 1);
  metrics.recorded([{ type: 'RunEnded', source: 'bot', data: { run: 1, end: 'failed' } } as never], {});
  metrics.delivered('channel.entry', 'done', 1, 1);
  metrics.slackCalled('chat.postMessage', { kind: 'refused', error: 'x', retryAfterMs: 1 }, 1);
  metrics.stepEnded('copy', 'keys.add', 'done');
  metrics.alert('prometheus', 'opened');
  metrics.hook('prometheus', 200);
  metrics.pageBuilt('written', 1);
  metrics.pageIsCurrent();
  metrics.watch({
    kept: async () => ({
      outbox: [{ kind: 'channel.entry', open: 1, blocked: 1, dead: 1, oldestS: 1 }],
      runs: [],
      schedules: [{ name: 'watch', outcome: 'drifted', lastDone: 1, next: 1 }],
    }),
    here: () => ({ parts: { database: { state: 'ok' } }, canary: { quietMs: 1, lagMs: 1 } }),
  });
  return metrics.text();
}

/** @returns the metrics that an expression selects, each with the labels that are asked of it */
function selected(expr: string): Array<{ name: string; labels: string[] }> {
  return [...expr.matchAll(/\b((?:tocsin|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, name = '', of = '']) => ({
      name,
      labels: [...of.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => label),
    }),
  );
}
/** What the scrape adds. */
const SCRAPED = ['job', 'instance'];

test('alerts and panels name metrics and labels that there are', async () => {
  const samples = samplesIn(await full());
  const labelsOf = new Map<string, Set<string>>();
  for (const { name, labels } of samples)
    labelsOf.set(name, new Set([...(labelsOf.get(name) ?? SCRAPED), ...Object.keys(labels)]));
  const wrong = [...alerts.map(({ expr }) => expr), ...panels].flatMap((expr) => {
    const asked = selected(expr);
    const unknown = asked.flatMap(({ name, labels }) => {
      const known = labelsOf.get(name);
      if (!known) return [name];
      return labels.filter((label) => !known.has(label)).map((label) => `${name}{${label}}`);
    });
    // What is grouped by is a label of something in the expression.
    const any = new Set(asked.flatMap(({ name }) => [...(labelsOf.get(name) ?? [])]));
    const grouped = [...expr.matchAll(/\b(?:by|without) \(([^)]*)\)/g)].flatMap(([, of = '']) =>
      of.split(/,\s*/),
    );
    return [...unknown, ...grouped.filter((label) => !any.has(label)).map((label) => `by (${label})`)];
  });
  expect(wrong).toEqual([]);
  expect(selected(alerts.map(({ expr }) => expr).join(' ')).length).toBeGreaterThan(20);
});

test('docs/operating.md has a row for every metric, and for no other', async () => {
  const there = [...familiesIn(await full()).keys()].filter((name) => name.startsWith('tocsin_'));
  const rows = [...read('docs/operating.md').matchAll(/^\| `(tocsin_\w+)`/gm)].map(([, name]) => name);
  expect(rows.sort()).toEqual(there.sort());
});

test('every alert leads to a heading of docs/operating.md', () => {
  const headings = [...read('docs/operating.md').matchAll(/^#{2,4} (.+)$/gm)].map(
    ([, heading = '']) => `docs/operating.md#${heading.toLowerCase().replaceAll(' ', '-')}`,
  );
  const astray = alerts.filter(({ annotations }) => !headings.includes(annotations.runbook_url ?? ''));
  expect(astray.map(({ alert }) => alert)).toEqual([]);
  expect(alerts.filter(({ annotations }) => !annotations.summary)).toEqual([]);
});

const withPromtool = prometheusAvailable() ? describe : describe.skip;

withPromtool('with promtool', () => {
  test('the alerts are rules', () => {
    const { code, out } = promtool(['check', 'rules', path('ops/alerts.yml')]);
    expect([code, out]).toEqual([0, expect.stringContaining(`${alerts.length} rules found`)]);
  });

  test('each fires when it should, and none for a bot that is well', () => {
    expect(read('ops/alerts.test.yml')).toContain(`value: ${alerts.length} }]`);
    const { code, out } = promtool(['test', 'rules', path('ops/alerts.test.yml')]);
    expect([code, out]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });

  test('what is shown is well written', async () => {
    expect(promtool(['check', 'metrics'], await full())).toEqual({ code: 0, out: '' });
  });
});
