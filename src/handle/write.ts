import type { Commit } from '#store/commit.js';
import { Conflict, Unconfirmed } from '#store/outcome.js';
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
      if (error instanceof Conflict && (await store.wasWritten(commit))) return;
      if (error instanceof Conflict) throw error;
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
