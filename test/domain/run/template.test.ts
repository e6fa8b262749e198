import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '#domain/run/runbook.js';
import {
  couldBe,
  fill,
  holds,
  isOpen,
  isUnknown,
  LEFT_OUT,
  pathsIn,
  TemplateFailed,
  UNKNOWN,
} from '#domain/run/template.js';

const scope = {
  inputs: { to: 'tts-new', count: 3, dry: false, empty: '', braces: '{{ inputs.to }}' },
  steps: {
    compare: {
      missing: ['client-1', 'client-2'],
      extra: [],
      deep: { a: [1, { b: null }] },
      fingerprints: { 'client-1': 'fp:1' },
    },
    add: UNKNOWN,
    half: { known: 1, open: UNKNOWN },
  },
  incident: { ref: 'INC-2' },
  run: { id: 7 },
};

function failure(value: Json, of: Record<string, unknown> = scope): TemplateFailed {
  try {
    fill(value, of);
  } catch (error) {
    if (error instanceof TemplateFailed) return error;
    throw error;
  }
  throw new Error('it was filled');
}

test.each<[string, Json]>([
  ['plain', 'plain'],
  ['}} {', '}} {'],
  ['{{ inputs.to }}', 'tts-new'],
  ['{{inputs.to}}', 'tts-new'],
  ['{{ inputs.count }}', 3],
  ['{{ inputs.dry }}', false],
  ['{{ steps.compare.missing }}', ['client-1', 'client-2']],
  ['{{ steps.compare.missing.1 }}', 'client-2'],
  ['{{ steps.compare.deep.a.1.b }}', null],
  ['{{ steps.compare.fingerprints.client-1 }}', 'fp:1'],
  ['keys:{{ inputs.to }}', 'keys:tts-new'],
  [' {{ inputs.to }}', ' tts-new'],
  ['{{ inputs.to }}{{ inputs.count }}', 'tts-new3'],
  ['{{ inputs.dry }}/{{ run.id }}', 'false/7'],
  ['copy {{ steps.compare.missing }}', 'copy client-1, client-2'],
  ['none: {{ steps.compare.extra }}.', 'none: .'],
  ['is {{ steps.compare.deep }}', 'is {"a":[1,{"b":null}]}'],
])('%j becomes %j', (template, value) => {
  expect(fill(template, scope)).toEqual(value);
});

test('a whole tree is filled, its names are left alone, and nothing in the scope is shared', () => {
  const tree = { '{{ inputs.to }}': ['{{ inputs.count }}', { a: 'x{{ inputs.to }}' }], n: 1, no: null };
  expect(fill(tree, scope)).toEqual({ '{{ inputs.to }}': [3, { a: 'xtts-new' }], n: 1, no: null });
  const missing = fill('{{ steps.compare.missing }}', scope) as string[];
  missing.push('changed');
  expect(scope.steps.compare.missing).toEqual(['client-1', 'client-2']);
});

test('a member named __proto__ stays a member', () => {
  const filled = fill(JSON.parse('{"__proto__": {"x": "{{ inputs.count }}"}}') as Json, scope) as object;
  expect(Object.getPrototypeOf(filled)).toBe(Object.prototype);
  expect(JSON.stringify(filled)).toBe('{"__proto__":{"x":3}}');
});

describe('a path that points nowhere says what is there', () => {
  test.each<[string, string, string[]]>([
    ['{{ inputs.ot }}', 'inputs has to, ', ['to']],
    ['{{ input.to }}', 'a template has inputs, ', ['inputs']],
    ['{{ steps.compare.mising }}', 'steps.compare has missing, ', ['missing']],
    ['{{ steps.compare.missing.2 }}', 'a list: write a number from 0 to 1', []],
    ['{{ steps.compare.missing.length }}', 'a list', []],
    ['{{ steps.compare.missing.-1 }}', 'a list', []],
    ['{{ steps.compare.extra.0 }}', 'an empty list', []],
    ['{{ inputs.to.length }}', 'inputs.to is a string', []],
    ['{{ steps.compare.deep.a.1.b.c }}', 'is empty', []],
    ['{{ inputs.__proto__ }}', 'inputs has', []],
    ['{{ inputs.constructor }}', 'inputs has', []],
    ['{{ inputs.constructor.constructor }}', 'inputs has', []],
    ['{{ steps.compare.missing.map }}', 'a list', []],
    ['{{ inputs.toString }}', 'inputs has', []],
  ])('%s', (template, says, first) => {
    const failed = failure(template);
    expect(failed.message).toContain(says);
    expect(failed.message).toContain(first.join(', '));
    expect(failed.message).not.toContain('tts-new');
  });

  test.each([
    '{{ inputs.to',
    '{{',
    '{{ }}',
    '{{ 1 + 1 }}',
    '{{ inputs["to"] }}',
    '{{ inputs.to | upper }}',
    '{{{ inputs.to }}}',
    '{{ inputs..to }}',
    '{{ run.id() }}',
    '{{ inputs.{{ inputs.to }} }}',
  ])('what is no path is refused: %s', (template) => {
    expect(failure(template).message).toMatch(/is not a path|is not closed/);
    expect(() => pathsIn(template)).toThrow(TemplateFailed);
  });
});

