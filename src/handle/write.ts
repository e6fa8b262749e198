import { type Refusal, refuse } from '#domain/refusal.js';
import type { Commit } from '#store/commit.js';
import { Conflict, Locked, Unavailable, Unconfirmed } from '#store/outcome.js';
import { troubleOf } from '#store/trouble.js';
import { type Gathering, laneOf, type Planned } from './plan.js';
import type { Waiting } from './waiting.js';

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
