import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { EmbeddedOptions } from '#store/embedded/embedded.js';
import type { Connection } from '#store/embedded/server.js';

type Message = {
  connection?: Connection;
  owned?: boolean;
  note?: string | null;
  rows?: Record<string, unknown>[];
  closed?: boolean;
  error?: { name: string; message: string };
};

export type Opener = {
  pid: number;
  /** The first thing it said: what it opened, or the error. */
  opened: Message;
  query(sql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>;
};

/**
 * Opens an embedded database in a process of its own.
 *
 * @param compiledAt folder made by `compiled('src/store/embedded')`
 * @param as run as this user; needs root
 */
export async function opener(
  compiledAt: string,
  options: Omit<EmbeddedOptions, 'log'>,
  as?: { uid: number; gid: number },
): Promise<Opener> {
  const child = await spawnOpener(compiledAt, options, as);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const listen = async (): Promise<Message> => {
    const { value, done } = await answers.next();
    if (done) throw new Error('the opener ended without an answer');
    return JSON.parse(value) as Message;
  };
  const ask = (question: object): Promise<Message> => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    return listen();
  };
  const opened = await listen();
  return {
    pid: child.pid ?? 0,
    opened,
    async query(sql) {
      const { rows, error } = await ask({ sql });
      if (error) throw new Error(error.message);
      return rows ?? [];
    },
    async close() {
      const { closed, error } = await ask({ close: true });
      if (!closed) throw new Error(error?.message ?? 'not closed');
      await ended(child);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended(child);
    },
  };
}

/** The bare process, for a test that does not wait for its answer. */
export async function spawnOpener(
  compiledAt: string,
  options: Omit<EmbeddedOptions, 'log'>,
  as?: { uid: number; gid: number },
): Promise<ChildProcessByStdio<Writable, Readable, null>> {
  const script = join(compiledAt, 'opener.mjs');
  await copyFile(fileURLToPath(new URL('./opener.mjs', import.meta.url)), script);
  await chmod(script, 0o644);
  return spawn(process.execPath, [script, compiledAt, JSON.stringify(options)], {
    ...as,
    cwd: '/',
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
