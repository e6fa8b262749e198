import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ShellCommand } from './action.js';
import { Lines } from './lines.js';

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

// How long a program that is asked to end may take, before it is ended.
const GRACE_MS = 2_000;
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
 * leaves behind in its group is killed when it ends.
 * @param say gets its output line by line; of more than 128 KB the beginning as it comes, and the end when it is over
 * @throws NotStarted
 */
export async function runProcess(
  command: ShellCommand,
  env: Record<string, string>,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Ended> {
  if (signal.aborted) throw new NotStarted(`${command.file} was not started: the step was stopped`);
  const child = await start(command, env);
  const group = child.pid as number;
  running.add(group);
  let stopping: Promise<void> | null = null;
  const stop = () => {
    stopping ??= stopGroup(group);
  };
  const lines = new Lines(say);
  const closed = once(child, 'close');
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('exit', (exit, by) => resolve([exit, by]));
  });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', lines.from());
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    const [exit, by] = await ended;
    await stopping;
    signalGroup(group, 'SIGKILL');
    await Promise.race([closed, sleep(LEFT_MS)]);
    return { exit, by, stopped: stopping !== null, bytes: lines.bytes };
  } finally {
    signal.removeEventListener('abort', stop);
    child.stdout?.destroy();
    child.stderr?.destroy();
    running.delete(group);
    lines.end();
  }
}

async function start({ file, args, cwd }: ShellCommand, env: Record<string, string>): Promise<ChildProcess> {
  try {
    const child = spawn(file, args, {
      cwd: cwd ?? undefined,
      env,
      shell: false,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await once(child, 'spawn');
    child.on('error', () => {});
    return child;
  } catch (error) {
    // Some messages of Node's quote the arguments.
    throw new NotStarted(
      `${file} cannot be started: ${(error as NodeJS.ErrnoException).code ?? 'it is refused'}`,
    );
  }
}

/** Asks a group to end, and ends it when it does not. */
async function stopGroup(group: number): Promise<void> {
  signalGroup(group, 'SIGTERM');
  const end = performance.now() + GRACE_MS;
  while (performance.now() < end) {
    await sleep(20);
    if (!signalGroup(group, 0)) return;
  }
  signalGroup(group, 'SIGKILL');
}

/** @returns whether there was anybody to get it */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}
