import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Lost } from '#runbooks/action.js';
import { shell } from '#runbooks/actions/shell.js';
import { until } from '../../support/until.js';
import { failure, Kit, timeIsUp } from './kit.js';

let kit: Kit;
beforeEach(async () => {
  kit = await Kit.open();
});
afterEach(() => kit.close());

const allow = (name: string, file: string, args: string[] = [], env: Record<string, string> = {}) =>
  kit.commands.set(name, { file, args, cwd: kit.folder, env, secret: false, takes: null });

/** A bash script as a command: the test's world, not the action's shell. */
const script = (name: string, source: string) => {
  writeFileSync(join(kit.folder, `${name}.sh`), source);
  allow(name, 'bash', [join(kit.folder, `${name}.sh`)]);
};

const alive = (pid: number) => {
  try {
    // A zombie that nobody has buried yet is dead too.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};
const pidIn = async (name: string) => Number(await readFile(join(kit.folder, name), 'utf8'));
const written = (name: string) => () => {
  try {
    return readFileSync(join(kit.folder, name), 'utf8').endsWith('\n');
  } catch {
    return false;
  }
};

test('only commands of tocsin.yml, by name', async () => {
  allow('deploy', 'true');
  expect((await failure(kit.run(shell, { command: 'rm' }))).message).toBe(
    'there is no command rm; there are deploy',
  );
  expect((await failure(kit.plan(shell, { command: 'rm' }))).message).toContain('deploy');
  expect(shell.input.safeParse({ command: 'deploy', args: ['a\0b'] }).success).toBe(false);
});

test('arguments are data, whatever is in them', async () => {
  allow('say', 'printf', ['%s\\n']);
  const args = ['$(touch hurt)', '; touch hurt', '`id`', '*', '', '-n', 'two\nlines', '"\'', 7];
  const { output } = await kit.done(shell, { command: 'say', args });
  expect(kit.said).toEqual([
    '$(touch hurt)',
    '; touch hurt',
    '`id`',
    '*',
    '',
    '-n',
    'two',
    'lines',
    '"\'',
    '7',
  ]);
  expect(output).toMatchObject({ exit: 0 });
  expect(kit.secured).toBe(1);
  const { does } = await kit.plan(shell, { command: 'say', args: ['a b', '$x'] });
  expect(does).toBe('runs printf "%s\\\\n" "a b" "$x"');
});

test('it sees nothing of our environment but PATH, HOME and LANG, and what is declared; its input is empty', async () => {
  process.env.TOCSIN_TEST_CANARY = 'canary-value';
  try {
    allow('env', 'env', [], { DECLARED: 'yes' });
    await kit.done(shell, { command: 'env' });
    const names = kit.said.map((line) => line.split('=')[0]);
    expect(names).toContain('DECLARED');
    expect(names.filter((name) => !['PATH', 'HOME', 'LANG', 'DECLARED'].includes(name as string))).toEqual(
      [],
    );
  } finally {
    delete process.env.TOCSIN_TEST_CANARY;
  }
  allow('cat', 'cat');
  expect((await kit.done(shell, { command: 'cat' })).output).toEqual({ exit: 0, bytes: 0 });
});

test('how it ends', async () => {
  script('three', 'echo out; echo err >&2; exit 3');
  const failed = await failure(kit.run(shell, { command: 'three' }));
  expect(failed).toMatchObject({
    unsure: false,
    output: { exit: 3, bytes: 8 },
    message: 'three failed with exit code 3',
  });
  expect([...kit.said].sort()).toEqual(['err', 'out']);
  script('killed', 'kill -9 $$');
  expect(await failure(kit.run(shell, { command: 'killed' }))).toMatchObject({ unsure: true });
  allow('missing', '/nowhere/program', ['argument']);
  const missing = await failure(kit.run(shell, { command: 'missing' }));
  expect(missing).toMatchObject({ unsure: false, message: '/nowhere/program cannot be started: ENOENT' });
});

test('100 MB of output: counted, its beginning and its end kept, memory bounded', async () => {
  const line = 'a line of output that is about as long as lines are, which is eighty characters.';
  script('flood', `echo first; yes '${line}' | head -c 104857600; echo; echo last`);
  allow('blob', 'head', ['-c', '104857600', '/dev/zero']);
  for (const command of ['flood', 'blob']) {
    kit.said.length = 0;
    global.gc?.();
    const before = process.memoryUsage().rss;
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss - before);
    }, 20);
    const { output } = await kit.done(shell, { command }).finally(() => clearInterval(watch));
    expect(output.bytes).toBeGreaterThanOrEqual(104_857_600);
    expect(kit.said.join('\n').length).toBeLessThan(4 * 65_536);
    // What was read and is not collected yet is in it too; 100 MB would be.
    expect(most).toBeLessThan(80 * 1024 * 1024);
    if (command === 'blob') continue;
    expect(kit.said[0]).toBe('first');
    expect(kit.said.at(-1)).toBe('last');
    const left = kit.said.findIndex((text) => /^… \d+ lines left out …$/.test(text));
    expect(left).toBeGreaterThan(100);
    const count = Number(/\d+/.exec(kit.said[left] as string)?.[0]);
    expect(count + kit.said.length - 1).toBe(3 + Math.ceil(104_857_600 / (line.length + 1)) - 1);
  }
});

