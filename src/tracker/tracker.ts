import { z } from 'zod';
import type { TrackerKind } from '#domain/words.js';
import { Broken, exchange } from '#runbooks/exchange.js';
import { guardedLookup } from '#runbooks/reach.js';

/** An issue or a ticket, as it stands there now. */
export interface Ticket {
  /** By which it is asked for again. */
  readonly id: string;
  /** What people call it: `acme/app#12`, `OPS-12`. */
  readonly name: string;
  readonly url: string;
  readonly state: 'open' | 'closed';
}

/** What is to be filed. `marker`: a word that stands in nothing else, by which it is found again. */
export interface TicketDraft {
  readonly title: string;
  /** Plain paragraphs; what mentions or formatting means there is taken out by who files it. */
  readonly lines: readonly string[];
  readonly marker: string;
  readonly due: string | null;
}

/** What a look at a tracker found, for the doctor. */
interface TrackerFinding {
  readonly ok: boolean;
  readonly detail: string;
  readonly fix?: string;
}

/** A tracker that action items are filed in. Each call may throw `TrackerNo` or `TrackerLater`. */
export interface Tracker {
  readonly kind: TrackerKind;
  /** In which tracker, and where in it: tickets are known by this and their id. */
  readonly place: string;
  /** What was filed with that marker, the oldest where there are several; null: nothing. @param since when at the earliest */
  find(marker: string, since: Date, signal: AbortSignal): Promise<Ticket | null>;
  create(draft: TicketDraft, signal: AbortSignal): Promise<Ticket>;
  /** null: it is not there any more, although what it was in is. */
  look(id: string, signal: AbortSignal): Promise<Ticket | null>;
  /** @param dropped nobody will do it: it was struck */
  set(id: string, state: 'open' | 'closed', dropped: boolean, signal: AbortSignal): Promise<void>;
  /** Is it there, and may the token do what is needed? */
  check(signal: AbortSignal): Promise<TrackerFinding>;
}

/** It stays a no until a person mends something: what it said, in our words, and what to do. Neither holds anything that was sent. */
export class TrackerNo extends Error {
  override name = 'TrackerNo';
  constructor(
    message: string,
    readonly next: string,
  ) {
    super(message);
  }
}

/** It may work later. */
export class TrackerLater extends Error {
  override name = 'TrackerLater';

  /**
   * @param afterMs that it said to wait; null: it did not say
   * @param unsure what was asked for may have happened all the same
   */
  constructor(
    message: string,
    readonly afterMs: number | null,
    readonly unsure: boolean,
  ) {
    super(message);
  }
}

/** For one request, its answer included. */
const CALL_MS = 10_000;
const MOST_BYTES = 16 * 1024 * 1024;
/** Longer than any tracker says: what says more has lost its clock. */
const LONGEST_WAIT_MS = 65 * 60_000;

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** undefined: it has no body, or none that is JSON. */
  readonly body: unknown;
}

interface Asked {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

/**
 * One request, and what every tracker means by its answer: busy, ill, away. Redirects are answers: the token goes to the address of
 * tocsin.yml, and nowhere else.
 * @param who how it is called in messages
 * @param limited does it say by this answer that there were too many requests?
 */
export async function asked(
  { method, url, headers, json }: Asked,
  who: string,
  signal: AbortSignal,
  limited: (answer: Answered) => boolean = () => false,
): Promise<Answered> {
  const chunks: Buffer[] = [];
  const changes = method !== 'GET';
  let answer: Answered;
  try {
    const { status, headers: theirs } = await exchange(
      {
        ...{ method, url },
        headers: { ...headers, ...(json !== undefined && { 'Content-Type': 'application/json' }) },
        ...(json !== undefined && { body: JSON.stringify(json) }),
      },
      {
        ...{ signal, ms: CALL_MS, most: MOST_BYTES, lookup: guardedLookup },
        take: (chunk) => void chunks.push(chunk),
      },
    );
    answer = { status, headers: theirs, body: jsonIn(Buffer.concat(chunks)) };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    const said =
      error.why === 'late' ? `did not answer within ${CALL_MS / 1000} s` : `gave no answer (${error.said})`;
    throw new TrackerLater(`${who} ${said}`, null, changes && error.sent);
  }
  const { status } = answer;
  if (status === 429 || limited(answer))
    throw new TrackerLater(
      `${who} takes no more requests for now (${status})`,
      waitOf(answer) ?? 60_000,
      false,
    );
  if (status >= 500) throw new TrackerLater(`${who} is ill (${status})`, waitOf(answer), changes);
  return answer;
}

function jsonIn(body: Buffer): unknown {
  try {
    return body.length === 0 ? undefined : JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** @returns for how long an answer says to wait, in ms; null: it does not say */
function waitOf({ headers }: Answered): number | null {
  const after = headers['retry-after'];
  if (after !== undefined) {
    const ms = /^\d{1,6}$/.test(after.trim()) ? Number(after) * 1000 : Date.parse(after) - Date.now();
    if (Number.isFinite(ms)) return Math.min(Math.max(ms, 1_000), LONGEST_WAIT_MS);
  }
  // GitHub's, in seconds since 1970.
  const reset = headers['x-ratelimit-reset'];
  if (reset === undefined || !/^\d{1,12}$/.test(reset)) return null;
  return Math.min(Math.max(Number(reset) * 1000 - Date.now(), 1_000), LONGEST_WAIT_MS);
}

/**
 * What was answered, in the shape that it has by their description.
 * @throws TrackerLater where it has another: nobody can say what happened
 */
export function shaped<T>(schema: z.ZodType<T>, { body }: Answered, who: string, changes: boolean): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new TrackerLater(`${who} answered with something that is no ticket`, null, changes);
}

/** @returns names of fields and codes that an answer gives for its no, as far as they are nothing but that */
export function plainWords(words: readonly unknown[]): string {
  const plain = words.filter(
    (word): word is string => typeof word === 'string' && /^[\w.-]{1,60}$/.test(word),
  );
  return plain.slice(0, 5).join(', ');
}

/** The members of an object that may be none. */
export const anyObject = z.record(z.string(), z.unknown()).catch({});
