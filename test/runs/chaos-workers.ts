import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../support/chance.js';
import type { ChaosKit } from './chaos-kit.js';
import type { MortalOptions } from './mortal.js';

/** Worker processes that are killed, frozen and started again. */
export class Workers {
  kills = 0;
  freezes = 0;
  /** How many ended by themselves. */
  fallen = 0;
  /** What they wrote to stderr. */
  words = '';
  #started = 0;
  readonly #awake = new Set<ChildProcess>();
  readonly #frozen = new Set<ChildProcess>();
  readonly #killed = new WeakSet<ChildProcess>();
  readonly #quiet = new Map<ChildProcess, () => void>();
  #ended = false;

  constructor(
    private readonly kit: ChaosKit,
    private readonly options: Pick<
      MortalOptions,
      'redisUrl' | 'fenced' | 'freezes' | 'surely' | 'napMs' | 'concurrency'
    >,
    private readonly chance: Chance,
  ) {}

  /** Resolves when it works. */
  async start(): Promise<void> {
    if (this.#ended) return;
    const { database, outside, process: file } = this.kit;
    const seed = this.chance.below(2 ** 31);
    // Not all on the same: where all are frozen nobody takes over.
    const surely = this.options.surely * ++this.#started;
    const options: MortalOptions = { ...this.options, seed, surely, database, outside };
    const child = spawn(process.execPath, [file, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => undefined);
    child.stderr.on('data', (bytes) => {
      this.words = `${this.words}${bytes}`.slice(-20_000);
    });
    let ready = false;
    await new Promise<void>((resolve) => {
      child.once('exit', (_, signal) => {
        resolve();
        this.#awake.delete(child);
        if (this.#ended || this.#killed.has(child)) return;
        if (signal === 'SIGKILL') this.words += `worker ${child.pid} was killed, and not by this test\n`;
        // At its start the database may be away; once it works it must survive that.
        if (ready) this.fallen += 1;
        setTimeout(() => void this.start(), 200);
      });
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line === 'brink') void this.#thaw(child);
        if (line === 'quiet') this.#quiet.get(child)?.();
        ready = true;
        resolve();
      });
    });
    if (this.#ended) child.kill('SIGKILL');
    else if (child.exitCode === null && child.signalCode === null) this.#awake.add(child);
  }

  /** kill -9 of one that is awake, and another in its place. @returns its process id */
  async kill(): Promise<number | null> {
    const child = await this.#any();
    this.kills += 1;
    this.#awake.delete(child);
    this.#killed.add(child);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    void this.start();
    return child.pid ?? null;
  }

  /** Stops one for longer than its lease lasts. */
  async freeze(): Promise<void> {
    const child = await this.#any();
    child.kill('SIGSTOP');
    void this.#thaw(child);
  }

  async #thaw(child: ChildProcess): Promise<void> {
    this.freezes += 1;
    this.#awake.delete(child);
    this.#frozen.add(child);
    // Longer than a lease.
    await sleep(6_000 + this.chance.next() * 2_000, undefined, { ref: false });
    child.kill('SIGCONT');
    this.#frozen.delete(child);
    if (!this.#ended && child.exitCode === null && child.signalCode === null) this.#awake.add(child);
  }

  /** Those that are frozen come back, and all finish what they were about to do. They take nothing more after that. */
  async calm(): Promise<void> {
    while (this.#frozen.size > 0) await sleep(100);
    await Promise.all(
      [...this.#awake].map(
        (child) =>
          new Promise<void>((resolve) => {
            this.#quiet.set(child, resolve);
            child.once('exit', () => resolve());
            child.stdin?.write('rest\n');
          }),
      ),
    );
  }

  async end(): Promise<void> {
    this.#ended = true;
    for (const child of [...this.#awake, ...this.#frozen]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
    }
  }

  /** Where all are frozen or on their way, the first that is not. */
  async #any(): Promise<ChildProcess> {
    for (;;) {
      const child = this.chance.pick([...this.#awake]);
      if (child) return child;
      await sleep(50);
    }
  }
}
