import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Lines } from '#log.js';

// A log that nobody reads is no reason to stop, nor one whose reader is gone.

const LOG = fileURLToPath(new URL('../dist/log.js', import.meta.url));
/** Logs far more than a pipe holds, lets Node itself speak up too, and answers; at `end` it ends with a last word. */
const CHILD = `
  import { createLog, outliveReaders } from ${JSON.stringify(LOG)};
  outliveReaders();
  const log = createLog('info');
  process.stdout.write('ready\\n');
  let n = 0;
  process.stdin.setEncoding('utf8').on('data', (asked) => {
    if (asked !== 'end') {
      for (let i = 0; i < 4000; i++) log.info({ n: n++, fill: 'x'.repeat(500) }, 'a line');
      console.error('and a library');
      process.stdout.write('answer ' + asked + '\\n');
    }
    if (asked.endsWith('end')) { log.fatal('the last word'); process.exit(3); }
  });
`;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-log-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let fifos = 0;
function aPipe(): { path: string; fd: number } {
  const path = join(folder, `pipe-${++fifos}`);
  execFileSync('mkfifo', [path]);
  // For both: so that there is a reader, who does not read.
  return { path, fd: openSync(path, constants.O_RDWR) };
}

function child(stderr: number | 'pipe', sameForStdout = false) {
  const started = spawn(process.execPath, ['--input-type=module', '-e', CHILD], {
    stdio: ['pipe', sameForStdout ? stderr : 'pipe', stderr],
  });
  const lines = started.stdout ? createInterface({ input: started.stdout }) : null;
  const ask = async (what: string) => {
    started.stdin?.write(what);
    return ((await once(lines as NonNullable<typeof lines>, 'line')) as [string])[0];
  };
  return { started, ask, ready: async () => lines && (await once(lines, 'line')) };
}

/** Reads until the writers are gone. */
async function drain(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY);
  try {
    let text = '';
    for await (const piece of file.createReadStream({ encoding: 'utf8', autoClose: false })) text += piece;
    return text;
  } finally {
    await file.close();
  }
}

interface Line {
  n?: number;
  dropped?: number;
  msg: string;
}

test('a pipe that nobody reads: the process answers, and later says how much is missing, and its last word', async () => {
  const { path, fd } = aPipe();
  const { started, ask, ready } = child(fd);
  await ready();
  for (let i = 0; i < 3; i++) expect(await ask(`${i}`)).toBe(`answer ${i}`);
  const read = drain(path);
  closeSync(fd);
  started.stdin?.write('end');
  expect(await once(started, 'exit')).toEqual([3, null]);
  const lines = (await read)
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);
  const numbered = lines.flatMap(({ n }) => (n === undefined ? [] : [n]));
  const dropped = lines.reduce((sum, line) => sum + (line.dropped ?? 0), 0);
  expect(numbered).toEqual(numbered.map((_, i) => i));
  expect(dropped).toBeGreaterThan(0);
  // All that was logged is there or counted; the last word too, whether it came in time or was counted with the rest.
  const last = lines.filter(({ msg }) => msg === 'the last word').length;
  expect(numbered.length + dropped + last).toBe(12_001);
});

test.each([['a pipe'], ['a socket, as the journal gives']])(
  '%s whose reader is gone ends nobody',
  async (kind) => {
    const pipe = kind === 'a pipe' ? aPipe() : null;
    const { started, ask, ready } = child(pipe?.fd ?? 'pipe');
    await ready();
    if (pipe) closeSync(pipe.fd);
    else started.stderr?.destroy();
    for (let i = 0; i < 3; i++) expect(await ask(`${i}`)).toBe(`answer ${i}`);
    started.stdin?.write('end');
    expect(await once(started, 'exit')).toEqual([3, null]);
  },
);

test('a full disk, and a pipe that is stdout as well and nobody reads, end nobody either', async () => {
  const full = openSync('/dev/full', 'w');
  const { started, ask, ready } = child(full);
  closeSync(full);
  await ready();
  for (let i = 0; i < 3; i++) expect(await ask(`${i}`)).toBe(`answer ${i}`);
  started.stdin?.write('end');
  expect(await once(started, 'exit')).toEqual([3, null]);

  const { fd } = aPipe();
  const { started: other } = child(fd, true);
  other.stdin?.write('0, then the end');
  const code = await once(other, 'exit');
  closeSync(fd);
  expect(code).toEqual([3, null]);
});

test('a socket that nobody reads freezes nobody', async () => {
  const { started, ask, ready } = child('pipe');
  await ready();
  started.stderr?.pause();
  for (let i = 0; i < 3; i++) expect(await ask(`${i}`)).toBe(`answer ${i}`);
  started.kill('SIGKILL');
  await once(started, 'exit');
});

describe('lines', () => {
  const refused = (code: string) => Object.assign(new Error(code), { code });

  test('go out whole and in order, whatever piece is taken at a time', () => {
    let out = '';
    let calls = 0;
    const lines = new Lines((bytes) => {
      if (++calls % 50 === 0) throw refused('EAGAIN');
      const some = bytes.subarray(0, 7);
      out += some.toString();
      return some.byteLength;
    });
    const all = Array.from({ length: 50 }, (_, i) => `line ${i} ${'y'.repeat(i)}\n`);
    for (const line of all) lines.write(line);
    lines.flush();
    expect(out).toBe(all.join(''));
  });

  test('that nobody takes are counted once, however long it lasts', () => {
    let broken: string | null = 'EPIPE';
    let out = '';
    const lines = new Lines((bytes) => {
      if (broken) throw refused(broken);
      out += bytes.toString();
      return bytes.byteLength;
    });
    for (let i = 0; i < 10; i++) lines.write(`lost ${i}\n`);
    broken = null;
    lines.write('again\n');
    lines.flush();
    lines.write('and again\n');
    // What comes while it is not yet known that somebody reads again is missing too, and counted.
    expect(JSON.parse(out.split('\n')[0] as string)).toMatchObject({ level: 40, dropped: 11 });
    expect(out.split('\n').slice(1)).toEqual(['and again', '']);
  });
});
