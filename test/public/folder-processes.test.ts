import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { MANIFEST, openFolder } from '#public/folder.js';
import { chanceOf } from '../support/chance.js';
import { compiled } from '../support/compiled.js';
import { until } from '../support/until.js';
import { filesOf, record, recorded, revisionIn } from './page-files.js';

// Several processes that write one folder, and are killed or frozen while somebody reads it all the time.
const chance = chanceOf('folder-processes');
let program: Awaited<ReturnType<typeof compiled>>;
let base: string;
let dir: string;
let source: string;
let reader: Reader;
const children: ChildProcess[] = [];

/** So long that nobody loses the folder but by dying. */
const NEVER = { staleMs: 600_000, patienceMs: 600_000, pollMs: 2 };
/** So short that whoever does not move has lost it. */
const SOON = { beatMs: 20, staleMs: 200, patienceMs: 600_000, pollMs: 2 };

beforeAll(async () => {
  program = await compiled('src/public', 'src/store/embedded', 'test/public');
});
afterAll(() => program.remove());
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'tocsin-folders-'));
  dir = join(base, 'status');
  source = join(base, 'record');
  await writeFile(source, '.');
  await write();
  reader = new Reader();
});
afterEach(async () => {
  reader.stop();
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  await rm(base, { recursive: true, force: true });
});

/** Reads the page as somebody's browser does, without a pause: never a half one, never none, never one before another. */
class Reader {
  newest = 0;
  pages = 0;
  wrong: unknown = null;
  #timer: NodeJS.Immediate;

  constructor() {
    const look = () => {
      try {
        const revision = revisionIn(readFileSync(join(dir, 'index.html'), 'utf8'));
        if (revision < this.newest) throw new Error(`${revision} after ${this.newest}`);
        if (revision > this.newest) this.pages++;
        this.newest = revision;
      } catch (error) {
        this.wrong ??= error;
      }
      this.#timer = setImmediate(look);
    };
    this.#timer = setImmediate(look);
  }

  stop(): void {
    clearImmediate(this.#timer);
  }
}

function writer(options: object): { child: ChildProcess; lines: string[] } {
  const script = join(program.folder, 'test/public/writer-process.js');
  const child = spawn(process.execPath, [script, JSON.stringify({ dir, source, pace: NEVER, ...options })], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines: string[] = [];
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => lines.push(line));
  return { child, lines };
}

function write(pace: object = NEVER) {
  return openFolder(dir, { installation: 'one', pace }).write(async () => {
    const revision = recorded(source);
    return { revision: String(revision), files: filesOf(revision) };
  });
}

/** Everything is of the newest revision, and nothing else is there. */
async function expectNewest(): Promise<void> {
  const revision = recorded(source);
  const wanted = new Map(filesOf(revision));
  for (const [path, content] of wanted) expect(readFileSync(join(dir, path), 'utf8')).toBe(content);
  const names = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name).slice(dir.length + 1));
  expect(names.sort()).toEqual([MANIFEST, ...wanted.keys()].sort());
  expect(readdirSync(dir).filter((name) => name.startsWith('.'))).toEqual([MANIFEST, '.tocsin-status.lock']);
  expect(readdirSync(join(dir, '.tocsin-status.lock'))).toEqual([]);
  expect(await openFolder(dir, { installation: 'one' }).look()).toBe(String(revision));
  await until('the reader sees it too', () => reader.wrong !== null || reader.newest === revision);
  expect(reader.wrong).toBeNull();
}

test('two that write at the same time end with the newest', async () => {
  const both = [writer({ rounds: 40 }), writer({ rounds: 40 })];
  await until('both are done', () => both.every(({ lines }) => lines.length === 2));
  expect(both.map(({ lines }) => lines[1])).toEqual(['done', 'done']);
  expect(recorded(source)).toBe(81);
  await expectNewest();
  expect(reader.pages).toBeGreaterThan(1);
});

test('one that is killed at any moment leaves a whole page, and nothing else, and the next goes on at once', async () => {
  for (let n = 0; n < 12; n++) {
    const { child, lines } = writer({ rounds: 1_000_000 });
    await until('it has begun', () => lines.length > 0);
    await sleep(chance.below(80));
    child.kill('SIGKILL');
    await once(child, 'exit');
    // Nobody waits until it counts as silent.
    record(source);
    await write();
    await expectNewest();
  }
});

test('one that is frozen while it writes, and wakes up later, puts nothing over what is newer', async () => {
  const { child, lines } = writer({ rounds: 1, halt: true, pace: SOON });
  await until('it has read', () => lines.includes('halts at 2'));
  child.kill('SIGSTOP');
  record(source);
  await write(SOON);
  await expectNewest();
  child.stdin?.write('go on\n');
  child.kill('SIGCONT');
  // It has found that the folder is not its own any more, and reads anew what is recorded.
  await until('it reads again', () => lines.includes('halts at 3'));
  child.stdin?.write('go on\n');
  await until('it is done', () => lines.includes('done'));
  await expectNewest();
});

test('nor does one that freezes and wakes at any moment', async () => {
  const { child, lines } = writer({ rounds: 1_000_000, pace: SOON });
  await until('it has begun', () => lines.length > 0);
  for (let n = 0; n < 15; n++) {
    await sleep(chance.below(60));
    child.kill('SIGSTOP');
    record(source);
    await write(SOON);
    const revision = recorded(source);
    await until('the reader sees it', () => reader.wrong !== null || reader.newest >= revision);
    child.kill('SIGCONT');
    await until('it goes on', () => reader.wrong !== null || reader.newest > revision);
    expect(reader.wrong).toBeNull();
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(lines).toEqual(['begun']);
  await write(SOON);
  await expectNewest();
});
