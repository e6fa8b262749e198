import { createHash } from 'node:crypto';
import { laneOf } from '#domain/incident/effect.js';
import type { Fact } from '#domain/incident/fact.js';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { type Refusal, refuse } from '#domain/refusal.js';
import { refOf } from '#domain/words.js';
import type { Commit } from '#store/commit.js';
import { Conflict, Locked, Unavailable, Unconfirmed } from '#store/outcome.js';
import { troubleOf } from '#store/pools.js';
import type { Admission } from './admission.js';
import type { Gathering, Planned } from './plan.js';

/** How often an answer that was lost is asked for again: 100, 200, 400, 800 ms apart. */
const DOUBTS = 4;

export interface Committing {
  commit(commit: Commit): Promise<void>;
  /** Are exactly these facts in the record? */
  wasWritten(commit: Commit): Promise<boolean>;
}

/**
 * Writes, and finds out when the answer was lost: the same commit again cannot be written twice, so it goes
 * through now, or a conflict says that something of it is there, and the hashes say whether it is all of it.
 */
export async function writeForSure(store: Committing, commit: Commit): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await store.commit(commit);
    } catch (error) {
      const doubt = tries > 0 || error instanceof Unconfirmed;
      if (!doubt) throw error;
      // Cannot be asked: that is no *no*, and the next try meets the same conflict.
      const written = error instanceof Conflict ? await store.wasWritten(commit).catch(() => null) : null;
      if (written) return;
      if (written === false) throw error;
      if (tries === DOUBTS) throw new Unconfirmed('the database does not say whether it was written');
      await pause(100 * 2 ** tries);
    }
  }
}

/** One summary an incident, from before the first to after the last intent of this commit. */
export function summariesOf(planned: Array<{ waiting: Waiting; plan: Planned }>): Gathering['summaries'] {
  const byLane = new Map<string, Commit['summaries'][number]>();
  for (const { waiting, plan } of planned) {
    if (plan.facts.length === 0) continue;
    const { team } = waiting.asking;
    const lane = laneOf(team, plan.incident);
    const expected = byLane.get(lane)?.expected ?? plan.before?.seq ?? 0;
    const { seq, head, state, epoch } = plan.after;
    byLane.set(lane, { team, incident: plan.incident, seq, expected, epoch, head, state });
  }
  return [...byLane.values()];
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const OUR_FAULT = 'Tocsin made a mistake, which is in its log';
const HELD = 'that incident is being rebuilt or erased at this moment';
const CROWDED = 'too many people are writing to this incident at once';

/** What somebody is told whose intent could not be written. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Locked) return refuse('NOT_RECORDED', { why: HELD });
  if (error instanceof Unavailable) return nothingKept(error);
  if (error instanceof Conflict) return refuse('NOT_RECORDED', { why: CROWDED });
  if (error instanceof Unconfirmed) return refuse('NOT_CONFIRMED', {});
  return refuse('NOT_RECORDED', { why: OUR_FAULT });
}

/** A bug, or something that the database does not take: it was not written, and it is one of the group that is to blame. */
export const isOurs = (error: unknown): boolean =>
  !(error instanceof Conflict || error instanceof Unavailable || error instanceof Unconfirmed);

/** The first time on the connection that holds our turn; when that broke, on any. */
export function once(first: Committing['commit'], then: Committing['commit']): Committing['commit'] {
  let used = false;
  return (commit) => {
    if (used) return then(commit);
    used = true;
    return first(commit);
  };
}

/** @returns what whoever wanted something recorded is told: nothing was, and why the database would not */
export function nothingKept(error: unknown): Refusal {
  const { state, reason, fix } = troubleOf(error);
  if (state === 'refusing') return refuse('DATABASE_REFUSES', { why: reason, fix });
  return refuse('NOT_RECORDED', { why: 'the database does not answer' });
}

/** @returns what whoever only asked is told */
export function notRead(error: unknown): Refusal {
  const { state, reason } = troubleOf(error);
  const why =
    state === 'refusing' ? `the database answers, but refuses: ${reason}` : 'the database does not answer';
  return refuse('NOT_READ', { why });
}

/** An intent that waits for its turn, and whom to tell: once. What was answered is never decided again. */
export class Waiting {
  readonly asking: Asking;
  answered = false;

  constructor(
    readonly intent: TypedIntent,
    readonly target: number | null,
    asking: Asking,
    readonly notes: string[],
    readonly admission: Admission,
    /** When it came, in monotonic ms. */
    readonly since: number,
    private readonly tell: (outcome: Recorded | Refusal) => void,
  ) {
    this.asking = { ...asking, key: shortKey(asking.key) };
  }

  /** Of the incident that it is about; all new ones of a workspace stand under one name. */
  get stream(): { team: string; incident: number } {
    return { team: this.asking.team, incident: this.target ?? NEW };
  }

  done(outcome: Recorded | Refusal): void {
    if (this.answered) return;
    this.answered = true;
    this.tell(outcome);
  }
}

/** No number of an incident. */
const NEW = -1;

export const nameOf = ({ team, incident }: { team: string; incident: number }): string =>
  `${team}/${incident}`;

export const stillOf = (group: readonly Waiting[]): Waiting[] => group.filter((one) => !one.answered);

export function distinct<S extends { team: string; incident: number }>(streams: readonly S[]): S[] {
  return [...new Map(streams.map((stream) => [nameOf(stream), stream])).values()];
}

/** An index takes keys of up to some 2,700 bytes; one that is too long must not fail those who wait beside it. */
export function shortKey(key: string | null): string | null {
  return key !== null && key.length > 200 ? `sha256:${createHash('sha256').update(key).digest('hex')}` : key;
}

/** What its asker is told once the plan is written. */
export function recordedOf(waiting: Waiting, plan: Planned): Recorded {
  return {
    recorded: true,
    team: waiting.asking.team,
    incident: plan.incident,
    ref: refOf(plan.incident),
    receipt: plan.receipt,
    repeated: false,
    facts: plan.facts,
    state: plan.after.state,
  };
}

/** It is in the record. `receipt` is the sentence that says so; a repeat gets the first one again, with no facts. */
export interface Recorded {
  recorded: true;
  team: string;
  incident: number;
  ref: string;
  receipt: string;
  repeated: boolean;
  facts: Fact[];
  state: IncidentState;
}
