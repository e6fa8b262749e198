import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { access, chown, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { withFileLock, writeAtomically } from '#runbooks/files.js';
import { compiled } from '../support/compiled.js';

/** Adds one to a number in a file, reading and writing apart, so that two at once lose one without a lock. */
const COUNT = `
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
const [, , at, file, times, locked] = process.argv;
const { withFileLock, writeAtomically } = await import(at);
const add = async () => {
  const now = Number(await readFile(file, 'utf8'));
  await sleep(1);
  await writeAtomically(file, String(now + 1));
};
for (let i = 0; i < Number(times); i++) await (locked === 'yes' ? withFileLock(file, add) : add());
`;
/** Takes the lock, says so, and keeps it until it is killed. */
const KEEP = `
const [, , at, file] = process.argv;
const { withFileLock } = await import(at);
await withFileLock(file, () => new Promise((resolve) => {
  console.log('held');
  setInterval(() => {}, 1000);
}));
`;

let folder: string;
let library: { folder: string; remove(): Promise<void> };
const children: ChildProcess[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-atomic-'));
  library = await compiled('src/runbooks');
  await writeFile(join(library.folder, 'count.mjs'), COUNT);
  await writeFile(join(library.folder, 'keep.mjs'), KEEP);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await library?.remove();
  await rm(folder, { recursive: true });
});
function run(script: string, ...args: string[]): ChildProcess {
  const at = join(library.folder, 'src/runbooks/files.js');
  const child = spawn(process.execPath, [join(library.folder, script), at, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

describe('a file that several processes change', () => {
  test('loses nothing under the lock', async () => {
    const file = join(folder, 'counted');
    await writeFile(file, '0');
    const ended = await Promise.all([1, 2, 3].map(() => once(run('count.mjs', file, '15', 'yes'), 'close')));
    expect(ended.map(([code]) => code)).toEqual([0, 0, 0]);
    expect(await readFile(file, 'utf8')).toBe('45');
  });

  test('the lock of one that was killed is free, and one that lives is waited for', async () => {
    const file = join(folder, 'kept');
    const keeper = run('keep.mjs', file);
    await once(keeper.stdout!, 'data');
    let got = false;
    const waiting = withFileLock(file, async () => {
      got = true;
    });
    // It asks the kernel in these turns; without a lock it would have it long before.
    await withFileLock(join(folder, 'another'), async () => {});
    await withFileLock(join(folder, 'another'), async () => {});
    expect(got).toBe(false);
    keeper.kill('SIGKILL');
    await waiting;
    expect(got).toBe(true);
  });

  // What a service manager sends to every process of a service, and a terminal at Ctrl-C.
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'stays held by who goes on after a %s to all of its group',
    async (signal) => {
      const file = join(folder, `held-${signal}`);
      const keeper = run('keep.mjs', file);
      await once(keeper.stdout!, 'data');
      const under = (pid: number): number[] =>
        execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
          .split('\n')
          .map((line) => line.trim().split(/\s+/).map(Number))
          .filter(([, parent]) => parent === pid)
          .flatMap(([child = 0]) => [child, ...under(child)]);
      const holders = under(keeper.pid ?? 0);
      expect(holders.length).toBeGreaterThanOrEqual(1);
      for (const pid of holders) process.kill(pid, signal);
      const free = () => spawnSync('flock', ['-n', `${file}.lock`, 'true']).status === 0;
      // They have had their turns; one that heeded it would be gone.
      await withFileLock(join(folder, 'another'), async () => {});
      await withFileLock(join(folder, 'another'), async () => {});
      expect(free()).toBe(false);
      keeper.kill('SIGKILL');
      await once(keeper, 'exit');
      await withFileLock(file, async () => {});
    },
  );

  test('waiting for the lock can be called off', async () => {
    const file = join(folder, 'called-off');
    const calling = new AbortController();
    await withFileLock(file, async () => {
      const waiting = withFileLock(file, async () => 'had', calling.signal);
      calling.abort();
      await expect(waiting).rejects.toThrow(/abort/);
    });
    expect(await withFileLock(file, async () => 'free again')).toBe('free again');
  });

  test('an error inside gives the lock back', async () => {
    const file = join(folder, 'error');
    const failing = withFileLock(file, async () => {
      throw new Error('inside');
    });
    await expect(failing).rejects.toThrow('inside');
    expect(await withFileLock(file, async () => 'free')).toBe('free');
  });
});

describe('a file that is written', () => {
  test('leaves nothing beside it, also when an earlier write was cut off', async () => {
    const file = join(folder, 'written');
    await writeFile(join(folder, '.written.new'), 'what a crash left', { mode: 0o666 });
    await writeAtomically(file, 'new');
    expect(await readFile(file, 'utf8')).toBe('new');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readdir(folder)).filter((name) => name.endsWith('.new'))).toEqual([]);
  });

  test('that cannot be written is as it was', async () => {
    const file = join(folder, 'as-it-was');
    await writeFile(file, 'old');
    await expect(writeAtomically(join(folder, 'no', 'folder'), 'x')).rejects.toThrow('ENOENT');
    await expect(writeAtomically(file, undefined as unknown as string)).rejects.toThrow();
    expect(await readFile(file, 'utf8')).toBe('old');
    await expect(access(join(folder, '.as-it-was.new'))).rejects.toThrow('ENOENT');
  });

  (process.getuid?.() === 0 ? test : test.skip)('keeps the owner that it had', async () => {
    const file = join(folder, 'owned');
    await writeFile(file, 'old', { mode: 0o640 });
    await chown(file, 12_345, 23_456);
    await writeAtomically(file, 'new');
    const { uid, gid, mode } = await stat(file);
    expect({ uid, gid, mode: mode & 0o777 }).toEqual({ uid: 12_345, gid: 23_456, mode: 0o640 });
  });
});
