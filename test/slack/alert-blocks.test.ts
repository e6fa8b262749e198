import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AlertGroup } from '#domain/alert/state.js';
import { checkMessageBlocks } from '#sandbox/blocks/check.js';
import { ALERT_VALUE, alertsMessage } from '#slack/blocks/alert.js';
import { OFFER_VALUE, unpacked } from '#slack/blocks/buttons.js';
import type { Block } from '#slack/blocks/text.js';
import { effort } from '../support/effort.js';

type View = Parameters<typeof alertsMessage>[0];
const group = (more: Partial<AlertGroup> = {}): AlertGroup => ({
  ...{ key: 'service=tts', rule: 'tts-failing', source: 'prometheus', firing: 2, alerts: 5 },
  ...{ since: '2024-11-10T01:43:00Z', n: 2, last: '2024-11-10T01:50:00Z', message: null },
  ...more,
});
const alert = (more: Partial<View['alerts'][number]> = {}): View['alerts'][number] => ({
  ...{ title: 'TtsFailing', text: 'more than 1 % fail', since: '2024-11-10T01:43:00Z' },
  ...{
    labels: { service: 'tts' },
    values: { rate: '0.19' },
    links: { Query: 'https://prometheus.example/graph?a=1&b=|2' },
  },
  ...more,
});
const message = (more: Partial<View> = {}) =>
  alertsMessage({
    ...{ incident: 7, open: true, id: 'g1', group: group(), firing: 2, alerts: [alert(), alert()] },
    ...{ mutedUntil: null, offer: null, mark: '12' },
    ...more,
  });

function texts(blocks: readonly Block[]): string[] {
  return blocks.flatMap((block) => {
    if (block.type === 'section') return [block.text?.text ?? ''];
    if (block.type === 'context') return block.elements.map((one) => ('text' in one ? String(one.text) : ''));
    return [];
  });
}
const buttons = (blocks: readonly Block[]) =>
  blocks.flatMap((block) =>
    block.type === 'actions' ? block.elements.flatMap((one) => (one.type === 'button' ? [one] : [])) : [],
  );
const labels = (more: Partial<View> = {}) => buttons(message(more).blocks).map((one) => one.text.text);

describe('what it says', () => {
  test('how many fire, of which key, since when, and each with what was measured', () => {
    const { text, blocks } = message();
    expect(text).toBe('2 of 5 alerts fire: `service=tts` TtsFailing, TtsFailing');
    expect(texts(blocks)).toEqual([
      '*2 of 5 alerts fire* `service=tts`\nsince <!date^1731202980^{date_short_pretty} {time}|2024-11-10 01:43 UTC> · from prometheus, by the rule tts-failing',
      ...Array(2).fill(
        '*TtsFailing* since <!date^1731202980^{time}|01:43 UTC> · `rate=0.19` · more than 1 % fail · <https://prometheus.example/graph?a=1&amp;b=%7C2|Query>',
      ),
    ]);
  });

  test('one, none any more, and those that were moved', () => {
    const [alone] = texts(message({ group: group({ firing: 1, alerts: 1 }), alerts: [alert()] }).blocks);
    expect(alone).toContain('*An alert fires* `service=tts`');
    const [ended] = texts(message({ group: group({ firing: 0 }), firing: 0, alerts: [] }).blocks);
    expect(ended).toContain('*All 5 alerts have ended* `service=tts`');
    expect(ended).toContain('the last until');
    const over = message({ group: group({ firing: 0, alerts: 1 }), firing: 0, alerts: [alert()] });
    expect(texts(over.blocks)).toEqual([
      expect.stringMatching(/^\*The alert has ended\* .* · until /s),
      // Which one it was is to be read without the timeline; what was measured is not true any more.
      '*TtsFailing* · more than 1 % fail · <https://prometheus.example/graph?a=1&amp;b=%7C2|Query>',
    ]);
    const several = message({ group: group({ firing: 0 }), firing: 0, alerts: [alert()] });
    expect(texts(several.blocks).at(-1)).toBe('and 4 more');
    const moved = message({ group: group({ moved: { to: 8 } }) });
    expect(texts(moved.blocks)).toHaveLength(1);
    expect(moved.text).toBe('Alerts that were moved to INC-8: `service=tts` TtsFailing, TtsFailing');
    const apart = message({ group: group({ moved: { to: null } }), alerts: [] });
    expect(texts(apart.blocks)[0]).toMatch(/^\*Alerts that have another incident now\* .*`list`/s);
  });

  test('alerts of one title are told from each other by the labels in which they differ', () => {
    const at = (instance: string, more = {}) =>
      alert({ labels: { service: 'tts', instance, ...more }, values: {}, links: {}, text: null });
    const lines = texts(message({ alerts: [at('node-1'), at('node-2', { zone: 'b' })] }).blocks).slice(1);
    expect(lines[0]).toMatch(/· `instance=node-1`$/);
    expect(lines[1]).toMatch(/· `instance=node-2` · `zone=b`$/);
    const said = texts(
      message({ alerts: [{ ...at('node-1'), title: 'node-1 is down' }, at('node-2')] }).blocks,
    );
    expect(said[1]).not.toContain('instance=');
  });

  test('ten are listed, and the others counted', () => {
    const all = texts(
      message({ group: group({ firing: 5_000, alerts: 5_000 }), alerts: Array(40).fill(alert()) }).blocks,
    );
    expect(all).toHaveLength(12);
    expect(all.at(-1)).toBe('and 4990 more');
  });

  test('a link that no browser should follow is none', () => {
    const Good = 'https://x/';
    for (const Bad of [
      'javascript:alert(1)',
      'data:text/html,x',
      'ftp://x',
      `https://x/${'y'.repeat(500)}`,
    ]) {
      const [, line] = texts(message({ alerts: [alert({ links: { Bad, Good } })] }).blocks);
      expect(line).not.toContain('|Bad>');
      expect(line).toContain('<https://x/|Good>');
    }
  });

  test('four links, what to do before where to look', () => {
    const names = ['Panel', 'Dashboard', 'Silence', 'Query', 'Runbook'];
    const links = Object.fromEntries(names.map((name) => [name, `https://x/${name}`]));
    const [, line = ''] = texts(message({ alerts: [alert({ links })] }).blocks);
    const shown = [...line.matchAll(/\|([A-Z]\w+)>/g)].map(([, name]) => name);
    expect(shown).toEqual(['Runbook', 'Panel', 'Dashboard', 'Silence']);
  });

  test('what is longer than Slack takes together is counted, not given up', () => {
    const long = (name: string) => `https://x/${name}/${'y'.repeat(380)}`;
    const links = Object.fromEntries(
      ['Runbook', 'Panel', 'Dashboard', 'Query'].map((name) => [name, long(name)]),
    );
    const alerts = Array(10).fill(alert({ title: 'z'.repeat(200), text: 'w'.repeat(3_000), links }));
    const all = texts(message({ group: group({ firing: 10, alerts: 10 }), firing: 10, alerts }).blocks);
    expect(all.join('').length).toBeLessThan(9_500);
    expect(all.at(-1)).toBe(`and ${10 - (all.length - 2)} more`);
    expect(all.length - 2).toBeGreaterThanOrEqual(3);
  });
});

