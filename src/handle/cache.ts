import type { IncidentState } from '#domain/state.js';

/** An incident as this process last knew it. `seq` is the version that the next fact must follow. */
export interface Known {
  state: IncidentState;
  seq: number;
  head: string;
  /** The store's: changes when the summary was computed anew beside us. */
  epoch: number;
}

/**
 * Incidents that were written lately, so that a note costs one round trip and not two. Never trusted for a *no*
 * (another process may have written since), and for a *yes* the store's unique sequence numbers have the last word.
 */
export class Cache {
  private readonly known = new Map<string, Known>();

  constructor(private readonly limit = 500) {}

  get(team: string, incident: number): Known | undefined {
    return this.known.get(`${team}/${incident}`);
  }

  set(team: string, incident: number, known: Known): void {
    const key = `${team}/${incident}`;
    // Re-inserted at the end: the first key is always the one that was written longest ago.
    this.known.delete(key);
    this.known.set(key, known);
    if (this.known.size > this.limit) this.known.delete(this.known.keys().next().value as string);
  }

  drop(team: string, incident: number): void {
    this.known.delete(`${team}/${incident}`);
  }
}
