import { createHash } from 'node:crypto';
import type { Asking, TypedIntent } from '#domain/intent.js';
import type { Refusal } from '#domain/refusal.js';
import { refOf } from '#domain/state.js';
import type { Planned } from './plan.js';
import type { Recorded } from './recorded.js';

/** An intent that waits for its turn, and whom to tell. */
export interface Waiting {
  intent: TypedIntent;
  target: number | null;
  asking: Asking;
  notes: string[];
  done: (outcome: Recorded | Refusal) => void;
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
