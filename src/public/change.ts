import type { PublicIncident, PublicMaintenance, PublicPage, PublicPost } from '#domain/status/page.js';

/** Something new for the public: what those are told of who want to hear of it. */
export interface PublicChange {
  readonly team: string;
  /** The fact that says it: the same one twice is the same change. */
  readonly incident: number;
  readonly seq: number;
  /** UTC with milliseconds. */
  readonly recordedAt: string;
  /**
   * `state`: of a component, without words. `maintenance`: planned work is announced, or goes on. What was said of it before and
   * does not hold any more is `corrected` or `withdrawn`, as with an incident.
   */
  readonly kind: 'posted' | 'corrected' | 'withdrawn' | 'state' | 'maintenance';
  /** Of a correction: planned work has other times now. Absent: no. */
  readonly moved?: boolean;
  /** All that the public may know, read when this is told: at least what the fact says. */
  readonly page: PublicPage;
  /** What it is about; one of the two, or neither where it is about a component alone. */
  readonly of: PublicIncident | null;
  readonly maintenance: PublicMaintenance | null;
  /** The post that is new, corrected or withdrawn; null: none. */
  readonly post: PublicPost | null;
  /** Names of the components that it touches. */
  readonly components: readonly string[];
}

/** Somewhere that is told. Each has a lane of its own, so that none waits for another. */
export interface Destination {
  /** In logs, and for `tocsin deliveries`. */
  readonly name: string;
  /** The number of its lane: the same for ever (`laneOfPublic(team, 'tell', part)`). */
  readonly part: number;
  /**
   * Tells it. The same change may come again after a crash: what was told already is not told twice where the other side can
   * be asked, or knows the change by `incident` and `seq`.
   * @throws to be asked again later, for a day at the most; `Refusing` where asking again is of no use
   */
  tell(change: PublicChange, signal: AbortSignal): Promise<void>;
}

/** Many who are told in one lane. It keeps by itself who was told of what: what the lane owes says only that there is something to do. */
export interface Crowd {
  readonly name: string;
  readonly part: number;
  /**
   * Tells whoever waits and may be told now.
   * @param signal ends what is under way: the lane is lost. @param stopping nothing else is begun
   * @returns in how many ms somebody may be told next; null: nobody waits
   * @throws where nobody can be told, to be asked again soon
   */
  goOn(team: string, signal: AbortSignal, stopping: AbortSignal): Promise<number | null>;
}

/** The other side will never take it. The message says why, and never holds a secret. */
export class Refusing extends Error {}

/** Lanes of destinations: 0–15 are shares of subscribers. */
export const PARTS = { shares: 16, slack: 20, statuspage: 21, webhook: 22 } as const;
