// The parent's side: starts the programs of the stack and ends them again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * Starts a script of this folder, which ends when we do.
 * @param {string} script `tts.mjs`
 * @param {string[]} args
 * @param {string} log where its standard error goes
 * @returns {Promise<{process, pid: number, line: string, lines, stop(): Promise<void>}>} once it has said its
 *   first line; `lines` gives the later ones @throws with its log's end when it ends before
 */
export async function startChild(script, args, log) {
  const errors = openSync(log, 'a', 0o600);
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL(script, import.meta.url)), '--with-parent', ...args],
    { stdio: ['pipe', 'pipe', errors] },
  );
  closeSync(errors);
  // Writing to one that has just died is no reason to die with it.
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('error', reject);
    child.once('close', (code) =>
      reject(new Error(`${script} ended (${code}) before it was ready: ${tail(log)}`)),
    );
  });
  return { process: child, pid: child.pid, line, lines, stop: () => end(child) };
}

/**
 * Starts any program through `keep.mjs`, which sees to it that it ends when we do.
 * @returns {Promise<{pid: number, pids: number[], alive(): boolean, stop(): Promise<void>}>} `pid` is the program's own
 */
export async function startKept(command, args, log) {
  const keeper = await startChild('keep.mjs', ['--', command, ...args], log);
  const pid = Number(keeper.line);
  const alive = () => keeper.process.exitCode === null && keeper.process.signalCode === null;
  return { pid, pids: [pid, keeper.pid], alive, stop: keeper.stop };
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  // Not by force: a keeper that is killed cannot end what it keeps. All of them end by themselves within seconds.
  child.kill('SIGTERM');
  child.stdin.end();
  await closed;
}

/** A port that was free a moment ago: whoever binds it tries again with another when it is not any more. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Starts a server that cannot choose a port itself.
 * @template T
 * @param {(port: number) => Promise<T | null>} start null: the port was taken meanwhile
 * @returns {Promise<T>}
 */
export async function onFreePort(start) {
  for (let tries = 0; tries < 5; tries++) {
    const started = await start(await freePort());
    if (started) return started;
  }
  throw new Error('no port stayed free long enough');
}

/** The end of a log, for error messages. */
export function tail(log) {
  return readFileSync(log, 'utf8').trim().split('\n').slice(-3).join(' | ');
}

/** Where the programs of one folder write what they have to complain about. */
export const logIn = (folder) => join(folder, 'stack.log');