describe('what is offered', () => {
  test('while it fires; muted; with a runbook; when nothing fires; resolved; moved', () => {
    expect(labels()).toEqual(['Attach', 'Split', 'Mute 1h', 'Not an incident']);
    expect(labels({ mutedUntil: new Date('2024-11-10T03:00:00Z') })).toContain('Unmute');
    const offer = { name: 'key-sync', inputs: { from: 'a' } };
    expect(labels({ offer })).toContain('Run key-sync');
    const about = JSON.stringify(message({ offer }).blocks.at(-1));
    expect(about).toContain('*Run key-sync* plans it; what would change something waits for approval.');
    expect(JSON.stringify(message().blocks)).not.toContain('plans it');
    const ended = { group: group({ firing: 0 }), alerts: [] };
    expect(labels({ ...ended, firing: 0 })[0]).toBe('Resolve');
    // Another group of the incident fires still.
    expect(labels({ ...ended, firing: 1 })).not.toContain('Resolve');
    expect(labels({ open: false })).toEqual([]);
    expect(labels({ group: group({ moved: { to: null } }) })).toEqual([]);
  });

  test('what is clicked brings back what it means', () => {
    const offer = { name: 'key-sync', inputs: { from: 'a' } };
    const [run, attach] = buttons(message({ offer }).blocks);
    expect(unpacked(OFFER_VALUE, run?.value)).toEqual({
      incident: 7,
      runbook: 'key-sync',
      inputs: { from: 'a' },
    });
    expect(attach?.action_id).toBe('alerts:attach');
    expect(unpacked(ALERT_VALUE, attach?.value)).toEqual({
      ...{ incident: 7, group: 'g1', key: 'service=tts', mark: '12' },
    });
  });

  test('that it is no incident is asked once more', () => {
    expect(buttons(message().blocks).at(-1)?.confirm).toMatchObject({
      style: 'danger',
      text: { text: expect.stringMatching(/ reopen REASON brings it back\.$/) },
    });
  });
});

test('within Slack’s limits, and pinging nobody, whatever a sender wrote', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      '<!channel>',
      '<@U012345>',
      '@here',
      '`',
      '```',
      '&lt;',
      '<#C1|x>',
      '\u202e',
      'https://x|y>',
    ),
    fc.string({ unit: 'grapheme', minLength: 900, maxLength: 1_000 }),
  );
  const many = fc.dictionary(nasty, nasty, { maxKeys: 20 });
  const one = fc.record({
    ...{
      title: nasty,
      text: fc.option(nasty),
      since: fc.constant('2024-11-10T01:43:00Z'),
      labels: many,
      values: many,
    },
    links: fc.dictionary(
      nasty,
      fc.oneof(
        nasty,
        fc.webUrl().map((url) => `${url}?<!here>|x`),
        fc.webUrl().map((url) => `${url}?${'<&|'.repeat(100)}`),
      ),
      { maxKeys: 8 },
    ),
  });
  fc.assert(
    fc.property(nasty, nasty, fc.array(one, { maxLength: 12 }), (key, name, alerts) => {
      const cutKey = [...key].slice(0, 200).join('');
      const { text, blocks } = message({
        ...{ group: group({ key: cutKey, source: name, rule: name, firing: 64 }), alerts },
        offer: { name: 'key-sync', inputs: {} },
      });
      expect(() => checkMessageBlocks(JSON.parse(JSON.stringify(blocks)))).not.toThrow();
      const all = texts(blocks);
      expect(text.length).toBeLessThanOrEqual(4_000);
      expect(all.join('').length).toBeLessThan(10_000);
      expect([text, ...all].join('\n').replace(/<!date\^\d+\^[^|]*\|[^>]*>/g, '')).not.toMatch(
        /<[@#!]|@here\b/,
      );
      expect(buttons(blocks).every(({ value }) => (value?.length ?? 0) <= 2_000)).toBe(true);
    }),
    { numRuns: effort(60) },
  );
});
