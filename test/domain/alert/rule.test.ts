import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { file, type Rule, severityOf, titleOf, wrongInTitle } from '#domain/alert/rule.js';
import { groupId } from '#domain/alert/signal.js';
import { LIMITS, lengthOf } from '#domain/text.js';

const opening = {
  title: '{{ labels.alertname }}',
  severity: { label: null, map: {}, otherwise: null },
  ...{ components: [], private: false, people: [], groups: [], runbook: null },
};

function rule(name: string, more: Partial<Rule> = {}): Rule {
  return {
    ...{ name, match: { sources: [], labels: {} }, does: { open: opening }, groupBy: [] },
    ...{ forMs: null, count: null, quiet: null, resolve: 'suggest' },
    ...more,
  };
}
const on = (labels: Record<string, string[]>, sources: string[] = []) => ({ match: { sources, labels } });
const filed = (rules: Rule[], labels: Record<string, string>, source = 'prometheus') =>
  file(rules, source, { labels });

describe('filing', () => {
  test('is by the first rule that matches', () => {
    const rules = [
      rule('tts', on({ alertname: ['Tts*'], severity: ['critical', 'page'] })),
      rule('any', on({}, ['prom*'])),
    ];
    expect(filed(rules, { alertname: 'TtsFailing', severity: 'page' }).rule?.name).toBe('tts');
    expect(filed(rules, { alertname: 'TtsFailing', severity: 'info' }).rule?.name).toBe('any');
    expect(filed(rules, { alertname: 'TtsFailing', severity: 'page' }, 'grafana').rule?.name).toBe('tts');
    expect(filed(rules, { alertname: 'Disk' }, 'grafana')).toEqual({
      rule: null,
      key: '',
      group: groupId(''),
    });
  });

  test.each([
    ['a*', 'abc', true],
    ['*c', 'abc', true],
    ['a*c', 'abc', true],
    ['a*c', 'ac', true],
    ['a*b*c', 'a1b2b3c', true],
    ['*', '', true],
    ['', '', true],
    ['**', 'x', true],
    ['ab*ba', 'aba', false],
    ['a', 'ab', false],
    ['a*', 'ba', false],
    ['a.c', 'abc', false],
    ['A', 'a', false],
  ])('takes %j for a pattern of %j: %j', (pattern, value, matches) => {
    expect(filed([rule('r', on({ name: [pattern] }))], { name: value }).rule !== null).toBe(matches);
  });

  test('knows a star as a regular expression would', () => {
    const letters = fc.stringMatching(/^[ab]{0,12}$/);
    fc.assert(
      fc.property(fc.array(letters, { minLength: 1, maxLength: 5 }), letters, (parts, value) => {
        const matches = filed([rule('r', on({ x: [parts.join('*')] }))], { x: value }).rule !== null;
        expect(matches).toBe(new RegExp(`^${parts.join('.*')}$`).test(value));
      }),
    );
  });

  test('takes a label that is not there for an empty one, and none from elsewhere', () => {
    expect(filed([rule('r', on({ team: ['*'] }))], {}).rule).not.toBeNull();
    expect(filed([rule('r', on({ team: ['?*'] }))], {}).rule).toBeNull();
    expect(filed([rule('r', on({ constructor: ['*Object*'] }))], {}).rule).toBeNull();
  });

  test('what opens private incidents shares its key with nothing that opens others', () => {
    const does = { open: { ...opening, private: true } };
    const key = (more: Partial<Rule>) => filed([rule('r', more)], { service: 'tts' }).key;
    expect(key({ groupBy: ['service'], does })).toBe('private service=tts');
    expect(key({ groupBy: ['service'], does: { attach: true } })).toBe('service=tts');
    expect(key({ does })).toBe('private r');
  });

  test('no value of a label makes the key of other labels', () => {
    const both = rule('both', { groupBy: ['service', 'region'] });
    const one = rule('one', { groupBy: ['service'] });
    const key = (of: Rule, labels: Record<string, string>) => filed([of], labels).key;
    expect(key(one, { service: 'tts,region=eu' })).toBe('service=tts\\,region=eu');
    const any = fc.stringMatching(/^[a,=\\]{0,6}$/);
    fc.assert(
      fc.property(any, any, any, (service, region, forged) => {
        expect(key(one, { service: forged })).not.toBe(key(both, { service, region }));
        if (service !== forged)
          expect(key(both, { service: forged, region })).not.toBe(key(both, { service, region }));
      }),
    );
  });

  test('makes a key of labels in the order of the rule; without any, of its name', () => {
    const grouped = rule('r', { groupBy: ['service', 'region', 'zone'] });
    const { key, group } = filed([grouped], { region: 'eu', service: 'tts' });
    expect(key).toBe('service=tts,region=eu,zone=');
    expect(group).toBe(groupId(key));
    expect(filed([rule('r')], { region: 'eu' }).key).toBe('r');
  });

  test('makes one line of at most 200 letters of any key, and two different ones stay different', () => {
    const grouped = [rule('r', { groupBy: ['a'] })];
    const long = (end: string) => filed(grouped, { a: `${'é😀'.repeat(300)}${end}` }).key;
    expect(lengthOf(long('1'))).toBe(200);
    expect(long('1')).not.toBe(long('2'));
    expect(filed(grouped, { a: 'x\n\u202e\u0000y\u001b[31m z' }).key).toBe('a=x y z');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (a) => {
        const { key } = filed(grouped, { a });
        expect(lengthOf(key)).toBeLessThanOrEqual(LIMITS.alertKey);
        expect(key).not.toMatch(/[\r\n\0]/);
      }),
    );
  });
});

