import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { SlackClient } from '../transport/client.js';

/** Who is in which channel, from a short memory: what may be seen, and who may act, must not rest on yesterday's list. */
export interface Members {
  /**
   * Asks Slack where memory does not say it, and waits at most {@link PATIENCE_MS} for that.
   * @returns null when Slack does not say
   */
  has(channel: string, user: string): Promise<boolean | null>;
  /** Everybody who is there now. @returns null when Slack does not say */
  all(channel: string): Promise<ReadonlySet<string> | null>;
  /** Slack has told of it. */
  joined(channel: string, user: string): void;
  left(channel: string, user: string): void;
}

/** An answer in Slack has three seconds in all: it waits no longer for a list. */
const PATIENCE_MS = 1_200;

interface Known {
  people: Set<string>;
  /** Milliseconds of a clock that only goes forward. */
  at: number;
}

/**
 * Lists of people from a short memory, each under a key.
 * @param read null: it cannot be read now
 * @param yesMs how old a *yes* from memory may be; a *no* is looked up again after `noMs`
 * @param most lists that are remembered
 * @param clock milliseconds, monotonic
 */
export function createLists({
  read,
  yesMs,
  noMs,
  most,
  clock = () => performance.now(),
}: {
  read: (key: string) => Promise<Set<string> | null>;
  yesMs: number;
  noMs: number;
  most: number;
  clock?: (() => number) | undefined;
}) {
  const memory = new Map<string, Known>();
  const reading = new Map<string, Promise<Known | null>>();

  async function keep(key: string): Promise<Known | null> {
    const people = await read(key);
    if (people === null) return null;
    const known = { people, at: clock() };
    memory.delete(key);
    memory.set(key, known);
    if (memory.size > most) memory.delete(memory.keys().next().value as string);
    return known;
  }

  /** One read at a time for each list. */
  function fresh(key: string): Promise<Known | null> {
    const inFlight =
      reading.get(key) ??
      keep(key)
        .catch(() => null)
        .finally(() => reading.delete(key));
    reading.set(key, inFlight);
    return inFlight;
  }

  /** @returns null when it cannot be read in time */
  async function now(key: string): Promise<Known | null> {
    return Promise.race([fresh(key), sleep(PATIENCE_MS, null, { ref: false })]);
  }

  return {
    /** What memory holds, however old. */
    known: (key: string): Set<string> | undefined => memory.get(key)?.people,
    forget: (key: string): boolean => memory.delete(key),
    /** @returns null when it cannot be read in time */
    async has(key: string, person: string): Promise<boolean | null> {
      const known = memory.get(key);
      const there = known?.people.has(person) ?? false;
      if (known && clock() - known.at < (there ? yesMs : noMs)) return there;
      const read = await now(key);
      return read ? read.people.has(person) : null;
    },
    /** All of them, as they were a moment ago. @returns null when it cannot be read in time */
    async all(key: string): Promise<ReadonlySet<string> | null> {
      const known = memory.get(key);
      if (known && clock() - known.at < noMs) return known.people;
      return (await now(key))?.people ?? null;
    },
  };
}

/** A *yes* may be this old: events tell of departures, and this is for those that were missed. */
const YES_MS = 30_000;
/** A *no* is asked for again after this: people who were just let in must not wait. */
const NO_MS = 2_000;
/** Channels that are remembered, and pages of a thousand people that are read of one. */
const CHANNELS = 300;
const PAGES = 10;

const PAGE = z.object({
  members: z.array(z.string()),
  response_metadata: z.object({ next_cursor: z.string().nullish() }).nullish(),
});

/** @param onRead hears of every list that was read in full */
export function createMembers(options: {
  client: SlackClient;
  onRead: (channel: string, people: ReadonlySet<string>) => void;
  clock?: () => number;
}): Members {
  const { client, onRead, clock } = options;
  const lists = createLists({ read: readAll, yesMs: YES_MS, noMs: NO_MS, most: CHANNELS, clock });

  async function readAll(channel: string): Promise<Set<string> | null> {
    const people = new Set<string>();
    let cursor: string | undefined;
    for (let page = 0; page < PAGES; page++) {
      const args = { channel, limit: 1_000, ...(cursor && { cursor }) };
      const result = await client.call('conversations.members', args);
      const read = result.kind === 'ok' ? PAGE.safeParse(result.data) : null;
      if (!read?.success) return null;
      for (const user of read.data.members) people.add(user);
      cursor = read.data.response_metadata?.next_cursor || undefined;
      if (cursor === undefined) {
        onRead(channel, people);
        return people;
      }
    }
    return null;
  }

  return {
    has: lists.has,
    all: lists.all,
    joined(channel, user) {
      // The event may come late, after that person has left again: so the list is read anew.
      if (lists.known(channel)?.has(user) === false) lists.forget(channel);
    },
    left(channel, user) {
      lists.known(channel)?.delete(user);
    },
  };
}
