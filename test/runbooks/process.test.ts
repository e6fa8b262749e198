import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Program } from '#runbooks/action.js';
import { NotStarted, runProcess } from '#runbooks/process.js';
import { compiled } from '../support/compiled.js';
import { until } from '../support/until.js';

/** A bot, as far as it matters here: it runs one program, and dies as it is told. */
const MORTAL = `
const { runProcess } = await import('./src/runbooks/process.js');
process.once('SIGUSR2', () => process.exit(1));
const command = JSON.parse(process.argv[2]);
runProcess(command, { PATH: process.env.PATH }, new AbortController().signal, () => {});
console.log('running');
setInterval(() => {}, 1000);
`;

let library: Awaited<ReturnType<typeof compiled>>;
let folder: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  library = await compiled('src/runbooks');
  await symlink(fileURLToPath(new URL('../../bin', import.meta.url)), join(library.folder, 'bin'));
  await writeFile(join(library.folder, 'mortal.mjs'), MORTAL);
});
afterAll(() => library.remove());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-process-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  // Only when something has failed there is anybody left.
  for (const { pid } of present()) process.kill(pid, 'SIGKILL');
  await rm(folder, { recursive: true });
});

/** Who runs now, of bots, keepers and programs of these tests: all have one of our folders in their command line. */
function present(): Array<{ pid: number; line: string }> {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return all.flatMap((name) => {
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const ours = line.includes(folder) || line.includes(library.folder);
      return ours ? [{ pid: Number(name), line }] : [];
    } catch {
      return [];
    }
  });
}
const has = (name: string) => {
  try {
    return readFileSync(join(folder, name), 'utf8').endsWith('\n');
  } catch {
    return false;
  }
};
const bash = (source: string) => {
  writeFileSync(join(folder, 'script.sh'), source);
  return { file: 'bash', args: [join(folder, 'script.sh')], cwd: folder, env: {} };
};
const PATH = { PATH: process.env.PATH as string };
const run = (command: Program, env: Record<string, string> = PATH, say: (line: string) => void = () => {}) =>
  runProcess(command, env, new AbortController().signal, say);

/** Three generations: the first and the second ignore SIGTERM, the third tidies up. */
const family = () => `
trap '' TERM
bash -c ': ${folder}; trap "" TERM; echo > second; while :; do sleep 0.1; done' &
node -e '
  // ${folder}
  process.on("SIGTERM", () => { require("fs").writeFileSync("tidied", "\\n"); process.exit(); });
  require("fs").writeFileSync("third", "\\n");
  setInterval(() => {}, 1000);
' &
echo > first
while :; do sleep 0.1; done`;

