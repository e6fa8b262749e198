import { laneOfPublic, publicLaneOf } from '#domain/incident/effect.js';
import { holdLane, type LaneOptions, type Lanes, type Lease, type Terms } from '#lanes/lane.js';
import type { PlainLog } from '#log.js';
import { Lost } from '#runbooks/action.js';
import type { OwedRow } from '#store/outbox.js';
import type { Subscribers } from '#store/public/subscribers.js';
import type { Store } from '#store/store.js';
import { type Crowd, type Destination, PARTS, type PublicChange, Refusing } from './change.js';

/** What the lanes of the public stand on. */
export interface PublicWorld {
  outbox: Lanes & Pick<Store['outbox'], 'markStarted' | 'owe' | 'hurry' | 'hurryBehind'>;
  /** Writes the page's files, with all that is known by now. @throws when they cannot be written */
  build(): Promise<void>;
  /** What a fact says to the public, read now; null: nothing, or nothing any more. */
  changeOf(team: string, incident: number, seq: number): Promise<PublicChange | null>;
  changes: Pick<Subscribers, 'note'>;
  /** All that there are, as the settings are now. */
  destinations(team: string): ReadonlyArray<Destination | Crowd>;
  /**
   * Tells whoever waits for these rows that the page cannot be written (`error`, in words), or that it is written after all
   * (null). After a crash the same may come again.
   */
  tellNotWritten(rows: readonly OwedRow[], error: string | null): Promise<void>;
  now(): Date;
  log: PlainLog;
}

export interface PublicOptions extends LaneOptions {
  world: PublicWorld;
}

const LEASE_MS = 10_000;
const TERMS: Terms = { ms: LEASE_MS, marginMs: 3_000, revives: true };
/** Of a lane, before others have their turn. */
const ROWS = 500;
const TURN_MS = 20_000;

const FIRST_MS = 1_000;
const LONGEST_PAGE_MS = 60_000;
const LONGEST_MS = 300_000;
const DAY_MS = 86_400_000;
/** As often as a destination is asked within a day. */
const MOST_TRIES = 300;
/** After so many failures in a row those who wait for the page are told. */
const SAID_AFTER = 3;
/** Stands behind the error of rows whose people were told. */
const SAID = ' (said)';

/** @returns the pause after the n-th attempt (1, 2 …): it doubles, up to `longest` */
const pauseMs = (attempts: number, longest: number): number =>
  Math.min(FIRST_MS * 2 ** Math.min(attempts - 1, 20), longest);

const wordsOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 400);

/**
 * Pays what one lane of the public's owes, under its lease: writes the page, hands news on to all who are told, or tells one of
 * those. Nothing waits in here: a lane that has to leaves.
 * @param stopping the process is stopping: what is in hand is finished, nothing else is begun
 */
export async function drainPublicLane(
  lane: string,
  options: PublicOptions,
  stopping: AbortSignal,
): Promise<void> {
  const of = publicLaneOf(lane);
  if (!of) throw new Error(`not a lane of the public's: ${lane}`);
  const { team, what, part } = of;
  await holdLane({ team, lane }, options, TERMS, async (lease) => {
    const paying = new Paying(team, lane, lease, options, stopping);
    if (what === 'page') await paying.page();
    else if (part === null) await paying.handOn();
    else await paying.destination(part);
    return null;
  });
}

/** One lane in the hands of one worker. */
class Paying {
  readonly #end = performance.now() + TURN_MS;

  constructor(
    private readonly team: string,
    private readonly lane: string,
    private readonly lease: Lease,
    private readonly options: PublicOptions,
    private readonly stopping: AbortSignal,
  ) {}

  /** One writing for all that is due: it is of everything that is known. Tried for ever. */
  async page(): Promise<void> {
    const { world } = this.options;
    for (;;) {
      const rows = await this.#due();
      if (rows.length === 0) return;
      await this.#begin(rows);
      try {
        await world.build();
      } catch (error) {
        return this.#notWritten(rows, error);
      }
      const told = rows.filter(wasSaid);
      if (told.length > 0) await this.#say(told, null);
      await this.lease.settle(idsOf(rows), { done: null });
    }
  }

