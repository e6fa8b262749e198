import type { Attempt, Body } from './attempt.js';
import { botUser } from './bot.js';
import { isPermanent, Unknown } from './failure.js';

// Clocks differ; so does what Slack thinks of when a request came in.
const SKEW_MS = 5 * 60_000;
const PAGE = 200;
// Two thousand messages: a crashed attempt that lies further back was days ago.
const PAGES = 10;

/** A message of ours in a channel, as far as we look at it. */
export interface Seen {
  ts: string;
  text: string;
  tag: Record<string, unknown> | null;
}

/** @returns what marks a message as ours. `id` is never a text: whoever is in the channel can read it. */
export function tag(payload: Record<string, string | number>): Body {
  return { event_type: 'tocsin', event_payload: payload };
}

/**
 * What we have said in a channel since about `since`, newest first: to find out whether an attempt whose answer was lost
 * has been heard all the same. Whoever posts there can write our words and our metadata: only what we posted ourselves
 * counts.
 *
 * Where the bot may not read (not a member of the announcement channel; no history scope), or Slack does not tell who we
 * are, nothing is found, and a message whose answer was lost is sent again: a rare double, rather than a silent hole.
 */
export async function* seenSince(
  attempt: Pick<Attempt, 'read' | 'world'>,
  channel: string,
  since: Date,
): AsyncGenerator<Seen> {
  const me = await botUser(attempt);
  if (me === null) return;
  const oldest = ((notAhead(since, attempt.world.now()).getTime() - SKEW_MS) / 1000).toFixed(6);
  let cursor: string | undefined;
  for (let page = 0; page < PAGES; page++) {
    const body = await attempt
      .read('conversations.history', {
        channel,
        oldest,
        limit: PAGE,
        include_all_metadata: true,
        ...(cursor ? { cursor } : {}),
      })
      .catch((error: unknown) => {
        if (isPermanent(error)) return null;
        throw error;
      });
    if (!body) return;
    for (const message of list(body.messages)) if (message.user === me) yield seen(message);
    const next = object(body.response_metadata).next_cursor;
    if (typeof next !== 'string' || next === '') return;
    cursor = next;
  }
}

/** So far back is looked where it is not known since when: longer than an outage. */
const DAY_MS = 86_400_000;

/**
 * A time that lies ahead was written when a clock was: it says nothing, and Slack, whose clock is right, has nothing from
 * then on.
 */
export function notAhead(since: Date, now: Date): Date {
  return since <= now ? since : new Date(now.getTime() - DAY_MS);
}

/** @returns since when Slack can have heard of an incident. */
export function opened({ incident }: Pick<Attempt, 'incident'>): Date {
  return new Date(incident.recordedAt);
}

/** @returns since when Slack can have heard a notice: it is owed within the life of the incident, and a day covers an outage. */
export function sinceOf({ incident, world }: Pick<Attempt, 'incident' | 'world'>): Date {
  return new Date(Math.max(Date.parse(incident.recordedAt), world.now().getTime() - DAY_MS));
}

/** @returns `ts` of the message in which we said `id`, or null. */
export async function findTagged(
  attempt: Pick<Attempt, 'read' | 'world'>,
  channel: string,
  since: Date,
  id: string,
): Promise<string | null> {
  for await (const message of seenSince(attempt, channel, since)) {
    if (message.tag?.id === id) return message.ts;
  }
  return null;
}

function seen(message: Body): Seen {
  const metadata = object(message.metadata);
  return {
    ts: String(message.ts),
    text: typeof message.text === 'string' ? message.text : '',
    tag: metadata.event_type === 'tocsin' ? object(metadata.event_payload) : null,
  };
}

/**
 * What a *yes* of Slack's must hold to be one: a message has a `ts`, a channel an `id`.
 * @throws Unknown where it holds no such thing: nobody can say what was made, so it is looked for
 */
export function needed(method: string, body: Body, member: string): string {
  const value = body[member];
  if (typeof value === 'string' && value !== '') return value;
  throw new Unknown(method, `no_${member}`);
}

/** Slack's answers are read with care: what is not there is empty, never an exception. */
export function object(value: unknown): Body {
  return typeof value === 'object' && value !== null ? (value as Body) : {};
}

export function list(value: unknown): Body[] {
  return Array.isArray(value) ? value.map(object) : [];
}

export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}
