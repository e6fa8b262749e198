import { natureOf } from '#domain/slack-code.js';

/** Nothing happened; it may be tried at `until`. Not an attempt: a full lane is nobody's fault. */
export class Later extends Error {
  /** @param told Slack said so in this attempt (Retry-After); otherwise we knew before and did not ask */
  constructor(
    readonly until: Date,
    readonly method: string,
    readonly told: boolean,
  ) {
    super(`${method} must wait`);
  }
}

/** A code that nobody has told us of is heard this often before it counts as a plain no. */
export const TRIES = 5;

/** Slack said no. `errors`: its answers for single items, where a call has several. */
export class Refused extends Error {
  /** It stays a no: a part of a delivery may do without it, and the whole of one is given up. */
  readonly final: boolean;
  /** How often such an answer was heard in a row, where we do not know the code; 0 where we do. */
  readonly tries: number;

  /** @param before how often these rows have heard of a code that we do not know */
  constructor(
    readonly method: string,
    readonly code: string,
    readonly errors: unknown[] = [],
    before = TRIES - 1,
  ) {
    super(`${method}: ${code}`);
    const nature = natureOf(code);
    // One that was given up and is tried anew has been heard often enough: another such answer ends it.
    this.tries = nature === 'unknown' ? Math.min(before + 1, TRIES) : 0;
    this.final = nature === 'final' || this.tries >= TRIES;
  }

  /** As it is kept with the rows: `chat.postMessage: new_code (try 2 of 5)`. */
  get kept(): string {
    return this.tries === 0 ? this.message : `${this.message} (try ${this.tries} of ${TRIES})`;
  }
}

/** @param error as kept with a row. @returns how often it has heard of a code that we do not know, in a row */
export function triesOf(error: string | null): number {
  return Number(/ \(try (\d+) of \d+\)$/.exec(error ?? '')?.[1] ?? 0);
}

/** Nobody can say whether it happened. */
export class Unknown extends Error {
  constructor(
    readonly method: string,
    why: string,
  ) {
    super(`${method}: ${why}`);
  }
}

/** We say no: this can never be delivered as things stand. Dead at once, and a person may retry it. */
export class Undeliverable extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

/** The database could not take a fact now; what Slack made is found again by the next attempt. */
export class NotRecorded extends Error {}

/** Is this a no that stays a no, so that a part of a delivery can do without it? */
export function isPermanent(error: unknown): error is Refused {
  return error instanceof Refused && error.final;
}

// A no to the message itself rather than to its channel: of several entries in it perhaps one is to blame.
const ABOUT_THE_MESSAGE =
  /^chat\.\w+: (invalid_blocks|invalid_blocks_format|invalid_attachments|msg_.*|no_text|metadata_.*|invalid_metadata.*)$/;

/** @param error `method: code`, as kept with the row */
export function isAboutTheMessage(error: string): boolean {
  return ABOUT_THE_MESSAGE.test(error);
}
