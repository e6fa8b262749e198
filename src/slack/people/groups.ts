import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { natureOf } from '#domain/slack-code.js';
import { isInSlack } from '#domain/words.js';
import type { Log } from '#log.js';
import type { Store } from '#store/store.js';
import type { SlackClient } from '../transport/client.js';
import { createLists } from './members.js';

/** User groups: how they are called, and who is in them. The one place that asks Slack about them. */
export interface Groups {
  /**
   * Handles by id. Slack is asked when one is not known, once at a time and not twice within half a minute; a Slack that
   * does not tell leaves it out.
   */
  names(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** @returns the group of that handle; null: there is none; or Slack's code where it does not tell */
  called(handle: string): Promise<{ id: string; handle: string } | { unsaid: string } | null>;
  /** The same for rules and approvals, which must not rest on an old list. @throws when Slack does not tell */
  idOf(handle: string): Promise<string | null>;
  /** @throws when Slack does not say who is in the group */
  members(id: string): Promise<string[]>;
}

/** Handles change seldom; an unknown id is asked about again no sooner than this. */
const FRESH_MS = 6 * 3_600_000;
const AGAIN_MS = 30_000;
/** How long an answer waits for the names of groups. */
const PATIENCE_MS = 800;

const LIST = z.object({
  usergroups: z.array(
    z.object({
      id: z.string(),
      handle: z.string().nullish(),
      name: z.string().nullish(),
      date_delete: z.number().nullish(),
    }),
  ),
});

/** This refusal says that we may not look; any other lasting one says that a workspace has no groups. */
const MAY_NOT_LOOK = 'missing_scope';

/** @param patienceMs how long `names` and `called` wait for Slack; what it says later is kept for the next time */
export function createGroups(client: SlackClient, patienceMs = PATIENCE_MS): Groups {
  let handles = new Map<string, string>();
  /** Those that are in use, by handle in lower case. */
  let ids = new Map<string, string>();
  let unsaid: string | null = null;
  let read = Number.NEGATIVE_INFINITY;
  let tried = Number.NEGATIVE_INFINITY;
  let inFlight: Promise<void> | null = null;

  async function load(): Promise<void> {
    tried = performance.now();
    // Groups that were disabled are listed too, because older messages name them.
    const result = await client.call('usergroups.list', { include_disabled: true });
    const list = result.kind === 'ok' ? LIST.safeParse(result.data) : null;
    const code = result.kind === 'ok' || result.kind === 'ratelimited' ? result.kind : result.error;
    const none = result.kind === 'refused' && natureOf(code) === 'final' && code !== MAY_NOT_LOOK;
    unsaid = list?.success || none ? null : code;
    if (unsaid !== null) return;
    const groups = list?.data?.usergroups ?? [];
    ids = new Map();
    handles = new Map();
    for (const { id, handle, name, date_delete } of groups) {
      const called = handle || name;
      if (called) handles.set(id, called);
      if (handle && !date_delete) ids.set(handle.toLowerCase(), id);
    }
    read = performance.now();
  }

  /** One read at a time: calls meanwhile get the same answer. */
  function loaded(): Promise<void> {
    inFlight ??= load().finally(() => {
      inFlight = null;
    });
    return inFlight;
  }

  /** @returns whether Slack has not answered in time */
  async function refreshed(missing: boolean): Promise<boolean> {
    const stale = missing || performance.now() - read > FRESH_MS;
    if (!stale || (!inFlight && performance.now() - tried <= AGAIN_MS)) return false;
    return Promise.race([loaded().then(() => false), sleep(patienceMs, true, { ref: false })]);
  }

  return {
    async names(wanted) {
      if (wanted.length > 0) await refreshed(wanted.some((id) => !handles.has(id)));
      return new Map(
        wanted.flatMap((id) => (handles.has(id) ? [[id, handles.get(id) as string] as const] : [])),
      );
    },
    async called(handle) {
      const name = handle.toLowerCase();
      const late = await refreshed(!ids.has(name));
      const id = ids.get(name);
      if (id !== undefined) return { id, handle: handles.get(id) ?? handle };
      const why = unsaid ?? (late ? 'no_answer' : null);
      return why === null ? null : { unsaid: why };
    },
    async idOf(handle) {
      if (performance.now() - read > NO_MS) await loaded();
      if (unsaid !== null) throw new Error(`usergroups.list: ${unsaid}`);
      return ids.get(handle.toLowerCase()) ?? null;
    },
    async members(usergroup) {
      const result = await client.call('usergroups.users.list', { usergroup });
      if (result.kind === 'ok') return Array.isArray(result.data.users) ? result.data.users.map(String) : [];
      throw new Error(`usergroups.users.list: ${'error' in result ? result.error : result.kind}`);
    },
  };
}

/** A *yes* from memory may be this old; a *no* is looked up again after the shorter time. */
const YES_MS = 60_000;
const NO_MS = 5_000;
/** Lists of names that are remembered: there are as many as rules. */
const LISTS = 200;

/** What it takes to know whom a name stands for. */
interface Naming {
  /** Under `approvers:` in tocsin.yml: names for people and groups, without `@`. */
  approvers: ReadonlyMap<string, readonly string[]>;
  people: Pick<Store['people'], 'personByName'>;
  /** null: there is no Slack here. */
  groups: Pick<Groups, 'idOf' | 'members'> | null;
  log: Pick<Log, 'warn'>;
}

const spelledOut = ({ approvers }: Naming, from: readonly string[]) =>
  from.flatMap((one) => approvers.get(one.replace(/^@/, '')) ?? [one]);

/**
 * Finds the people whom names stand for: `@sre` under `approvers:` in tocsin.yml, or Slack's user group of that handle,
 * or, where there is no such group, the person of that name; ids of people and groups. Roles are not looked at here.
 * @throws when Slack does not say who is in a group
 */
async function peopleOf(naming: Naming, team: string, from: readonly string[]): Promise<Set<string>> {
  const people = new Set<string>();
  const members = new Set<string>();
  const { groups = null } = naming;
  for (const name of spelledOut(naming, from)) {
    if (isInSlack(name)) people.add(name);
    else if (/^S[A-Z0-9]+$/.test(name)) members.add(name);
    else if (name.startsWith('@')) {
      const handle = name.slice(1);
      if (!groups) throw new Error('no Slack here');
      // A person counts only once it is known that no group is called so: anybody may give himself a group's name.
      const group = await groups.idOf(handle);
      const person = group ? null : await naming.people.personByName(team, handle);
      if (group) members.add(group);
      if (person) people.add(person.id);
    }
  }
  for (const group of members) {
    if (!groups) throw new Error('no Slack here');
    for (const id of await groups.members(group)) people.add(id);
  }
  return people;
}

/** The people whom names stand for now. @throws when Slack does not say who is in a group */
export function peopleNamed(naming: Naming) {
  return (team: string, from: readonly string[]): Promise<Set<string>> => peopleOf(naming, team, from);
}

/** The people whom the names in an approval stand for. Where Slack does not tell, those whom they stood for before. */
export function approversFrom(naming: Naming) {
  return async (team: string, from: readonly string[], before: readonly string[]): Promise<string[]> => {
    try {
      return [...(await peopleOf(naming, team, from))].sort();
    } catch (error) {
      naming.log.warn({ err: error, from }, 'Slack does not say who are approvers; those of before count');
      return [...new Set([...spelledOut(naming, from).filter(isInSlack), ...before])].sort();
    }
  };
}

/**
 * Is somebody one of those whom a rule names? From a short memory, so that a command seldom waits for Slack; where Slack
 * does not answer, the last that it said counts, and where it never said anything, nobody but who is named by id.
 */
export function amongNamed(naming: Naming) {
  const lists = createLists({
    async read(key) {
      const [team, ...names] = JSON.parse(key) as [string, ...string[]];
      return peopleOf(naming, team, names).catch((error: unknown) => {
        naming.log.warn({ err: error, names }, 'Slack does not say who is named in a permission');
        return null;
      });
    },
    yesMs: YES_MS,
    noMs: NO_MS,
    most: LISTS,
  });
  return async (team: string, person: string, names: readonly string[]): Promise<boolean> => {
    if (names.includes(person)) return true;
    const key = JSON.stringify([team, ...names]);
    return (await lists.has(key, person)) ?? lists.known(key)?.has(person) ?? false;
  };
}

/** @returns ids of the people whom a text of Slack's mentions */
export function peopleIn(raw: string): string[] {
  return [...new Set([...raw.matchAll(/<@([UW][A-Z0-9]+)/g)].map((match) => match[1] as string))];
}

/** @returns ids of the groups that a text of Slack's names without saying how they are called */
export function groupsIn(raw: string): string[] {
  return [
    ...new Set([...raw.matchAll(/<!subteam\^([A-Z0-9]+)(?:\|)?>/g)].map((match) => match[1] as string)),
  ];
}
