import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { zoneNamed } from '#domain/command/time/zone.js';
import { type Account, accountOf, isInSlack, nameInRecord, type PersonKind } from '#domain/words.js';
import { age, type Moment, moment } from '#elapsed.js';
import type { Logs } from '#log.js';
import type { KnownPerson } from '#store/people.js';
import type { Store } from '#store/store.js';
import type { Home, SlackClient } from '../transport/client.js';

/** What the hot path wants to know of somebody. */
interface Known {
  name: string | null;
  zone: string | null;
  account: Account;
}

/** Where people are kept, as far as it is used here. */
export type PeopleStore = Pick<Store['people'], 'get' | 'upsert'>;

const NOBODY: Known = { name: null, zone: null, account: 'unknown' };
const FRESH_MS = 5 * 60_000;
/** Somebody of whom we do not know who or what they are is asked about again after this. */
const UNKNOWN_MS = 30_000;
/** So long an answer may wait for who somebody is. */
const MEET_MS = 1_000;
const REFRESH_MS = 6 * 3_600_000;
/** A list that broke off is begun again after this, then after twice as long, and so on. */
const AGAIN_MS = 60_000;
const PAGE = z.object({
  members: z.array(z.unknown()),
  response_metadata: z.object({ next_cursor: z.string().nullish() }).nullish(),
});

export interface People {
  /**
   * @param profile what a payload says of them (`user_profile`); it counts where nothing better is known
   * @returns at once what memory holds, else what the database holds; never asks Slack, never fails
   */
  known(team: string, id: string, profile?: unknown): Known | Promise<Known>;
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
  /** @returns where we are installed, null while Slack has not said it */
  home: () => Home | null;
  log: Logs;
  now: () => Date;
  /** Hears, each time that all of them were read, whose accounts are deactivated. */
  onGone?: (team: string, gone: ReadonlySet<string>) => Promise<void>;
  /** Milliseconds until a list that broke off is begun again, the first time; a minute. */
  againMs?: number;
}): People {
  const { store, client, home, log } = options;
  const memory = new Memory<Known>(FRESH_MS, 50_000, () => options.now().getTime());
  const asked = new Map<string, Promise<void>>();
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;

  function keep(team: string, person: KnownPerson): Known {
    const account = accountOf(person);
    // A zone that an earlier version kept may have a name that only the engine knows: no times are read in such a zone.
    const zone = person.tz && zoneNamed(person.tz) ? person.tz : null;
    const known: Known = { name: nameInRecord(person), zone, account };
    memory.set(`${team} ${person.id}`, known, account === 'unknown' ? UNKNOWN_MS : FRESH_MS);
    return known;
  }

  async function load(team: string, id: string, profile: unknown): Promise<Known> {
    try {
      const person = await store.get(team, id);
      if (person) {
        // This person was kept by a version that did not ask for the kind, or before Slack said who we are.
        if (person.kind === null) void meet(team, id);
        return keep(team, person);
      }
    } catch (error) {
      // Without a database there is no name. Whether anything can be recorded then is not decided here.
      log.warn({ err: error }, 'Somebody could not be looked up');
      return memory.stale(`${team} ${id}`) ?? NOBODY;
    }
    memory.set(`${team} ${id}`, NOBODY, UNKNOWN_MS);
    const known = await keepFromProfile(team, id, profile);
    // What Slack says of somebody overwrites what a payload said.
    void meet(team, id);
    return known;
  }

  /** People from outside are in no list: what a payload says of them is kept, so that who delivers finds it too. */
  async function keepFromProfile(team: string, id: string, profile: unknown): Promise<Known> {
    const person = personOfProfile(id, profile, home());
    if (!person) return NOBODY;
    const known: Known = { name: nameInRecord(person), zone: null, account: accountOf(person) };
    memory.set(`${team} ${id}`, known, UNKNOWN_MS);
    try {
      await store.upsert(team, [person]);
    } catch (error) {
      log.warn({ err: error }, 'Somebody from outside could not be kept');
    }
    return known;
  }

  /** Ask Slack about a stranger: once at a time. Never fails. */
  function meet(team: string, id: string): Promise<void> {
    if (!isInSlack(id)) return Promise.resolve();
    const inFlight = asked.get(id) ?? ask(team, id).finally(() => asked.delete(id));
    asked.set(id, inFlight);
    return inFlight;
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
    const person = personOf(user, home());
    if (!person) return;
    await store.upsert(team, [person]);
    keep(team, person);
  }

  /** @returns whether it was read to its end; a wait that Slack asks for is no end */
  async function readAll(team: string): Promise<boolean> {
    let cursor: string | undefined;
    let read = 0;
    const gone = new Set<string>();
    for (;;) {
      const result = await client.call('users.list', { limit: 200, ...(cursor && { cursor }) });
      if (stopping.signal.aborted) return false;
      if (result.kind === 'ratelimited') {
        await pause(result.retryAfterMs, stopping.signal);
        continue;
      }
      const page = result.kind === 'ok' ? PAGE.safeParse(result.data) : null;
      if (!page?.success) {
        const why = result.kind === 'ok' ? 'unreadable' : result.error;
        log.warn({ why, read }, 'The list of people could not be read; they are met one by one until it is');
        return false;
      }
      const people = page.data.members.flatMap((user) => personOf(user, home()) ?? []);
      if (people.length > 0) await store.upsert(team, people);
      for (const person of people) {
        keep(team, person);
        if (person.deleted) gone.add(person.id);
      }
      read += people.length;
      cursor = page.data.response_metadata?.next_cursor || undefined;
      if (cursor !== undefined) continue;
      log.info({ people: read }, 'Everybody in the workspace is known');
      // Slack may have said so while nobody listened.
      await options
        .onGone?.(team, gone)
        .catch((error: unknown) => log.warn({ err: error }, 'Who has gone with a role could not be said'));
      return true;
    }
  }

  /** Again after some hours, or soon where it did not come to its end. */
  async function readAgainAndAgain(team: string, failures = 0): Promise<void> {
    const complete = await readAll(team).catch((error: unknown) => {
      log.warn({ err: error }, 'The list of people could not be kept');
      return false;
    });
    if (stopping.signal.aborted) return;
    const wait = complete ? REFRESH_MS : Math.min(REFRESH_MS, (options.againMs ?? AGAIN_MS) * 2 ** failures);
    clearTimeout(timer);
    timer = setTimeout(() => void readAgainAndAgain(team, complete ? 0 : Math.min(failures + 1, 10)), wait);
    timer.unref();
  }

  return {
    known(team, id, profile) {
      const key = `${team} ${id}`;
      const fresh = memory.get(key);
      if (fresh && (fresh.name !== null || !profile)) return fresh;
      const stale = memory.stale(key);
      const loading = load(team, id, profile);
      // An old name is given at once, and refreshed for the next time.
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
      void readAgainAndAgain(team);
    },
    stop() {
      stopping.abort();
      clearTimeout(timer);
    },
  };
}

