import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosKit } from './chaos-kit.js';

interface Waiting {
  lane: string;
  fence: number;
  since: number;
  what: 'killed → resumed' | 'flushed → visible';
}

/** Watches from behind how long runs wait for somebody to take them. Measures, and judges nothing. */
export class Watch {
  readonly #took = new Map<string, number[]>();
  #waiting: Waiting[] = [];
  #ended = false;
  readonly #loop: Promise<void>;

  /** @param queued lanes that have a job now */
  constructor(
    private readonly kit: ChaosKit,
    private readonly queued: () => Promise<Set<string>>,
  ) {
    this.#loop = this.#look();
  }

  /** From now on, for the runs that the process held when it was killed. */
  async killed(pid: number, since: number): Promise<void> {
    const rows = await this.kit.sql<{ lane: string; fence: number }>(
      `select l.lane, l.fence::float8 as fence from lane l
       where l.owner like '%:' || $1 || ':%' and exists (
         select from outbox o where o.team = l.team and o.lane = l.lane and o.done_at is null)`,
      [String(pid)],
    );
    this.#waiting.push(...rows.map((row) => ({ ...row, since, what: 'killed → resumed' as const })));
  }

  /** From now on, for the runs that are due and that nobody has: until each has a job again, or somebody has it. */
  async flushed(since: number): Promise<void> {
    const due = new Set((await this.kit.store.outbox.dueLanes(2_000)).map(({ lane }) => lane));
    const rows = await this.#fences(this.kit.runs.map(({ lane }) => lane).filter((lane) => due.has(lane)));
    const what = 'flushed → visible' as const;
    this.#waiting.push(...[...rows].map(([lane, fence]) => ({ lane, fence, since, what })));
  }

  /** @returns for each kind how many were seen, and the median and longest in ms */
  async end(): Promise<Record<string, { seen: number; median: number; longest: number }>> {
    this.#ended = true;
    await this.#loop;
    return Object.fromEntries(
      [...this.#took].map(([what, all]) => {
        const sorted = all.toSorted((a, b) => a - b).map(Math.round);
        const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
        return [what, { seen: sorted.length, median, longest: sorted.at(-1) ?? 0 }];
      }),
    );
  }

  async #look(): Promise<void> {
    while (!this.#ended) {
      await sleep(100);
      if (this.#waiting.length === 0) continue;
      // A connection may just have been cut, or the queue be away.
      await this.#once().catch(() => undefined);
    }
  }

  async #once(): Promise<void> {
    const fences = await this.#fences(this.#waiting.map(({ lane }) => lane));
    const flushed = this.#waiting.some(({ what }) => what === 'flushed → visible');
    const queued = flushed ? await this.queued().catch(() => new Set<string>()) : new Set<string>();
    const now = performance.now();
    this.#waiting = this.#waiting.filter(({ lane, fence, since, what }) => {
      const taken = (fences.get(lane) ?? 0) > fence;
      if (!taken && !(what === 'flushed → visible' && queued.has(lane))) return true;
      this.#took.set(what, [...(this.#took.get(what) ?? []), now - since]);
      return false;
    });
  }

  async #fences(lanes: string[]): Promise<Map<string, number>> {
    const rows = await this.kit.sql<{ lane: string; fence: number }>(
      'select lane, fence::float8 as fence from lane where lane = any($1)',
      [lanes],
    );
    return new Map(rows.map(({ lane, fence }) => [lane, fence]));
  }
}
