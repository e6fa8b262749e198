import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { MOST } from '#domain/alert/signal.js';
import { printable } from '#domain/text.js';
import { Secret } from '#runbooks/secret.js';

/** One request to the hook of a source: the bytes as they came. */
export interface Hook {
  readonly method: string;
  /** What stands in the address behind the source's name: `` or `/v2/enqueue`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly now: Date;
}

/** What is said of one alert, as its sender says it: nothing of it is checked, cut or scrubbed yet; `normal` does that. */
export interface Reported {
  alert: string;
  status: 'firing' | 'resolved';
  /** A text of RFC 3339, or a number of seconds or milliseconds since 1970; anything else is no time. */
  since?: unknown;
  until?: unknown;
  title?: unknown;
  text?: unknown;
  labels: Readonly<Record<string, unknown>>;
  values?: Readonly<Record<string, unknown>>;
  links?: ReadonlyArray<{ title: string; url: unknown }>;
}

/** What somebody did with an alert at its sender, beside its firing and ending; like `Reported`, as it was sent. */
export interface Remark {
  readonly alert: string;
  readonly does: 'acknowledged' | 'noted';
  /** Whoever it was, in the sender's words; null: it does not say. */
  readonly by: string | null;
  readonly text: string | null;
  /** When, as in `Reported`; absent: now. */
  readonly at?: unknown;
}

export interface Received {
  /** The same delivery has the same one, also when it is sent again; another has another. */
  readonly delivery: string;
  /** Where deliveries have no id of their own: what the same words were called a minute ago. They are the same if they were heard then. */
  readonly earlier?: string;
  readonly alerts: readonly Reported[];
  readonly remarks?: readonly Remark[];
  /**
   * Then its alerts stood as it says: one that fired then, although its end was heard before, fires again. Absent where that
   * cannot be relied on, since anybody may send a copy of what was signed once; and where deliveries have ids of their own, so
   * that a sender never says the same words anew.
   */
  readonly stoodAt?: Date;
  /** How many alerts the sender itself left out. */
  readonly left?: number;
  /** What clients of this sender expect to hear in place of our own answer. */
  readonly answer?: HookAnswer;
}

/** `body` goes out as JSON; undefined: none. */
export interface HookAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What cannot be taken: whose request it is has been made sure of. The message says what is wrong and how to mend it. */
export class Unreadable extends Error {
  override name = 'Unreadable';

