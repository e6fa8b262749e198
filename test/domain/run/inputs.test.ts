import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { refuse } from '#domain/refusal.js';
import { readInputs, targetOf } from '#domain/run/inputs.js';
import { type InputSpec, RUNBOOK_LIMITS, type Runbook } from '#domain/run/runbook.js';
import { TemplateFailed } from '#domain/run/template.js';

const spec = (of: Partial<InputSpec>): InputSpec => ({
  type: 'string',
  description: null,
  enum: null,
  ...of,
});
const specs = {
  to: spec({ default: 'tts-new' }),
  from: spec({}),
  count: spec({ type: 'number', default: 2, enum: [1, 2, 3] }),
  dry: spec({ type: 'boolean', default: false }),
  zone: spec({ default: 'a', enum: ['a', 'b'] }),
};

test('typed by what the runbook declares, with its defaults', () => {
  expect(readInputs(specs, { from: 'x' })).toEqual({
    inputs: { to: 'tts-new', from: 'x', count: 2, dry: false, zone: 'a' },
  });
  expect(readInputs(specs, { from: '5', count: '3', dry: 'YES', zone: 'b', to: 'two\nlines' })).toEqual({
    inputs: { to: 'two\nlines', from: '5', count: 3, dry: true, zone: 'b' },
  });
});

describe('what cannot be used is named, with what could be written', () => {
  const long = 'x'.repeat(RUNBOOK_LIMITS.input + 1);
  test.each<
    [string, Record<string, string>, { input: string; why: RegExp; names?: unknown; values?: unknown }]
  >([
    [
      'unknown',
      { form: 'x' },
      { input: 'form', why: /not an input/, names: expect.arrayContaining(['from']) },
    ],
    ['missing', {}, { input: 'from', why: /must be given/ }],
    ['no number', { from: 'x', count: '2x' }, { input: 'count', why: /number/, values: ['1', '2', '3'] }],
    ['hex', { from: 'x', count: '0x2' }, { input: 'count', why: /number/, values: ['1', '2', '3'] }],
    ['empty number', { from: 'x', count: '' }, { input: 'count', why: /number/, values: ['1', '2', '3'] }],
    ['too large', { from: 'x', count: '9' }, { input: 'count', why: /none of/, values: ['1', '2', '3'] }],
    ['no boolean', { from: 'x', dry: '1' }, { input: 'dry', why: /true nor/, values: ['true', 'false'] }],
    ['not in enum', { from: 'x', zone: 'c' }, { input: 'zone', why: /none of/, values: ['a', 'b'] }],
    ['too long', { from: long }, { input: 'from', why: /longer than 2000/ }],
    ['control', { from: 'a\u0000b' }, { input: 'from', why: /control/ }],
    ['escape', { from: '\u001b[2J' }, { input: 'from', why: /control/ }],
    ['turned round', { from: 'a\u202eb' }, { input: 'from', why: /control/ }],
    ['half a pair', { from: '\ud83d' }, { input: 'from', why: /control/ }],
    [
      'inherited name',
      { from: 'x', constructor: 'y' },
      { input: 'constructor', why: /not an/, names: expect.anything() },
    ],
  ])('%s', (_name, given, { input, why, names = null, values = [] }) => {
    const read = readInputs(specs, given);
    expect(read).toEqual({ problem: { input, why: expect.stringMatching(why), names, values } });
  });

  test('the closest name comes first', () => {
    const read = readInputs(specs, { form: 'x' });
    expect('problem' in read && read.problem.names?.[0]).toBe('from');
  });
});

test.each<[Record<string, string>, string]>([
  [{}, 'Write it as `from=…`.'],
  [{ from: 'x', size: 'abc' }, 'Write it as `size=…`.'],
  [{ from: 'x', zone: 'c' }, 'Write `zone=a` or `zone="b c"`.'],
  [{ from: 'x', dry: 'perhaps' }, 'Write `dry=true` or `dry=false`.'],
  [{ form: 'x' }, 'Its inputs: `from=…`, `dry=…`, `zone=…`, `size=…`.'],
])('%j: what to write instead is of that input, or its name', (given, next) => {
  const some = {
    from: spec({}),
    zone: spec({ default: 'a', enum: ['a', 'b c'] }),
    size: spec({ type: 'number', default: 1 }),
    dry: spec({ type: 'boolean', default: false }),
  };
  const read = readInputs(some, given);
  if (!('problem' in read)) throw new Error('it was taken');
  expect(refuse('BAD_INPUT', { runbook: 'copy', ...read.problem }).next).toBe(next);
});

test('only a runbook without inputs is said to have none', () => {
  const read = readInputs({}, { from: 'x' });
  if (!('problem' in read)) throw new Error('it was taken');
  expect(refuse('BAD_INPUT', { runbook: 'copy', ...read.problem }).next).toBe('It has no inputs.');
});

test('property: every typed value comes back as its type, or is refused', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('string', 'number', 'boolean'), (given, type) => {
      const read = readInputs({ x: spec({ type: type as InputSpec['type'] }) }, { x: given });
      if ('inputs' in read) expect(typeof read.inputs.x).toBe(type);
      else expect(read.problem.input).toBe('x');
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), (number) => {
      expect(readInputs({ x: spec({ type: 'number' }) }, { x: String(number) })).toEqual({
        inputs: { x: number + 0 },
      });
    }),
  );
});

test('the target is filled in from the inputs, and is the name where there is none', () => {
  const runbook = (target: string | null) => ({ name: 'key-sync', target }) as Runbook;
  expect(targetOf(runbook('keys:{{ inputs.to }}'), { to: 'b' })).toBe('keys:b');
  expect(targetOf(runbook('{{ inputs.n }}'), { n: 3 })).toBe('3');
  expect(targetOf(runbook(null), {})).toBe('key-sync');
  expect(() => targetOf(runbook('{{ steps.a.b }}'), {})).toThrow(TemplateFailed);
});
