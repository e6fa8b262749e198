import { describe, expect, test } from '@jest/globals';
import { takeOwner } from '#cli/cli.js';
import { type Io, Usage } from '#cli/core.js';
import { token } from '#cli/token.js';

const words = (line: string) => line.split(' ');
const taken = (verb: string, line: string) => {
  const { owner, rest } = takeOwner(verb, words(line));
  return [owner, rest.join(' ')];
};

// Whose word it is, is said to the command line; what is text must stay text.
describe('--owner on the command line', () => {
  test.each([
    ['note', 'INC-7 it began', null, 'INC-7 it began'],
    ['note', '--owner @ana INC-7 it began', '@ana', 'INC-7 it began'],
    ['note', 'INC-7 --owner @ana it began', '@ana', 'INC-7 it began'],
    ['note', 'INC-7 it began --owner @ana', '@ana', 'INC-7 it began'],
    ['note', 'INC-7 it began --owner=U012AB3CD', 'U012AB3CD', 'INC-7 it began'],
    ['open', '--private --owner @ana Leak', '@ana', '--private Leak'],
    ['open', 'Leak --component tts --owner @ana --private', '@ana', 'Leak --component tts --private'],
    ['run', 'INC-7 forward --owner @ana to=b', '@ana', 'INC-7 forward to=b'],
    ['approve', 'INC-7 RUN-1 —owner @ana', '@ana', 'INC-7 RUN-1'],
    ['note', 'INC-7 -- it takes --owner @ana too', null, 'INC-7 -- it takes --owner @ana too'],
    ['open', 'Leak --component --owner', null, 'Leak --component --owner'],
    ['note', 'INC-7 --ownership changed', null, 'INC-7 --ownership changed'],
  ])('%s %s', (verb, line, owner, rest) => {
    expect(taken(verb, line)).toEqual([owner, rest]);
  });

  test.each([
    ['note', 'INC-7 we gave --owner @ana to it', /in the middle/],
    ['note', 'INC-7 text --owner', /needs a person/],
    ['note', 'INC-7 text --owner=', /needs a person/],
    ['run', 'INC-7 forward --owner --plan', /needs a person/],
    ['run', 'forward --owner @ana --owner @ben', /twice/],
  ])('is refused: %s %s', (verb, line, why) => {
    expect(() => taken(verb, line)).toThrow(why);
  });

  test('a text that the shell holds together is not looked into', () => {
    const given = ['INC-7', 'it takes --owner @ana too'];
    expect(takeOwner('note', given)).toEqual({ owner: null, rest: given });
    expect(takeOwner('note', [...given, '--owner', 'Ana Smith'])).toEqual({
      owner: 'Ana Smith',
      rest: given,
    });
  });
});

describe('tocsin token', () => {
  // None of these gets as far as to a database.
  const run = (...args: string[]) => token.run(args, {} as Io);

  test.each(['90', '3m', '0d', '-1d', '90 d', '99999d', ''])('nothing lasts “%s”', async (span) => {
    await expect(run('create', '--name', 'x', `--expires=${span}`)).rejects.toThrow(
      '`--expires 12h`, `90d` or `4w`',
    );
  });

  test.each([[''], ['make'], ['list', 'x'], ['revoke'], ['revoke', 'a', 'b'], ['create', 'x'], ['create']])(
    'says how to type it: %s %s',
    async (...words) => {
      await expect(run(...words)).rejects.toThrow(Usage);
    },
  );
});