async function mortal(command: object) {
  const child = spawn(process.execPath, [join(library.folder, 'mortal.mjs'), JSON.stringify(command)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

describe('when we die, however we die', () => {
  test.each(['SIGKILL', 'SIGTERM', 'SIGUSR2'] as const)(
    'by %s: the program ends with all its descendants, even those that ignore SIGTERM',
    async (by) => {
      const bot = await mortal(bash(family()));
      await until('all three run', () => has('first') && has('second') && has('third'));
      expect(present().filter(({ line }) => line.includes(folder)).length).toBeGreaterThanOrEqual(4);
      bot.kill(by);
      await until('nobody is left', () => present().length === 0);
      // An orderly end is no time for tidying up: whoever comes next may be there at once.
      if (by !== 'SIGUSR2') expect(has('tidied')).toBe(true);
    },
  );

  test('in an orderly end the program is killed at once, not only by its keeper in two seconds', async () => {
    const bot = await mortal(bash(`trap '' TERM; echo > first; while :; do sleep 0.1; done`));
    await until('it runs', () => has('first'));
    const keeper = present().find(({ line }) => line.includes('kept.mjs'))?.pid as number;
    // It cannot help now.
    process.kill(keeper, 'SIGSTOP');
    bot.kill('SIGUSR2');
    await until('only the keeper is left', () => present().every(({ pid }) => pid === keeper));
    process.kill(keeper, 'SIGCONT');
    await until('nobody is left', () => present().length === 0);
  });

  test('at any moment of its start', async () => {
    for (let wait = 0; wait < 120; wait += 20) {
      const bot = await mortal(bash(`trap '' TERM; while :; do sleep 0.1; done`));
      await sleep(wait);
      bot.kill('SIGKILL');
    }
    await until('nobody is left', () => present().length === 0);
  });

  test('in the middle of its output', async () => {
    const bot = await mortal(bash(`trap '' TERM PIPE; echo > first; while :; do echo line; done`));
    await until('it runs', () => has('first'));
    bot.kill('SIGKILL');
    await until('nobody is left', () => present().length === 0);
  });
});

/** The parents of our programs: nothing else tells ours from the keepers of other tests. */
const keepers = () =>
  present().map(({ pid }) => Number(/^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]));

test('a keeper that is killed takes its program along; one that is asked to end stays', async () => {
  const running = run(bash('echo > first; while :; do echo >> beats; sleep 0.02; done'));
  await until('it runs', () => has('first'));
  const [keeper] = keepers() as [number];
  expect(readFileSync(`/proc/${keeper}/cmdline`, 'utf8')).toContain('kept.mjs');
  // Its environment is not ours, and its command line does not hold the program's.
  expect(readFileSync(`/proc/${keeper}/environ`, 'utf8')).not.toContain('PATH=/');
  expect(readFileSync(`/proc/${keeper}/cmdline`, 'utf8')).not.toContain(folder);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.kill(keeper, signal);
  const pending = () => /^ShdPnd:\t0*([^0\n]*)/m.exec(readFileSync(`/proc/${keeper}/status`, 'utf8'))?.[1];
  await until('it has heard of all three', () => pending() === '');
  // Were it to end of one of them, its program would be killed at once.
  const beats = () => readFileSync(join(folder, 'beats')).length;
  const then = beats();
  await until('its program goes on', () => beats() >= then + 10);
  expect(readFileSync(`/proc/${keeper}/cmdline`, 'utf8')).toContain('kept.mjs');
  process.kill(keeper, 'SIGKILL');
  expect(await running).toMatchObject({ exit: null, by: 'SIGKILL', stopped: false });
  await until('nobody is left', () => present().length === 0);
});

test('stopped at once: it gets SIGTERM', async () => {
  const stop = new AbortController();
  const running = runProcess(
    { file: 'sleep', args: ['1000'], cwd: null, env: {} },
    PATH,
    stop.signal,
    () => {},
  );
  stop.abort();
  expect(await running).toEqual({ exit: null, by: 'SIGTERM', stopped: true, bytes: 0 });
});

test.each([
  ['exit 0', { exit: 0, by: null }],
  ['exit 1', { exit: 1, by: null }],
  ['exit 255', { exit: 255, by: null }],
  ...(['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGPIPE', 'SIGHUP', 'SIGUSR1'] as const).map(
    (by) => [`kill -s ${by} $$`, { exit: null, by }] as const,
  ),
  // All of its group, and nobody else: the keeper is not in it.
  ['kill -s KILL 0', { exit: null, by: 'SIGKILL' }],
  ['kill -s USR1 -- -$$', { exit: null, by: 'SIGUSR1' }],
] as const)('%s is told as it was', async (source, end) => {
  expect(await run(bash(source))).toEqual({ ...end, stopped: false, bytes: 0 });
});

test('what cannot be started is not started, and the code says why', async () => {
  const plain = join(folder, 'plain');
  writeFileSync(plain, '', { mode: 0o644 });
  const program: Program = { file: '/bin/true', args: [], cwd: null, env: {} };
  const refused: Array<[command: Program, code: string]> = [
    [{ ...program, file: '/nowhere/program' }, 'ENOENT'],
    [{ ...program, file: 'no-such-program' }, 'ENOENT'],
    [{ ...program, cwd: join(folder, 'nowhere') }, 'ENOENT'],
    [{ ...program, file: plain }, 'EACCES'],
    [{ ...program, args: ['x'.repeat(4_000_000)] }, 'E2BIG'],
    [{ ...program, args: ['secret\0'] }, 'ERR_INVALID_ARG_VALUE'],
  ];
  for (const [command, code] of refused) {
    // Of a PATH with a folder that this user may not read the system would say EACCES.
    const error = await run(command, { PATH: folder }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(NotStarted);
    expect(error.message).toBe(`${command.file} cannot be started: ${code}`);
  }
});

test('the program finds what it would find without a keeper', async () => {
  const env = {
    ...PATH,
    NODE_OPTIONS: '--require /nowhere/at/all.js',
    EMPTY: '',
    ODD: 'a=b "c" \\ $d \u00e9\u{1f512}',
    TWO: 'first\nsecond',
  };
  const command = bash(`
    env; pwd; umask; ls /proc/$$/fd; cat; nice
    grep -E '^(Sig(Blk|Ign|Cgt)|ShdPnd|Uid|Gid|Groups|Seccomp|NoNewPrivs)' /proc/self/status
    ps -o pgid=,sid= $$ | tr -s ' ' '\\n' | grep -v '^$' | sed "s/^$$\\$/its own/"`);
  const before = process.env.NODE_OPTIONS;
  process.env.NODE_OPTIONS = '--require /nowhere/of/ours.js';
  process.env.TOCSIN_TEST_CANARY = 'canary-value';
  try {
    const said: string[] = [];
    expect(await run(command, env, (line) => void said.push(line))).toMatchObject({ exit: 0 });
    const direct = spawnSync('setsid', ['-w', 'bash', ...command.args], {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
    expect(said.join('\n')).not.toContain('canary-value');
    expect(said.slice(-2)).toEqual(['its own', 'its own']);
    expect(said).toEqual(direct.stdout.trimEnd().split('\n'));
    expect(said).toContain(`ODD=${env.ODD}`);
  } finally {
    delete process.env.TOCSIN_TEST_CANARY;
    if (before === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
  }
});
