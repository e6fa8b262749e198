import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from './until.js';

/** A real server as a test needs it: what is started, and how one sees that it answers. */
export interface Description {
  /** `redis-server`: in messages, and the name of its log. */
  name: string;
  command: string[];
  /** Of its own: where it runs, and its log is. `stop` removes it. */
  folder: string;
  options?: Pick<SpawnOptions, 'env' | 'uid' | 'gid' | 'detached'>;
  /** Does it answer? Asked until it does; an error is a no. */
  ready(): Promise<boolean>;
  /** Processes that it leaves behind when it is killed. */
  children?(): Promise<number[]>;
}

/** Looks after one real server: starts it, waits until it answers, kills it, starts it again with what it had. */
export class Server {
  #process: ChildProcess | undefined;

  constructor(readonly description: Description) {}

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** @throws with what it wrote, when it ends instead of answering */
  async start(): Promise<void> {
    const { name, command, folder, options, ready } = this.description;
    const [program = '', ...args] = command;
    const log = openSync(this.#log, 'a');
    const server = spawn(program, args, { cwd: folder, ...options, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#process = server;
    let failed: Error | null = null;
    server.on('error', (error) => {
      failed = error;
    });
    await until(`${name} answers`, async () => {
      if (failed) throw failed;
      if (ended(server)) throw new Error(`${name} ended instead of answering: ${this.log()}`);
      return ready().catch(() => false);
    });
  }

  /** Without a good-bye, or with the one that is named. @returns when it is gone */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const dying = this.#process;
    this.#process = undefined;
    if (!dying || ended(dying)) return;
    const children = (await this.description.children?.()) ?? [];
    const gone = once(dying, 'exit');
    dying.kill(signal);
    if (signal === 'SIGKILL') for (const child of children) sendSignal(child, signal);
    await gone;
    await until(`${this.description.name} is gone`, () => !children.some((child) => sendSignal(child, 0)));
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  sends(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** From now on it outlives this process. */
  letGo(): void {
    this.#process?.unref();
  }

  /** What it has written. */
  log(): string {
    return readFileSync(this.#log, 'utf8');
  }

  /** Ends it, and removes its folder. */
  async stop(signal?: NodeJS.Signals): Promise<void> {
    await this.kill(signal);
    await rm(this.description.folder, { recursive: true, force: true });
  }

  get #log(): string {
    return join(this.description.folder, `${this.description.name}.log`);
  }
}

/**
 * Whether a program is on this machine. Where tests must be complete (`CI=true`, `TOCSIN_TEST_REQUIRE=1`) its absence
 * is an error; elsewhere it is a skip that says how to end it.
 * @param command that ends well where the program is there
 * @param name of Debian's package
 */
export function available(command: string[], name: string): boolean {
  const [program = '', ...args] = command;
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return missing(program, name);
  }
}

/** @returns false, having said how to install it. @throws where tests must be complete */
export function missing(program: string, name: string): false {
  const line = `${program} is missing; install it with: apt-get install -y --no-install-recommends ${name}`;
  if (process.env.CI === 'true' || process.env.TOCSIN_TEST_REQUIRE === '1') throw new Error(line);
  process.stderr.write(`skipped: ${line}\n`);
  return false;
}

function ended(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** @returns whether there is such a process */
function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
