import { createHash } from 'node:crypto';
import type { Asking, TypedIntent } from '#domain/intent.js';
import type { Refusal } from '#domain/refusal.js';
import { refOf } from '#domain/state.js';
import type { Admission } from './admission.js';
import type { Planned } from './plan.js';
import type { Recorded } from './recorded.js';

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
