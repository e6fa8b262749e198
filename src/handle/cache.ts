import type { IncidentState } from '#domain/state.js';

/** An incident as this process last knew it. `seq` is the version that the next fact must follow. */
export interface Known {
  state: IncidentState;
  seq: number;
  head: string;
  /** The store's: changes when the summary was computed anew beside us. */
  epoch: number;
}

/** For how long an incident that another process wrote to is taken to be one that both write to. */
const SHARED_MS = 10_000;

/**
 * Incidents that were written lately, so that a note costs one round trip and not two. Never trusted for a *no*
 * (another process may have written since), and for a *yes* the store's unique sequence numbers have the last word.
 */
export class Cache {
  private readonly known = new Map<string, Known>();
  private readonly shared = new Map<string, number>();
  private readonly keys = new Set<string>();

  constructor(
    private readonly limit = 500,
    private readonly keyLimit = 5_000,
  ) {}

  get(team: string, incident: number): Known | undefined {
    return this.known.get(`${team}/${incident}`);
  }

  set(team: string, incident: number, known: Known): void {
    keep(this.known, `${team}/${incident}`, known, this.limit);
  }

  drop(team: string, incident: number): void {
    this.known.delete(`${team}/${incident}`);
  }

  /** What stands in the database, seen just now. If it is not what we left there, somebody else writes to it too. */
  compare(team: string, incident: number, there: Known, now: number): void {
    const ours = this.get(team, incident);
    if (!ours || (ours.seq === there.seq && ours.epoch === there.epoch)) return;
    keep(this.shared, `${team}/${incident}`, now + SHARED_MS, this.limit);
  }

  /** Does another process write to it too, as far as was seen lately? */
  isShared(team: string, incident: number, now: number): boolean {
    return (this.shared.get(`${team}/${incident}`) ?? 0) > now;
  }

  /** Was a request with this key recorded by this process lately? */
  hasKey(team: string, key: string): boolean {
    return this.keys.has(`${team}/${key}`);
  }

  addKey(team: string, key: string): void {
    this.keys.add(`${team}/${key}`);
    if (this.keys.size > this.keyLimit) this.keys.delete(this.keys.keys().next().value as string);
  }
}

/** Re-inserted at the end: the first key is always the one that was kept longest ago, and goes when there are too many. */
function keep<V>(map: Map<string, V>, key: string, value: V, limit: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > limit) map.delete(map.keys().next().value as string);
}
