import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Program } from './action.js';

/** How a program ended. */
export interface Ended {
  /** Its exit code; null: a signal ended it. */
  exit: number | null;
  /** The signal that ended it; null: none. */
  by: NodeJS.Signals | null;
  /** Was it stopped by us? */
  stopped: boolean;
  /** How much it wrote, standard output and error together. */
  bytes: number;
}

/** The program could not be started: nothing has happened. */
export class NotStarted extends Error {
  override name = 'NotStarted';
}

// Right from src/ and from dist/.
const KEEPER = fileURLToPath(new URL('../../bin/kept.mjs', import.meta.url));
// How long to wait for output of a process that has left the group and holds our pipe open.
const LEFT_MS = 200;

/** Groups that run now: what does not outlive this process in peace does not outlive it at all. */
const running = new Set<number>();
process.on('exit', () => {
  for (const group of running) signalGroup(group, 'SIGKILL');
});

/**
 * Runs a program without a shell, in a process group of its own, with nothing on its standard input and no environment
 * but what is given. When `signal` aborts, the whole group gets SIGTERM, and SIGKILL two seconds later; what the program
 * leaves behind in its group is killed when it ends. All that is done by a keeper, a process between us and the program
 * that does it when we die, too, even by SIGKILL: the next worker must not find the program still running.
 * @param say gets its output line by line; of more than 128 KB the beginning as it comes, and the end when it is over
 * @throws NotStarted
 */
export async function runProcess(
  command: Program,
  env: Record<string, string>,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Ended> {
  if (signal.aborted) throw new NotStarted(`${command.file} was not started: the step was stopped`);
  const { keeper, group, over } = await start(command, env);
  running.add(group);
  let stopped = false;
  // For the keeper this is the same as our death.
  const stop = () => {
    stopped = true;
    keeper.stdin?.end();
  };
  const lines = new Lines(say);
  const closed = once(keeper, 'close');
  for (const stream of [keeper.stdout, keeper.stderr]) stream?.on('data', lines.from());
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    const end = await over;
    // The keeper was killed, so nothing else would end the group.
    if (!end) signalGroup(group, 'SIGKILL');
    await Promise.race([closed, sleep(LEFT_MS)]);
    const { exit, by } = end ?? { exit: null, by: 'SIGKILL' };
    return { exit, by, stopped, bytes: lines.bytes };
  } finally {
    signal.removeEventListener('abort', stop);
    keeper.stdout?.destroy();
    keeper.stderr?.destroy();
    running.delete(group);
    lines.end();
  }
}

type End = Pick<Ended, 'exit' | 'by'>;
type Told = { started: number } | { error: string | null } | End;

interface Kept {
  keeper: ChildProcess;
  /** The program's process group. */
  group: number;
  /** How the program ended; null: its keeper was killed. */
  over: Promise<End | null>;
}

async function start({ file, args, cwd }: Program, env: Record<string, string>): Promise<Kept> {
  const refused = (why: string | null | undefined) =>
    new NotStarted(`${file} cannot be started: ${why ?? 'it is refused'}`);
  let keeper: ChildProcess;
  try {
    // Our own environment is not even the keeper's, except for what a Node may need to be loaded at all.
    const { LD_LIBRARY_PATH } = process.env;
    keeper = spawn(process.execPath, [KEEPER], {
      env: LD_LIBRARY_PATH ? { LD_LIBRARY_PATH } : {},
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    await once(keeper, 'spawn');
  } catch (error) {
    throw refused((error as NodeJS.ErrnoException).code);
  }
  const gone = once(keeper, 'exit');
  keeper.on('error', () => {});
  const [input, reports] = [keeper.stdio[0] as Writable, keeper.stdio[3] as Readable];
  input.on('error', () => {});
  const told = hear(reports);
  input.write(`${JSON.stringify({ file, args, cwd, env })}\n`);
  const first = await told.first;
  // Some messages of Node's quote the arguments; the code does not.
  if (first && 'error' in first) throw refused(first.error);
  if (first && 'started' in first) return { keeper, group: first.started, over: told.end };
  keeper.stdout?.destroy();
  keeper.stderr?.destroy();
  const [, by] = await gone;
  if (!by) throw refused('its keeper failed');
  throw new Error(`the keeper of ${file} was killed by ${by} before it said whether ${file} was started`);
}

/** What a keeper tells: the first thing, and how the program ended; null: it was gone before. */
function hear(reports: Readable): { first: Promise<Told | null>; end: Promise<End | null> } {
  const all: Told[] = [];
  const first = new Promise<Told | null>((resolve) => {
    createInterface({ input: reports }).on('line', (line) => {
      all.push(JSON.parse(line));
      resolve(all[0] as Told);
    });
    reports.once('close', () => resolve(null));
  });
  const end = new Promise<End | null>((resolve) => {
    reports.once('close', () => resolve((all[1] as End | undefined) ?? null));
  });
  reports.on('error', () => {});
  return { first, end };
}

/** Nobody left to get it is as good. */
function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // They have ended by themselves.
  }
}

