import { refuse } from '../refuse.js';
import type { Clock } from '../workspace/clock.js';
import type { Ids } from '../workspace/ids.js';

const LIFETIME_MS = 3000;

interface Trigger {
  readonly user: string;
  /** The view whose button or submission made it; needed to push. */
  readonly view?: string;
  readonly issued: number;
  used: boolean;
}

/** Short-lived permissions to open a modal for the person who has just done something. */
export class Triggers {
  readonly #triggers = new Map<string, Trigger>();

  constructor(
    readonly clock: Clock,
    readonly ids: Ids,
  ) {}

  issue(user: string, view?: string): string {
    const id = this.ids.trigger();
    this.#triggers.set(id, { user, view, issued: this.clock.now(), used: false });
    return id;
  }

  /**
   * Uses a trigger up.
   * @throws SlackError `invalid_trigger_id`, `expired_trigger_id`, `exchanged_trigger_id`
   */
  exchange(id: string): { user: string; view?: string } {
    const trigger = this.#triggers.get(id);
    if (!trigger) refuse('invalid_trigger_id');
    if (trigger.used) refuse('exchanged_trigger_id');
    if (this.clock.now() - trigger.issued > LIFETIME_MS) refuse('expired_trigger_id');
    trigger.used = true;
    return trigger;
  }

  reset(): void {
    this.#triggers.clear();
  }
}