const pause = (ms: number, signal: AbortSignal) =>
  sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);

const text = z.string().nullish().catch(null);
const flag = z.boolean().nullish().catch(null);
const ids = z.array(z.string()).nullish().catch(null);

/** As much of Slack's user object as matters here; anything but the id may be missing. */
const USER = z.object({
  id: z.string().min(1),
  name: text,
  real_name: text,
  tz: text,
  deleted: flag,
  is_bot: flag,
  is_restricted: flag,
  is_ultra_restricted: flag,
  is_stranger: flag,
  team_id: text,
  teams: ids,
  enterprise_user: z.object({ teams: ids }).nullish().catch(null),
  profile: z.object({ display_name: text, real_name: text }).nullish().catch(null),
});

/**
 * @param home null while Slack has not said who we are: then nobody's kind is known who names a workspace
 * @returns the person, or null for something that is not a user object
 */
export function personOf(user: unknown, home: Home | null): KnownPerson | null {
  const read = USER.safeParse(user);
  if (!read.success) return null;
  const { id, name, real_name, tz, deleted, is_bot, profile } = read.data;
  const realName = profile?.real_name || real_name || null;
  return {
    id,
    // An empty display name means: take the real one.
    name: profile?.display_name || realName || name || id,
    handle: name || id,
    realName,
    // A zone that commands would not take is no zone.
    tz: tz && zoneNamed(tz) ? tz : null,
    isBot: is_bot === true || id === 'USLACKBOT',
    deleted: deleted === true,
    kind: kindOf(read.data, home),
  };
}

const PROFILE = z.object({
  name: text,
  real_name: text,
  display_name: text,
  team: text,
  is_restricted: flag,
  is_ultra_restricted: flag,
});

/** @returns what events and messages in shared channels say of who acts there, if this one does */
export function profileIn(payload: unknown): unknown {
  return typeof payload === 'object' && payload !== null && 'user_profile' in payload
    ? payload.user_profile
    : null;
}

/** @returns the person of a `user_profile`, which has names and a workspace but no zone; null: it says nothing */
export function personOfProfile(id: string, profile: unknown, home: Home | null): KnownPerson | null {
  const read = PROFILE.safeParse(profile);
  if (!read.success) return null;
  const { display_name, real_name, name, team, ...flags } = read.data;
  if (!display_name && !real_name && !name) return null;
  return personOf({ id, name, team_id: team, profile: { display_name, real_name }, ...flags }, home);
}

/** Slack leaves out what is false. A person of an Enterprise is in each workspace that is listed, whichever is named first. */
function kindOf(user: z.infer<typeof USER>, home: Home | null): PersonKind | null {
  if (user.is_bot || user.id === 'USLACKBOT') return 'bot';
  if (user.is_stranger) return 'outside';
  const named = [user.team_id, ...(user.teams ?? []), ...(user.enterprise_user?.teams ?? [])].filter(Boolean);
  if (named.length > 0 && !home) return null;
  if (named.length > 0 && home && !named.includes(home.team)) {
    // The organisation alone does not say whether our workspace is among its.
    const { enterprise } = home;
    const own = (team: string | null | undefined) =>
      enterprise === undefined ? team?.startsWith('E') : team === enterprise;
    return named.every(own) ? null : 'outside';
  }
  return user.is_restricted || user.is_ultra_restricted ? 'guest' : 'member';
}

/** A small map that forgets: entries live `ttlMs`, and beyond `max` the oldest go first. */
export class Memory<V> {
  readonly #entries = new Map<string, { value: V; since: Moment; ttlMs: number }>();

  constructor(
    private readonly ttlMs: number,
    private readonly max: number,
    private readonly clock: () => number,
  ) {}

  /** @returns what is remembered and still fresh */
  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    return entry && age(entry.since, this.clock()) < entry.ttlMs ? entry.value : undefined;
  }

  /** @returns what is remembered, however old */
  stale(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  set(key: string, value: V, ttlMs = this.ttlMs): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, since: moment(this.clock()), ttlMs });
    if (this.#entries.size <= this.max) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      break;
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