test('a line that is cut is cut at a gap, so that no half of a secret is shown', async () => {
  const secret = 'canary-'.repeat(10);
  writeFileSync(join(kit.folder, 'long'), `${'x '.repeat(4_080)}${secret} and more\nshort`);
  allow('long', 'cat', [join(kit.folder, 'long')]);
  await kit.done(shell, { command: 'long' });
  expect(kit.said).toHaveLength(2);
  expect(kit.said[0]).not.toContain('canary');
  expect(kit.said[0]).toMatch(/ … \(8239 bytes\)$/);
});

const STUBBORN = `
trap '' TERM
bash -c "trap '' TERM; echo \\$\\$ > grandchild; while :; do sleep 0.1; done" &
echo $$ > leader
while :; do sleep 0.1; done`;

test('cancelled: a command that ignores SIGTERM is killed with its grandchildren', async () => {
  script('stubborn', STUBBORN);
  const stop = new AbortController();
  const run = failure(kit.run(shell, { command: 'stubborn' }, { signal: stop.signal }));
  await until('both run', () => written('leader')() && written('grandchild')());
  stop.abort();
  const stopped = await run;
  expect(stopped).toMatchObject({ unsure: true, message: 'stubborn was stopped before its end' });
  const [leader, grandchild] = [await pidIn('leader'), await pidIn('grandchild')];
  await until('both are gone', () => !alive(leader) && !alive(grandchild));
});

test('out of time: it says so', async () => {
  script('slow', 'echo $$ > leader; exec sleep 1000');
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal]);
  const run = failure(kit.run(shell, { command: 'slow' }, { signal }));
  await until('it runs', written('leader'));
  stop.abort(timeIsUp());
  expect(await run).toMatchObject({
    unsure: true,
    message: 'slow took longer than its timeout and was stopped',
  });
});

test('cancelled: a command that tidies up may do so', async () => {
  script('tidy', `trap 'echo tidied; exit 0' TERM; echo $$ > leader; while :; do sleep 0.05; done`);
  const stop = new AbortController();
  const run = failure(kit.run(shell, { command: 'tidy' }, { signal: stop.signal }));
  await until('it runs', written('leader'));
  stop.abort();
  expect((await run).unsure).toBe(true);
  expect(kit.said).toContain('tidied');
});

test('what a command leaves behind in its group is killed when it ends', async () => {
  script(
    'leaves',
    `bash -c 'echo $$ > orphan; exec sleep 1000' & while [ ! -s orphan ]; do sleep 0.01; done`,
  );
  await kit.done(shell, { command: 'leaves' });
  const orphan = await pidIn('orphan');
  await until('it is gone', () => !alive(orphan));
});

test('a process that has left the group and holds the output open does not hold up the step', async () => {
  script(
    'away',
    `setsid bash -c 'echo $$ > away; exec sleep 1000' & while [ ! -s away ]; do sleep 0.01; done; echo done`,
  );
  await kit.done(shell, { command: 'away' });
  expect(kit.said).toEqual(['done']);
  process.kill(await pidIn('away'), 'SIGKILL');
});

test('cancelled before it began, or lost to another worker: not started', async () => {
  script('mark', 'echo > mark');
  const before = await failure(kit.run(shell, { command: 'mark' }, { signal: AbortSignal.abort() }));
  expect(before.unsure).toBe(false);
  kit.onSecure = () => {
    throw new Lost();
  };
  await expect(kit.run(shell, { command: 'mark' })).rejects.toBeInstanceOf(Lost);
  expect(written('mark')()).toBe(false);
});
