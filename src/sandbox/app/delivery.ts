import type { Fields } from '../fields.js';

export type PayloadKind = 'slash_commands' | 'interactive' | 'events_api';

/** Something on its way to the app. */
export interface Parcel {
  readonly kind: PayloadKind;
  readonly payload: Fields;
  /** Which repeat of an event this is, 0 for the first delivery. */
  readonly attempt?: number;
  readonly reason?: string;
}

/**
 * What became of a parcel.
 * - `acked`: the app took it in time; `body` is its answer, `''` when empty
 * - `timeout`: three seconds passed
 * - `failed`: it could not be handed over, or was refused with `status`; `reason` is one of Slack's for repeats
 */
export type Receipt =
  | {
      readonly outcome: 'acked';
      readonly status: number;
      readonly body: unknown;
      /** It said that its answer is JSON, and it is none. */
      readonly malformed?: boolean;
    }
  | { readonly outcome: 'timeout' }
  | {
      readonly outcome: 'failed';
      readonly status?: number;
      readonly reason: string;
      readonly noRetry?: boolean;
    };

/** A way to the app. */
export interface Transport {
  deliver(parcel: Parcel, ackMs: number): Promise<Receipt>;
}
