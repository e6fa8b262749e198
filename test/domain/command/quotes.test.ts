import { describe, expect, test } from '@jest/globals';
import { lineOf } from '#cli/cli.js';
import { intended, parsed, refused, typed } from './support.js';

const NBSP = '\u00A0';
const THIN = '\u202F';

/** Pairs as languages and phones set them, around the same words. */
const PAIRS = [
  ['"', '"'],
  ['“', '”'],
  ['„', '“'],
  ['„', '”'],
  ['”', '”'],
  ['‟', '”'],
  ['″', '″'],
  ['＂', '＂'],
  ['〝', '〟'],
  ["'", "'"],
  ['‘', '’'],
  ['‚', '‘'],
  ['‚', '’'],
  ['’', '’'],
  ['‛', '’'],
  ['′', '′'],
  ['＇', '＇'],
  ['`', '`'],
  ['«', '»'],
  ['»', '«'],
  ['»', '»'],
  [`«${NBSP}`, `${NBSP}»`],
  [`«${THIN}`, `${THIN}»`],
  ['« ', ' »'],
  ['‹', '›'],
  [`‹${THIN}`, `${THIN}›`],
  ['›', '‹'],
  ['「', '」'],
  ['『', '』'],
  ['｢', '｣'],
  ['《', '》'],
  ['〈', '〉'],
  ['ʺ', 'ʺ'],
  // Two marks for one of two
  ["''", "''"],
  ['``', '``'],
  ['““', '””'],
  // A phone set only one of them.
  ['"', '”'],
  ['“', '"'],
  ["'", '’'],
  ['‘', "'"],
] as const;

describe.each(PAIRS)('in %s…%s', (open, close) => {
  const quoted = (text: string) => `${open}${text}${close}`;

  test('values of inputs', () => {
    expect(parsed(`run key-sync from=${quoted('two words')} to=${quoted('b')}`)).toMatchObject({
      inputs: { from: 'two words', to: 'b' },
    });
    expect(parsed(`run key-sync from=${quoted('a')} --plan`)).toMatchObject({
      inputs: { from: 'a' },
      planOnly: true,
    });
  });

  test('values of flags, before and behind the text', () => {
    const expected = { title: 'API down', components: ['Payments API'] };
    expect(intended(`open --component ${quoted('Payments API')} API down`)).toMatchObject(expected);
    expect(intended(`open API down —component=${quoted('Payments API')} --drill`)).toMatchObject(expected);
    expect(intended(`open API down --at ${quoted('2024-11-10 01:41 UTC')}`)).toMatchObject({
      moment: { at: '2024-11-10T01:41:00Z' },
    });
    expect(intended(`impact --failed ${quoted('19')}`)).toMatchObject({ failed: 19 });
  });

  test('names and answers', () => {
    expect(intended(`component add ${quoted('Payments API')}`)).toMatchObject({ component: 'Payments API' });
    expect(intended(`role ${quoted('scribe')} @bo`)).toMatchObject({ role: 'scribe' });
    expect(intended(`answer RUN-3 ${quoted('go on')}`)).toMatchObject({ choice: 'go on' });
    expect(intended(`approve RUN-3 --break-glass ${quoted('nobody else')}`)).toMatchObject({
      breakGlass: 'nobody else',
    });
    expect(intended(`approve --break-glass ${quoted('nobody else')} RUN-3`)).toMatchObject({
      breakGlass: 'nobody else',
      run: 3,
    });
  });

  test('left open, the value is refused with what would close it', () => {
    const said = typed(`run key-sync from=${open.trim()}two words`);
    expect(said).toMatchObject({ code: 'BAD_ARGUMENT', sentence: expect.stringContaining('closed') });
    expect(JSON.stringify(said)).not.toContain('words');
    expect(refused(`open API down --component ${open.trim()}two words`)).toBe('BAD_FLAG');
    expect(refused(`open API down --component ${open.trim()}`)).toBe('BAD_FLAG');
  });
});

describe('marks that are none of the quotes', () => {
  test.each([
    ["it's fine", `"it's fine"`],
    ["it's fine", `'it's fine'`],
    ['it’s fine', '‘it’s fine’'],
    ['l’API d’Ana', '« l’API d’Ana »'],
    ['a “b” c', '"a “b” c"'],
    ['6" pipe', '“6" pipe”'],
    ['6″ pipe', '"6″ pipe"'],
    ['‹a› b', '«‹a› b»'],
    ["a 'b' c", `"a 'b' c"`],
  ])('%s is the value of %s', (value, given) => {
    expect(parsed(`run key-sync note=${given} to=x`)).toMatchObject({ inputs: { note: value, to: 'x' } });
    expect(intended(`open API down --component ${given}`)).toMatchObject({ components: [value] });
  });

  test.each(["O'Brien", 'a"b', '5′', 'rock’n’roll', 'a»b'])('%s needs none', (value) =>
    expect(parsed(`run key-sync note=${value} to=x`)).toMatchObject({ inputs: { note: value, to: 'x' } }),
  );

  test('a name keeps an apostrophe at its start, and quotes around a part of it', () => {
    expect(intended("component add 's-Hertogenbosch")).toMatchObject({ component: "'s-Hertogenbosch" });
    expect(intended('component add "a" and "b"')).toMatchObject({ component: '"a" and "b"' });
  });

  test('a reason for breaking the glass that only begins with a quotation is kept whole', () =>
    expect(intended("approve RUN-3 --break-glass 'users' cannot log in")).toMatchObject({
      breakGlass: "'users' cannot log in",
    }));

  test.each(['note “API” is down', "note 'tis", 'title «API»', 'cause ‘x’', 'action „rotate“ keys'])(
    'texts keep every mark: %s',
    (line) => expect(JSON.stringify(intended(line))).toContain(line.replace(/^\S+ /, '')),
  );
});

test.each([
  'a b',
  '',
  "'til",
  '“a”',
  'a "b" c',
  '6" pipe',
  'a" b=c',
  'a” --plan',
  '«a b»',
  "it's x",
  '`a b`',
])('what the shell unquoted as %s arrives as it is', (value) =>
  expect(parsed(lineOf('run', ['key-sync', `note=${value}`, 'to=x']))).toMatchObject({
    inputs: { note: value, to: 'x' },
  }),
);