  async #notWritten(rows: readonly OwedRow[], thrown: unknown): Promise<void> {
    if (thrown instanceof Lost) throw thrown;
    const error = wordsOf(thrown);
    const tries = Math.max(...rows.map(({ attempts }) => attempts)) + 1;
    // Each incident's people once: those whose post came later in the same outage wait as well.
    const known = new Set(rows.filter(wasSaid).map(({ incident }) => incident));
    const unsaid = tries < SAID_AFTER ? [] : rows.filter(({ incident }) => !known.has(incident));
    const said = unsaid.length > 0 && (await this.#say(unsaid, error));
    this.#warn(thrown, 'the public page could not be written; it is tried again');
    const retryInMs = pauseMs(tries, LONGEST_PAGE_MS);
    const marked = new Set([...idsOf(rows.filter(wasSaid)), ...(said ? idsOf(unsaid) : [])]);
    for (const [some, suffix] of [
      [rows.filter(({ id }) => marked.has(id)), SAID],
      [rows.filter(({ id }) => !marked.has(id)), ''],
    ] as const)
      if (some.length > 0) await this.lease.settle(idsOf(some), { retryInMs, error: `${error}${suffix}` });
  }

  /** @returns false: they could not be told now; the page matters more */
  async #say(rows: readonly OwedRow[], error: string | null): Promise<boolean> {
    try {
      await this.options.world.tellNotWritten(rows, error);
      return true;
    } catch (thrown) {
      this.#warn(thrown, 'whoever waits for the public page could not be told how it stands');
      return false;
    }
  }

  /** Gives each change, in order, to the lanes of all who are told: so none of these waits for another. */
  async handOn(): Promise<void> {
    for (;;) {
      const rows = await this.#due();
      if (rows.length === 0) return;
      for (const row of rows) {
        await this.#begin([row]);
        try {
          await this.#give(row);
        } catch (error) {
          if (error instanceof Lost) throw error;
          this.#warn(error, 'what the public is told could not be handed on; it is tried again');
          const retryInMs = pauseMs(row.attempts + 1, LONGEST_PAGE_MS);
          return this.lease.settle([row.id], { retryInMs, error: wordsOf(error) });
        }
        await this.lease.settle([row.id], { done: null });
        if (this.stopping.aborted) return;
      }
    }
  }

  async #give(row: OwedRow): Promise<void> {
    const { world, wakeAt } = this.options;
    const { team } = this;
    const { incident } = row;
    const seq = seqOf(row);
    if ((await world.changeOf(team, incident, seq)) === null) return;
    // Before anybody is woken: a share tells what is noted.
    await world.changes.note(team, incident, seq);
    for (const { part } of world.destinations(team)) {
      const lane = laneOfPublic(team, 'tell', part);
      const key = `tell:${incident}:${seq}:${part}`;
      await world.outbox.owe({ kind: 'status.tell', payload: { seq } }, { team, lane, incident, key });
      // One that waits for a later time has something to do now. One that was refused a moment ago keeps its pause.
      if (part < PARTS.shares) await world.outbox.hurry({ team, lane });
      wakeAt(lane, world.now());
    }
  }

  async destination(part: number): Promise<void> {
    const found = this.options.world.destinations(this.team).find((one) => one.part === part);
    if (found && 'goOn' in found) return this.#crowd(found);
    for (;;) {
      const rows = await this.#due();
      if (rows.length === 0) return;
      for (const row of rows) {
        if (!(await this.#tell(row, found ?? null)) || this.stopping.aborted) return;
      }
    }
  }

  /** @returns false: nothing behind it may be told yet */
  async #tell(row: OwedRow, to: Destination | null): Promise<boolean> {
    const { world } = this.options;
    await this.#begin([row]);
    let change: PublicChange | null = null;
    try {
      change = to && (await world.changeOf(this.team, row.incident, seqOf(row)));
      if (to && change) await to.tell(change, this.lease.signal);
      await this.lease.settle([row.id], { done: null });
      return true;
    } catch (error) {
      if (error instanceof Lost || this.lease.signal.aborted) throw new Lost();
      const attempts = row.attempts + 1;
      const old = change !== null && world.now().getTime() - Date.parse(change.recordedAt) >= DAY_MS;
      const name = to?.name ?? '';
      if (error instanceof Refusing || attempts >= MOST_TRIES || (old && attempts >= SAID_AFTER)) {
        const dead = wordsOf(error);
        world.log.error(
          { lane: this.lane, to: name, error: dead },
          'what the public is told is dead until it is retried',
        );
        await this.lease.settle([row.id], { dead });
        return true;
      }
      this.#warn(error, 'what the public is told will be tried again', name);
      const retryInMs = pauseMs(attempts, LONGEST_MS);
      await this.lease.settle([row.id], { retryInMs, error: wordsOf(error), uncertain: true });
      return false;
    }
  }

  /**
   * All that is due says one thing: go on. While somebody waits for a later time, the last row stays for that time; news make it
   * due at once.
   */
  async #crowd(crowd: Crowd): Promise<void> {
    for (;;) {
      const rows = await this.#due();
      const last = rows.at(-1);
      if (!last) return;
      let nextMs: number | null;
      let error = SUBSCRIBERS_WAIT;
      let failed = false;
      try {
        nextMs = await crowd.goOn(this.team, this.lease.signal, this.stopping);
      } catch (thrown) {
        if (this.lease.signal.aborted) throw new Lost();
        failed = true;
        error = wordsOf(thrown);
        nextMs = pauseMs(last.attempts + 1, LONGEST_PAGE_MS);
        // Counted, for the pauses.
        await this.#begin([last]);
        this.#warn(thrown, 'subscribers could not be told now; it is tried again', crowd.name);
      }
      await this.lease.settle(idsOf(rows.slice(0, -1)), { done: null });
      if (nextMs === null) await this.lease.settle([last.id], { done: null });
      else await this.lease.settle([last.id], { retryInMs: nextMs, error });
      // One that says it may go on at once does so in its next turn, and keeps nobody else from theirs.
      if (failed || nextMs === 0) return;
      // Owed while we were at it, and so behind a row that has just got a later time.
      if (nextMs !== null)
        await this.options.world.outbox.hurryBehind({ team: this.team, lane: this.lane }, last.id);
    }
  }

  async #due(): Promise<OwedRow[]> {
    if (this.stopping.aborted || performance.now() > this.#end) return [];
    await this.lease.secure();
    return this.lease.owed(ROWS);
  }

  async #begin(rows: readonly OwedRow[]): Promise<void> {
    const held = await this.options.world.outbox.markStarted(this.lease.hold, idsOf(rows), LEASE_MS);
    if (!held) throw new Lost();
  }

  #warn(error: unknown, message: string, to?: string): void {
    const { world, retries } = this.options;
    const times = retries ? retries.count(this.lane) : 1;
    const about = { lane: this.lane, ...(to !== undefined && { to }), error: wordsOf(error), times };
    if (times !== null) world.log.warn(about, message);
  }
}

/** Stands in the row of a share whose subscribers are to be told later: no fault of anybody's. */
export const SUBSCRIBERS_WAIT = 'subscribers wait';

const idsOf = (rows: readonly OwedRow[]): number[] => rows.map(({ id }) => id);
const wasSaid = ({ error }: OwedRow): boolean => error?.endsWith(SAID) ?? false;

function seqOf({ effect }: OwedRow): number {
  return effect.kind === 'status.tell' || effect.kind === 'status.page' ? effect.payload.seq : 0;
}
