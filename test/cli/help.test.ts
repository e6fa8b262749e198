import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { cli, plainly, VERBS_OF_TWO } from '#cli/cli.js';
import { unmarked } from '#domain/command/help.js';
import { VERBS } from '#domain/command/verbs.js';
import { parsed } from '../domain/command/support.js';

const ALL = VERBS.map(({ name }) => name);

async function tried(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const io = {
    out: (piece: string | Uint8Array) => {
      out += piece;
    },
    err: (piece: string) => {
      err += piece;
    },
  };
  const code = await cli(argv, { ...io, stdin: async () => '', env: {} });
  return { code, out, err };
}

async function said(...argv: string[]): Promise<string> {
  const { code, out, err } = await tried(...argv);
  expect([code, err]).toEqual([0, '']);
  return out;
}

test.each(ALL)('tocsin help %s is plain text, and true of a terminal', async (verb) => {
  const text = await said('help', verb);
  expect(text).not.toMatch(/`|\*[A-Za-z]/);
  expect(text).not.toContain('in yours');
  expect(text).not.toContain('/incident');
});

test.each(['look', 'record', 'steer', 'after', 'all'])(
  'tocsin help %s is a group, as in Slack',
  async (group) => {
    const text = await said('help', group);
    expect(text).not.toMatch(/`|\/incident/);
    expect(text).toContain(
      `${group === 'all' ? 'note' : ({ look: 'open', record: 'note', steer: 'status', after: 'resolve' }[group] ?? '')} `,
    );
  },
);

test.each(['open', 'impact', 'mark', 'time'])('the times of %s stand before no text', async (verb) => {
  const text = await said('help', verb);
  expect(text).toContain('TIME is one such as 14:32');
  expect(text).not.toContain('A bare --');
});

test('help of start is about the bot, and not about an incident', async () => {
  expect(await said('help', 'start')).toBe('tocsin start [--role all|web|worker]\n  the bot\n');
  expect(await said('help')).toMatch(
    /^tocsin VERB …\n\n {2}start \[--role all\|web\|worker\]\n {6}the bot\n {2}export /,
  );
});

test('help of what is no verb says so', async () => {
  const { code, err } = await tried('help', 'nite');
  expect([code, err]).toEqual([
    1,
    'There is no nite. Did you mean note or invite or title? help lists all verbs.\n',
  ]);
});

test.each(['constructor', 'toString', '__proto__'])('%s is no verb, and said to be none', async (word) => {
  expect(await tried(word)).toMatchObject({ code: 2, err: expect.stringContaining(`There is no ${word}.`) });
  expect(await tried('help', word)).toMatchObject({
    code: 1,
    err: expect.stringContaining(`There is no ${word}.`),
  });
});

test('a file of another format is broken, and it is said which one can be checked', async () => {
  const { code, out, err } = await tried(
    'verify',
    fileURLToPath(new URL('../../package.json', import.meta.url)),
  );
  expect([code, err]).toEqual([1, 'Only a file that export --format facts wrote can be checked.\n']);
  expect(out).toMatch(/^BROKEN at line 1: not the JSON that we write/);
});

test.each([
  ['strat', 'start'],
  ['dcotor', 'doctor'],
  ['tokens', 'token'],
  ['verfy', 'verify'],
  ['nite', 'note'],
])('for %s, %s is offered first, be it a verb of the machine or of an incident', async (typed, meant) => {
  const offered = expect.stringMatching(new RegExp(`^There is no ${typed}\\. Did you mean ${meant} or`));
  expect(await tried(typed)).toEqual({ code: 2, out: '', err: offered });
  expect(await tried('help', typed)).toEqual({ code: 1, out: '', err: offered });
});

test.each(['doctor', 'migrate', 'rebuild', 'restored', 'health'])(
  '%s does nothing where more is typed',
  async (verb) => {
    expect(await tried(verb, 'INC-7')).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('takes nothing more'),
    });
  },
);

test.each([
  [['token', 'list', 'x']],
  [['erase', 'INC-7']],
  [['export', 'INC-7', '--zone', 'EST']],
  [['runbook', 'x']],
  [['--team']],
])('what %j is told has no marks of Slack', async (argv) => {
  const { code, err } = await tried(...argv);
  expect(code).toBe(2);
  expect(err).not.toContain('`');
});

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
  // But those of one name: one is the machine's, the other the incident's.
  const once = verbs.filter((verb) => !(verb in VERBS_OF_TWO));
  expect(once).toEqual([...new Set(once)]);
  expect(verbs).toEqual(expect.arrayContaining(['help', 'export', 'note', 'doctor', 'catchup']));
});

test('what a receipt says besides is plain, and people’s words stay', () => {
  const line = parsed('open API down sev2 `--force` --urgent 2');
  const receipt = ['INC-1 opened: API `down`', ...line.notes, 'To correct: `title TEXT`'].join('\n');
  expect(line.notes).toHaveLength(2);
  expect(plainly(receipt).match(/`[^`]*`/g)).toEqual(['`down`']);
});

test('of where somebody is, our own lines are plain too', () => {
  const here =
    'INC-7 API `down`\nYou lead it.\nNext: `tocsin note INC-7 TEXT` · `tocsin help`\n… and 3 more: `list`';
  expect(plainly(here)).toBe(
    'INC-7 API `down`\nYou lead it.\nNext: tocsin note INC-7 TEXT · tocsin help\n… and 3 more: list',
  );
});

test.each([
  ['*Times* stand before `14:32`', 'Times stand before 14:32'],
  ['Which? *INC-7* a*b*c', 'Which? INC-7 a*b*c'],
])('%s as plain text: %s', (marked, plain) => expect(unmarked(marked)).toBe(plain));