// Of what a program says, so much of the beginning and so much of the end is kept.
const HEAD = 65_536;
const TAIL = 65_536;
// What is longer is no line that anybody reads.
const LINE = 8_192;

/**
 * Takes output apart into lines, in bounded memory however much there is: the beginning is said as it comes, then only
 * the end is kept, and said with a count of what is left out when all is over.
 */
class Lines {
  bytes = 0;
  readonly #say: (line: string) => void;
  readonly #streams: Stream[] = [];
  #head = 0;
  #tail: string[] = [];
  #tailBytes = 0;
  #dropped = 0;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** @returns what takes the chunks of one more stream: lines of two streams do not mix */
  from(): (chunk: Buffer) => void {
    const stream = new Stream((line, length) => this.#take(line, length));
    this.#streams.push(stream);
    return (chunk) => {
      this.bytes += chunk.length;
      stream.take(chunk);
    };
  }

  /** Says the rest. */
  end(): void {
    for (const stream of this.#streams) stream.end();
    if (this.#dropped > 0) this.#say(`… ${this.#dropped} lines left out …`);
    for (const line of this.#tail) this.#say(line);
    this.#tail = [];
  }

  #take(line: () => string, length: number): void {
    // A line costs something even when it is empty.
    const size = Math.min(length, LINE) + 1;
    if (this.#head + size <= HEAD && this.#tail.length === 0) {
      this.#head += size;
      this.#say(line());
      return;
    }
    this.#head = HEAD;
    this.#tail.push(line());
    this.#tailBytes += size;
    // In bulk: taking the first element of a long list for every line is slow.
    if (this.#tailBytes > 2 * TAIL) this.#trim();
  }

  #trim(): void {
    let from = this.#tail.length;
    let kept = 0;
    while (from > 0 && kept + (this.#tail[from - 1] as string).length + 1 <= TAIL) {
      from -= 1;
      kept += (this.#tail[from] as string).length + 1;
    }
    this.#dropped += from;
    this.#tail = this.#tail.slice(from);
    this.#tailBytes = kept;
  }
}

const NEWLINE = 10;

class Stream {
  #parts: Buffer[] = [];
  #kept = 0;
  #length = 0;

  constructor(private readonly line: (text: () => string, length: number) => void) {}

  take(chunk: Buffer): void {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, at));
      this.#flush();
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
  }

  end(): void {
    if (this.#length > 0) this.#flush();
  }

  #keep(part: Buffer): void {
    this.#length += part.length;
    const room = LINE - this.#kept;
    if (room <= 0 || part.length === 0) return;
    // Copied, so that a short line does not hold on to its whole chunk.
    const kept = Buffer.from(part.subarray(0, room));
    this.#parts.push(kept);
    this.#kept += kept.length;
  }

  #flush(): void {
    const [parts, length] = [this.#parts, this.#length];
    this.#parts = [];
    this.#kept = 0;
    this.#length = 0;
    this.line(() => whole(Buffer.concat(parts), length), length);
  }
}

/** A line that is too long ends at a gap: a secret cut in two would not be recognised as one. */
function whole(kept: Buffer, length: number): string {
  const text = kept.toString('utf8').replace(/\r$/, '');
  if (length <= LINE) return text;
  const gap = text.search(/\s\S*$/);
  return gap < 0 ? `… ${length} bytes without a gap …` : `${text.slice(0, gap)} … (${length} bytes)`;
}
