import { expect, test } from '@jest/globals';

// A test that nobody ran is no test that passed: how `npm test` ends.

interface Judged {
  lines: string[];
  failed: boolean;
}
const path = '../../scripts/jest.mjs';
const { judged } = (await import(path)) as {
  judged(summary: object | null, how: { required: boolean; chosen: boolean }): Judged;
};

/** As jest says it, of tests with these names. */
function summary(passed: string[], skipped: string[]) {
  const result = (status: string) => (fullName: string) => ({ status, fullName });
  const assertionResults = [...passed.map(result('passed')), ...skipped.map(result('pending'))];
  return { numPassedTests: passed.length, testResults: [{ assertionResults: [] }, { assertionResults }] };
}
const ALL = { required: true, chosen: false };
const SOME = { required: false, chosen: false };
const MOUNTED = 'where a disk may be mounted a full one is known';

test('where all must run, a skipped one is named and a failure', () => {
  expect(judged(summary(['a'], ['with Redis b']), ALL)).toEqual({
    lines: ['skipped: with Redis b', 'A test was skipped where none may be.'],
    failed: true,
  });
});

test('but for what a container may be forbidden, which is named', () => {
  expect(judged(summary(['a'], [MOUNTED]), ALL)).toEqual({ lines: [`skipped: ${MOUNTED}`], failed: false });
  expect(judged(summary(['a'], [MOUNTED, 'b']), ALL).failed).toBe(true);
});

test('elsewhere it is named', () => {
  expect(judged(summary(['a'], ['b', 'c']), SOME)).toEqual({
    lines: ['skipped: b', 'skipped: c'],
    failed: false,
  });
});

test('those that somebody did not choose are not named', () => {
  expect(judged(summary(['a'], ['b']), { required: true, chosen: true })).toEqual({
    lines: [],
    failed: false,
  });
});

test('all that passed are nothing to speak of; none at all, or no results, are a failure', () => {
  expect(judged(summary(['a'], []), ALL)).toEqual({ lines: [], failed: false });
  expect(judged(summary([], ['b']), SOME)).toEqual({ lines: ['skipped: b'], failed: true });
  expect(judged(null, SOME).failed).toBe(true);
});
