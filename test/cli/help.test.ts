import { expect, test } from '@jest/globals';
import { cli } from '#cli/cli.js';
import { unmarked } from '#domain/command/help.js';

async function said(...argv: string[]): Promise<string> {
  let text = '';
  const out = (piece: string) => {
    text += piece;
  };
  expect(await cli(argv, { out, err: out, stdin: async () => '', env: {} })).toBe(0);
  return text;
}

test.each([
  [['help']],
  [['--help']],
  [['-h']],
  [['help', 'note']],
  [['help', 'sev']],
  [['note', '--help']],
  [['open', '-h']],
])('tocsin %j is plain text', async (argv) => {
  const text = await said(...argv);
  expect(text).not.toMatch(/`|\*[A-Za-z]/);
  expect(text).toContain('tocsin');
});

test('every verb stands there once', async () => {
  const verbs = (await said('help'))
    .split('\n')
    .flatMap((line) => /^(?: {2}|tocsin )([a-z][a-z-]*)(?: |$)/.exec(line)?.[1] ?? []);
  expect(verbs).toEqual([...new Set(verbs)]);
  expect(verbs).toEqual(expect.arrayContaining(['help', 'export', 'note', 'doctor', 'catchup']));
});

test.each([
  ['*Times* stand before `14:32`', 'Times stand before 14:32'],
  ['Which? *INC-7* a*b*c', 'Which? INC-7 a*b*c'],
])('%s as plain text: %s', (marked, plain) => expect(unmarked(marked)).toBe(plain));
