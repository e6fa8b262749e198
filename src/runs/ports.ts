import type { DeliverLog, Outbox, Tell } from '#deliver/ports.js';
import type { Effect } from '#domain/incident/effect.js';
import type { Fact } from '#domain/incident/fact.js';
import type { IncidentState } from '#domain/incident/state.js';
import type { Runbook } from '#domain/run/runbook.js';
import type { Action, ActionContext } from '#runbooks/action.js';
import type { Store } from '#store/store.js';

/** What steps may use of this installation: the sections of tocsin.yml, opened. */
type Systems = Omit<ActionContext, 'signal' | 'key' | 'written' | 'now'>;

/** Takes known secrets out of what is written down. */
interface Scrubber {
  text(text: string): string;
  json<T>(value: T): T;
  /** For what comes in pieces and is cut to length before it is written down. */
  stream?(): ScrubStream;
}

export interface ScrubStream {
  write(chunk: string): string;
  end(): string;
}

/** All that taking a run along stands on. */
export interface RunWorld {
  outbox: Pick<Outbox, 'claimLane' | 'renewLane' | 'releaseLane' | 'owedRows' | 'settle'>;
  incident(team: string, incident: number): Promise<IncidentState | null>;
  facts(team: string, incident: number, run: number): Promise<Fact[]>;
  targets: Store['targets'];
  tell: Tell;
  /** Reads a definition as it was kept with the run. @returns null: it cannot be read any more */
  readRunbook(source: string): Runbook | null;
  actions: ReadonlyMap<string, Action>;
  systems: Systems;
  scrub: Scrubber;
  /**
   * The people that names and groups stand for now (`@sre`, `S012AB3CD`, `U012AB3CD`); roles are passed over.
   * @param before whom they stood for when it was last known, for where that cannot be found out now
   */
  approversOf(team: string, from: readonly string[], before: readonly string[]): Promise<string[]>;
  /** @returns those of them whose accounts are known to be deactivated */
  gone(team: string, people: readonly string[]): Promise<string[]>;
  /** Leaves an effect that is due then. The same key twice is one. */
  owe(
    effect: Effect,
    of: { team: string; incident: number; lane: string; key: string; inMs?: number },
  ): Promise<void>;
  now(): Date;
  log: DeliverLog;
}