describe('a title', () => {
  const of = (title: string, labels: Record<string, string> = {}, said = 'said') =>
    titleOf({ title }, 'prometheus', 'service=tts', { title: said, labels });

  test('is filled in from what the signal says', () => {
    expect(of('{{title}} · {{ source }}: {{ key }} {{ labels.a b }}', { 'a b': 'x' })).toBe(
      'said · prometheus: service=tts x',
    );
    expect(of('{{ labels.none }}-{{ labels.constructor }}-')).toBe('--');
  });

  test('is not read for fields again once it is filled in', () => {
    expect(of('{{ title }} {{ labels.a }}', { a: '{{ key }}' }, '{{ labels.a }} $& $1')).toBe(
      '{{ labels.a }} $& $1 {{ key }}',
    );
  });

  test('is one line, never empty, and no longer than titles are', () => {
    expect(of('{{ labels.none }}')).toBe('said');
    expect(of('{{ labels.none }}', {}, ' \n ')).toBe('service=tts');
    expect(titleOf({ title: '{{ title }}' }, '', '', { title: '', labels: {} })).toBe('Alert');
    expect(lengthOf(of('{{ title }}', {}, '😀'.repeat(300)))).toBe(LIMITS.title);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (template, said) => {
        const title = of(template, { a: said }, said);
        expect(title).not.toMatch(/^\s*$|[\r\n\0]/);
        expect(lengthOf(title)).toBeLessThanOrEqual(LIMITS.title);
      }),
    );
  });

  test.each([
    ['{{ title }}: {{labels.x}}', null],
    ['plain', null],
    ['{ curly }', null],
    [' ', 'is empty'],
    ['{{ annotations.summary }}', '“{{ annotations.summary }}”'],
    ['{{ labels. }}', '“{{ labels. }}”'],
    ['{{ title }', 'not closed'],
    ['{{ title }} }}', 'not closed'],
  ])('as %j is checked before it is used: %j', (template, wrong) => {
    if (wrong === null) expect(wrongInTitle(template)).toBeNull();
    else expect(wrongInTitle(template)).toContain(wrong);
  });
});

test('the severity is what the map says of the label, else what stands for all others', () => {
  const severity = { label: 'severity', map: { critical: 'sev1' }, otherwise: 'sev3' } as const;
  const of = (labels: Record<string, string>) => severityOf({ ...opening, severity }, { labels });
  expect(of({ severity: 'critical' })).toBe('sev1');
  expect(of({ severity: 'page' })).toBe('sev3');
  expect(of({ severity: 'constructor' })).toBe('sev3');
  expect(of({})).toBe('sev3');
  expect(severityOf(opening, { labels: { severity: 'critical' } })).toBeNull();
});
