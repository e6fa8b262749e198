import type { Clock } from '../workspace/clock.js';
import type { Settings } from '../workspace/settings.js';

const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;
const FAILED_SHARE = 0.95;

interface Minute {
  sent: number;
  taken: number;
  failed: number;
  told: boolean;
}

/** Counts the events of the last hour by the minute: how many there were, and how many the app took. */
export class EventHealth {
  /** Slack switches an app off that takes next to nothing. */
  disabled = false;
  readonly #minutes = new Map<number, Minute>();

  constructor(
    readonly clock: Clock,
    readonly settings: Pick<Settings, 'eventsPerHour' | 'autoDisableFrom'>,
  ) {}

  /**
   * Takes one event out of the hour's budget.
   * @returns `dropped` when there is none left, `told` when it is the first dropped in this minute
   */
  take(): 'sent' | 'dropped' | 'told' {
    const minute = this.#now();
    if (this.#sum('sent') < this.settings.eventsPerHour) {
      minute.sent += 1;
      return 'sent';
    }
    if (minute.told) return 'dropped';
    minute.told = true;
    return 'told';
  }

  /**
   * Notes what became of a delivery.
   * @returns true when the app has just been switched off
   */
  note(taken: boolean): boolean {
    const minute = this.#now();
    if (taken) minute.taken += 1;
    else minute.failed += 1;
    const failed = this.#sum('failed');
    const all = failed + this.#sum('taken');
    if (this.disabled || all < this.settings.autoDisableFrom || failed <= all * FAILED_SHARE) return false;
    this.disabled = true;
    return true;
  }

  /** As the app's owner does after the mail that says so. */
  enable(): void {
    this.reset();
  }

  reset(): void {
    this.disabled = false;
    this.#minutes.clear();
  }

  #now(): Minute {
    const at = Math.floor(this.clock.now() / MINUTE_MS);
    let minute = this.#minutes.get(at);
    if (!minute) {
      minute = { sent: 0, taken: 0, failed: 0, told: false };
      for (const old of this.#minutes.keys()) if (old <= at - HOUR_MINUTES) this.#minutes.delete(old);
      this.#minutes.set(at, minute);
    }
    return minute;
  }

  #sum(of: 'sent' | 'taken' | 'failed'): number {
    let sum = 0;
    for (const minute of this.#minutes.values()) sum += minute[of];
    return sum;
  }
}
