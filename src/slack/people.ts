import { z } from 'zod';
import { zoneNamed } from '#domain/command/zone.js';
import type { Account } from '#domain/person.js';
import type { SlackClient } from './client.js';
import { Memory } from './memory.js';
import { personOf } from './person.js';
import type { Log, PeopleStore, SlackPerson } from './ports.js';

/** What the hot path wants to know of somebody. */
export interface Known {
  name: string | null;
  zone: string | null;
  account: Account;
}

const NOBODY: Known = { name: null, zone: null, account: 'unknown' };
const FRESH_MS = 5 * 60_000;
/** Somebody whom we do not know is asked about again after this. */
const UNKNOWN_MS = 30_000;
/** So long an answer may wait for who somebody is. */
const MEET_MS = 1_000;
const REFRESH_MS = 6 * 3_600_000;
const PAGE = z.object({
  members: z.array(z.unknown()),
  response_metadata: z.object({ next_cursor: z.string().nullish() }).nullish(),
});

export interface People {
  /** @returns at once what memory holds, else what the database holds; never asks Slack, never fails */
  known(team: string, id: string): Known | Promise<Known>;
  /** @returns names by id, of those that are known */
  names(team: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Ask Slack about somebody now, and wait a second for it. Never fails. */
  meet(team: string, id: string): Promise<void>;
  /** Take over a user object from an event. */
  learn(team: string, user: unknown): Promise<void>;
  /** Read the whole workspace in the background, now and every few hours. */
  start(team: string): void;
  stop(): void;
}

/** Names and zones of people, from a table that is filled beside everything else. */
export function createPeople(options: {
  store: PeopleStore;
  client: SlackClient;
  log: Log;
  now: () => Date;
}): People {
  const { store, client, log } = options;
  const memory = new Memory<Known>(FRESH_MS, 50_000, () => options.now().getTime());
  const asked = new Map<string, Promise<void>>();
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;

  function keep(team: string, person: SlackPerson): Known {
    const account = person.deleted ? 'gone' : (person.kind ?? 'unknown');
    // What an earlier version kept may be a name that only the engine has: nobody's times are read in such a zone.
    const zone = person.tz && zoneNamed(person.tz) ? person.tz : null;
    const known: Known = { name: person.name, zone, account };
    memory.set(`${team} ${person.id}`, known);
    return known;
  }

  async function load(team: string, id: string): Promise<Known> {
    try {
      const person = await store.get(team, id);
      if (person) return keep(team, person);
    } catch (error) {
      // Without a database there is no name; whether it can be recorded at all is not decided here.
      log.warn({ err: error }, 'Somebody could not be looked up');
      return memory.stale(`${team} ${id}`) ?? NOBODY;
    }
    memory.set(`${team} ${id}`, NOBODY, UNKNOWN_MS);
    void meet(team, id);
    return NOBODY;
  }

  /** Ask Slack about a stranger: once at a time. Never fails. */
  function meet(team: string, id: string): Promise<void> {
    if (!/^[UW][A-Z0-9]+$/.test(id)) return Promise.resolve();
    const under = asked.get(id) ?? ask(team, id).finally(() => asked.delete(id));
    asked.set(id, under);
    return under;
  }

  async function ask(team: string, id: string): Promise<void> {
    try {
      const result = await client.call('users.info', { user: id });
      if (result.kind === 'ok') await learn(team, result.data.user);
    } catch (error) {
      log.warn({ err: error }, 'A stranger could not be kept');
    }
  }

  async function learn(team: string, user: unknown): Promise<void> {
    const person = personOf(user);
    if (!person) return;
    await store.upsert(team, [person]);
    keep(team, person);
  }

  async function readAll(team: string): Promise<void> {
    let cursor: string | undefined;
    let read = 0;
    do {
      const result = await client.call('users.list', { limit: 200, ...(cursor && { cursor }) });
      if (stopping.signal.aborted) return;
      if (result.kind === 'ratelimited') {
        await pause(result.retryAfterMs, stopping.signal);
        continue;
      }
      const page = result.kind === 'ok' ? PAGE.safeParse(result.data) : null;
      if (!page?.success) {
        const why = result.kind === 'ok' ? 'unreadable' : result.error;
        log.warn({ why, read }, 'The list of people could not be read; they are met one by one');
        return;
      }
      const people = page.data.members.flatMap((user) => personOf(user) ?? []);
      if (people.length > 0) await store.upsert(team, people);
      for (const person of people) keep(team, person);
      read += people.length;
      cursor = page.data.response_metadata?.next_cursor || undefined;
    } while (cursor !== undefined && !stopping.signal.aborted);
    log.info({ people: read }, 'Everybody in the workspace is known');
  }

  return {
    known(team, id) {
      const key = `${team} ${id}`;
      const fresh = memory.get(key);
      if (fresh) return fresh;
      const stale = memory.stale(key);
      const loading = load(team, id);
      // An old name now is better than the right one later: it is refreshed for the next time.
      return stale?.name ? stale : loading;
    },
    async names(team, ids) {
      const found = await Promise.all(
        ids.map(async (id) => [id, (await this.known(team, id)).name] as const),
      );
      return new Map(found.flatMap(([id, name]) => (name === null ? [] : [[id, name] as const])));
    },
    learn,
    async meet(team, id) {
      await Promise.race([meet(team, id), pause(MEET_MS, stopping.signal)]);
    },
    start(team) {
      const read = () =>
        void readAll(team).catch((error: unknown) =>
          log.warn({ err: error }, 'The list of people could not be kept'),
        );
      read();
      clearInterval(timer);
      timer = setInterval(read, REFRESH_MS);
      timer.unref();
    },
    stop() {
      stopping.abort();
      clearInterval(timer);
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref();
    signal.addEventListener('abort', done, { once: true });
  });
}