  constructor(
    readonly status: 400 | 404 | 405 | 415 | 422,
    message: string,
    /** By the names that the sender's clients have for members: for answers that list them. */
    readonly wrong: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/**
 * A kind of sender. One file each in `senders/`, one line in `senders/senders.ts`.
 * `S`: what tocsin.yml says under `alerts.sources.NAME` beside what all sources have.
 */
export interface Sender<S = unknown> {
  readonly type: string;
  readonly settings: z.ZodType<S>;
  /** What may be asked with; absent: POST. */
  readonly methods?: readonly string[];
  /** The address that `tocsin alerts try` takes, where a sender has several. */
  readonly path?: string;
  /** Who it is stands in the headers or the address: it is looked at before the body is read. */
  readonly inFront?: boolean;
  /**
   * Who says that? Over the bytes as they came, before anything else is read in them.
   * @returns which check failed, for the log and without what was presented; null: it is one who has a secret of the source
   */
  refuses(hook: Hook, secrets: readonly Secret[], settings: S): string | null;
  /** @throws Unreadable */
  read(hook: Hook, settings: S): Received;
  /** Answers what is asked before anybody has said who they are (a handshake). @returns null: it is no such thing */
  greets?(hook: Hook, perMinute: number): HookAnswer | null;
  /** What its clients read where the answer is a no. Absent: `{status: "error", error: SENTENCE}` */
  no?(status: number, sentence: string, wrong: Readonly<Record<string, string>>): unknown;
  /** Is it a question for what became of a delivery? @returns null: it is not; or what to answer where that has arrived, or has not */
  asks?(hook: Hook): { delivery: string; answer(arrived: boolean): HookAnswer } | null;
}

/** @returns the password of basic authorization, or the token of another scheme; null: nothing of the kind */
export function presented(
  { headers }: Pick<Hook, 'headers'>,
  schemes: readonly string[] = ['bearer', 'basic'],
): Secret | null {
  const [, scheme = '', rest = ''] = /^([A-Za-z]+) +(\S+) *$/.exec(headers.authorization ?? '') ?? [];
  if (!schemes.includes(scheme.toLowerCase())) return null;
  if (scheme.toLowerCase() !== 'basic') return new Secret(rest);
  const pair = Buffer.from(rest, 'base64').toString('utf8');
  return pair.includes(':') ? new Secret(pair.slice(pair.indexOf(':') + 1)) : null;
}

/** Is it one of them? All are compared, so that the time does not say which. */
export function isAmong(secret: Secret, secrets: readonly Secret[]): boolean {
  return secrets.map((one) => one.equals(secret)).includes(true);
}

/** The check of senders that present a secret in `Authorization`. */
export function refusesPresented(
  hook: Hook,
  secrets: readonly Secret[],
  schemes?: readonly string[],
): string | null {
  const secret = presented(hook, schemes);
  if (secret === null) return 'no Authorization header that this source takes';
  return isAmong(secret, secrets) ? null : 'Authorization holds none of the secrets of this source';
}

/**
 * Has one of the secrets signed it, with HMAC-SHA-256 in hexadecimal?
 * @param given signatures, of which one has to hold
 */
export function isSigned(
  given: readonly string[],
  parts: ReadonlyArray<string | Buffer>,
  secrets: readonly Secret[],
): boolean {
  const signatures = given
    .filter((text) => /^[0-9a-f]{64}$/i.test(text))
    .slice(0, 16)
    .map((text) => Buffer.from(text, 'hex'));
  const held = secrets.flatMap((secret) => {
    const hmac = createHmac('sha256', secret.reveal());
    for (const part of parts) hmac.update(part);
    const expected = hmac.digest();
    return signatures.map((one) => timingSafeEqual(one, expected));
  });
  return held.includes(true);
}

/** Deeper than any sender's; what walks a tree by calling itself must come to its end. */
const DEEPEST = 64;

/**
 * @param most members of any one list or object: a short body may have a million of them, and reading each would keep
 *   everybody else waiting
 * @returns the body as JSON. @throws Unreadable; never with a part of it in the message
 */
export function jsonOf({ body }: Pick<Hook, 'body'>, most: number = MOST.signals): unknown {
  if (body.length === 0) throw new Unreadable(400, 'The body is empty. Send the JSON of the alert in it.');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new Unreadable(400, 'The body is not UTF-8. Send JSON in UTF-8.');
  }
  const wrong = tooMuch(text, most);
  if (wrong) throw new Unreadable(400, wrong);
  try {
    return JSON.parse(text);
  } catch {
    throw new Unreadable(
      400,
      'The body is not JSON, or it ends too early. Send the whole JSON of the alert.',
    );
  }
}

/** Brackets and commas outside of texts, counted. @returns what there is too much of, or null */
function tooMuch(text: string, most: number): string | null {
  const members = [0];
  let within = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (within) {
      if (code === 0x5c) i++;
      else if (code === 0x22) within = false;
    } else if (code === 0x22) within = true;
    else if (code === 0x2c) {
      const last = members.length - 1;
      members[last] = (members[last] ?? 0) + 1;
      if ((members[last] ?? 0) >= most)
        return `A list or an object in the body has more than ${most} members. Send fewer alerts at once.`;
    } else if (code === 0x7b || code === 0x5b) {
      if (members.push(0) > DEEPEST + 1)
        return `The body is nested more than ${DEEPEST} deep. No sender that this source knows does that.`;
    } else if (code === 0x7d || code === 0x5d) members.length = Math.max(1, members.length - 1);
  }
  return null;
}

/** For members that a sender may have or not, and whose form is for `normal` to see to. */
export const anything = z.unknown().optional();

/** Members that are wrong are named up to so many. */
const NAMED = 5;

/** @returns which members are wrong, with why, fit to be shown to whoever sent them. @param invalid instead of zod's own words */
export function wrongIn({ issues }: z.ZodError, invalid: string | null = null): Record<string, string> {
  const named = issues.slice(0, NAMED).map(({ path, message }) => {
    const name = printable(path.map(String).join('.')).slice(0, 100) || 'body';
    const why =
      invalid === null
        ? message.replace(/^Invalid input: /, '')
        : message.replace(/^Invalid input.*$/, invalid);
    return [name, why.slice(0, 200)] as const;
  });
  return Object.fromEntries(named);
}

/** @returns a value of that shape. @param what it is, for the message. @throws Unreadable with the members that are wrong */
export function shaped<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const wrong = wrongIn(parsed.error);
  const listed = Object.entries(wrong).map(([name, why]) => `${name} (${why})`);
  throw new Unreadable(400, `This is not ${what}; what is wrong: ${listed.join(', ')}.`, wrong);
}

/** @returns a key for a delivery that has none of its own: the same content, the same key */
export function digestOf(...parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
}

const MINUTE_MS = 60_000;

/**
 * For remarks that have no id of their own: clients send the same again when they heard no answer, and people say the same
 * again another day. So the same within a minute is one, and after two minutes it is another.
 */
export function withinMinute(now: Date, ...parts: unknown[]): { delivery: string; earlier: string } {
  const minute = Math.floor(now.getTime() / MINUTE_MS);
  return { delivery: digestOf(...parts, minute), earlier: digestOf(...parts, minute - 1) };
}

/** @returns the first of them that is a text with something in it */
export function firstText(...texts: unknown[]): string | null {
  return texts.find((text): text is string => typeof text === 'string' && text.trim() !== '') ?? null;
}

/** @returns a member of what may be no object at all; never one that every object has */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/**
 * Labels of ours before those that anybody may have set: of many, the first are kept; of one name, ours.
 * @param ours those that are nothing give way
 */
export function labelled(
  ours: Readonly<Record<string, unknown>>,
  others: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const said = Object.entries(ours).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  return Object.fromEntries([
    ...said,
    ...Object.entries(others).filter(([name]) => !said.some(([one]) => one === name)),
  ]);
}