test.each<[string, boolean]>([
  ['{{ steps.compare.missing }}', true],
  ['{{ steps.compare.extra }}', false],
  ['not {{ steps.compare.extra }}', true],
  ['  not   {{ steps.compare.missing }} ', false],
  ['{{ inputs.empty }}', false],
  ['{{ inputs.dry }}', false],
  ['not {{ inputs.dry }}', true],
  ['{{ inputs.count }}', true],
  ['{{ steps.compare.deep.a.1.b }}', false],
  ['nothing', true],
  ['{{ inputs.empty }}{{ inputs.empty }}', false],
])('when: %s holds: %s', (condition, held) => {
  expect(holds(condition, scope)).toBe(held);
  expect(isOpen(condition, scope)).toBe(false);
});

test('what is not known before the run is kept apart', () => {
  expect(fill('{{ steps.add.added }}', scope)).toBe(UNKNOWN);
  expect(isUnknown(fill({ a: ['{{ steps.half }}'] }, scope))).toBe(true);
  expect(isUnknown(fill({ a: '{{ steps.half.known }}' }, scope))).toBe(false);
  expect(JSON.stringify(fill({ a: '{{ steps.add }}' }, scope))).toBe('{"a":"(known when it runs)"}');
  expect(fill('{{ steps.half }}', scope)).toEqual({ known: 1, open: UNKNOWN });
  expect(String(fill('{{ steps.add.added.0 }} added', scope))).toBe('(known when it runs) added');
  const mixed = fill({ text: 'all: {{ steps.half }}' }, scope);
  expect(isUnknown(mixed)).toBe(true);
  expect(JSON.stringify(mixed)).toBe('{"text":"all: {\\"known\\":1,\\"open\\":\\"(known when it runs)\\"}"}');
  for (const condition of ['{{ steps.add.x }}', 'not {{ steps.half.open }}']) {
    expect([isOpen(condition, scope), holds(condition, scope)]).toEqual([true, true]);
  }
});

test('what a step that was left out would have given is nothing to a `when`, and not there for others', () => {
  const without = { steps: { add: LEFT_OUT, compare: { missing: [1] } } };
  expect(holds('{{ steps.add.added }}', without)).toBe(false);
  expect(holds('not {{ steps.add.added.0 }}', without)).toBe(true);
  expect(isOpen('{{ steps.add.added }}', without)).toBe(false);
  expect(() => fill('{{ steps.add.added }}', without)).toThrow('points nowhere: steps.add was left out');
});

test.each<[unknown, unknown, boolean]>([
  ['a (known when it runs) b', ['anything'], true],
  [{ a: 1, b: ['x', '(known when it runs)'] }, { b: ['x', 7], a: 1 }, true],
  [{ a: 1, b: '(known when it runs)' }, { a: 2, b: 7 }, false],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [['x'], { 0: 'x' }, false],
  [null, null, true],
  [null, {}, false],
  ['1', 1, false],
])('what is %j in a plan could be %j: %s', (planned, value, could) => {
  expect(couldBe(planned as never, value as never)).toBe(could);
});

test('pathsIn lists every template of a tree', () => {
  expect(pathsIn(['{{ a.b }}', { x: 'y{{c}}{{ d }}', z: 1 }])).toEqual([
    { path: 'a.b' },
    { path: 'c' },
    { path: 'd' },
  ]);
});

test('property: a value that holds braces is not filled again', () => {
  const piece = fc.oneof(fc.constantFrom('{{', '}}', '{{ inputs.a }}', '{', '}'), fc.string());
  const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(text, text, (a, b) => {
      const inputs = { a, b };
      expect(fill('{{ inputs.a }}', { inputs })).toBe(a);
      expect(fill('{{ inputs.a }}-{{ inputs.b }}', { inputs })).toBe(`${a}-${b}`);
    }),
  );
});

test('property: random text around braces is filled or refused, never run', () => {
  const globals = globalThis as { planted?: boolean };
  const piece = fc.oneof(
    fc.constantFrom(
      '{{',
      '}}',
      '${',
      '}',
      'globalThis.planted=true',
      'inputs.to',
      'inputs.constructor',
      '.',
      '(',
    ),
    fc.string({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('');
      try {
        const value = fill(text, scope);
        if (!text.includes('{{')) expect(value).toBe(text);
        expect(typeof value).not.toBe('function');
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateFailed);
      }
      expect(globals.planted).toBeUndefined();
    }),
  );
});

test('property: only own members are found', () => {
  const names = fc.constantFrom(
    ...Object.getOwnPropertyNames(Object.prototype),
    ...Object.getOwnPropertyNames(Array.prototype),
    ...Object.getOwnPropertyNames(String.prototype),
  );
  fc.assert(
    fc.property(
      names,
      fc.constantFrom('inputs', 'inputs.to', 'steps.compare.missing', 'run.id'),
      (name, at) => {
        expect(() => fill(`{{ ${at}.${name} }}`, scope)).toThrow(TemplateFailed);
      },
    ),
  );
});
