import type { Fields } from '../fields.js';

/** One Web API call as it was answered; tokens are not in it. */
export interface LoggedCall {
  readonly seq: number;
  readonly method: string;
  readonly args: Fields;
  readonly status: number;
  readonly answer: Fields;
  /** The failure that was ordered for it. */
  readonly fault?: string;
  /** Milliseconds since the epoch. */
  readonly started_at: number;
  readonly ended_at: number;
}

const KEPT = 20_000;

/** What the app asked for, oldest first. */
export class CallLog {
  #calls: LoggedCall[] = [];
  #seq = 0;

  add(call: Omit<LoggedCall, 'seq'>): void {
    this.#seq += 1;
    this.#calls.push({ seq: this.#seq, ...call });
    if (this.#calls.length > KEPT * 1.1) this.#calls = this.#calls.slice(-KEPT);
  }

  /** Calls after `since`, of one method if given. */
  list(since = 0, method?: string): LoggedCall[] {
    return this.#calls.filter((call) => call.seq > since && (!method || call.method === method));
  }

  clear(): void {
    this.#calls = [];
  }
}
