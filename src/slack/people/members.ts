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
  /** Slack has told of it. */
  joined(channel: string, user: string): void;
  left(channel: string, user: string): void;
}

/** A *yes* may be this old: events tell of departures, and this is for those that were missed. */
const YES_MS = 30_000;
/** A *no* is asked for again after this: people who were just let in must not wait. */
const NO_MS = 2_000;
/** An answer in Slack has three seconds in all. */
const PATIENCE_MS = 1_200;
/** Channels that are remembered, and pages of a thousand people that are read of one. */
const CHANNELS = 300;
const PAGES = 10;

const PAGE = z.object({
  members: z.array(z.string()),
  response_metadata: z.object({ next_cursor: z.string().nullish() }).nullish(),
});

interface Known {
  people: Set<string>;
  /** Milliseconds of a clock that only goes forward. */
  at: number;
}

/**
 * @param onRead hears of every list that was read in full
 * @param clock milliseconds, monotonic
 */
export function createMembers(options: {
  client: SlackClient;
  onRead: (channel: string, people: ReadonlySet<string>) => void;
  clock?: () => number;
}): Members {
  const { client, onRead, clock = () => performance.now() } = options;
  const memory = new Map<string, Known>();
  const reading = new Map<string, Promise<Known | null>>();

  function keep(channel: string, people: Set<string>): Known {
    const known = { people, at: clock() };
    memory.delete(channel);
    memory.set(channel, known);
    if (memory.size > CHANNELS) memory.delete(memory.keys().next().value as string);
    return known;
  }

  async function readAll(channel: string): Promise<Known | null> {
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
        return keep(channel, people);
      }
    }
    return null;
  }

  /** One read at a time for each channel; callers wait for it with a limit. */
  function read(channel: string): Promise<Known | null> {
    let under = reading.get(channel);
    if (!under) {
      under = readAll(channel)
        .catch(() => null)
        .finally(() => reading.delete(channel));
      reading.set(channel, under);
    }
    return under;
  }

  return {
    async has(channel, user) {
      const known = memory.get(channel);
      const there = known?.people.has(user);
      if (known && clock() - known.at < (there ? YES_MS : NO_MS)) return there ?? null;
      const fresh = await Promise.race([read(channel), sleep(PATIENCE_MS, null, { ref: false })]);
      return fresh ? fresh.people.has(user) : null;
    },
    joined(channel, user) {
      // Said late, it is no news any more: the list is read again.
      if (memory.get(channel)?.people.has(user) === false) memory.delete(channel);
    },
    left(channel, user) {
      memory.get(channel)?.people.delete(user);
    },
  };
}
