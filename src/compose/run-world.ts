import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '#log.js';
import { ACTIONS } from '#runbooks/actions/actions.js';
import type { RunWorld } from '#runs/context.js';
import type { SlackClient, SlackResult } from '#slack/transport/client.js';
import type { Store } from '#store/store.js';
import type { Core } from './core.js';
import type { Runbooks } from './runbooks.js';

/** Everything that taking runs along stands on. @param nudge wakes lanes that owe something now */
export function runWorldOf(
  { store, handle, runbooks }: Core,
  slack: SlackClient | null,
  nudge: (lanes: string[]) => void,
  log: Log,
): RunWorld {
  return {
    outbox: store.outbox,
    incident: async (team, incident) => (await store.incidents.load(team, incident))?.state ?? null,
    async facts(team, incident, run) {
      // Whoever takes a run along begins here. The worker before us may have read keys that we have not, and a program
      // may print what no step has read: they are known before anything is done.
      await runbooks.learnKeys();
      return store.incidents.runFacts(team, incident, run);
    },
    targets: store.targets,
    tell: (intent, incident, asking) => handle(intent, incident, asking),
    readRunbook: (source) => runbooks.read(source),
    actions: ACTIONS,
    systems: runbooks.systems,
    scrub: runbooks.scrub,
    approversOf: approversFrom(runbooks, store, slack, log),
    gone: async (team, people) =>
      (await store.people.byIds(team, people)).filter(({ deleted }) => deleted).map(({ id }) => id),
    async owe(effect, of) {
      await store.outbox.owe(effect, of);
      if (!of.inMs) nudge([of.lane]);
    },
    now: () => new Date(),
    log,
  };
}

/** A *yes* from memory may be this old; a *no* is looked up again after the shorter time. */
const YES_MS = 60_000;
const NO_MS = 5_000;
/** Whoever waits for an answer in Slack waits no longer for this. */
const PATIENCE_MS = 1_200;
/** Lists of names that are remembered: there are as many as rules and approvals. */
const LISTS = 200;

type Settings = Pick<Runbooks, 'settings'>;
type Names = Pick<Store, 'people'>;

/**
 * Finds the people whom names stand for: `@sre` under `approvers:` in tocsin.yml, or Slack's user group of that handle,
 * or, where there is no such group, the person of that name; ids of people and groups. Roles are not looked at here.
 * @throws when Slack does not say who is in a group
 */
async function peopleOf(
  { settings }: Settings,
  store: Names,
  slack: SlackClient | null,
  team: string,
  from: readonly string[],
): Promise<Set<string>> {
  const people = new Set<string>();
  const groups = new Set<string>();
  const handles: string[] = [];
  for (const name of from.flatMap((one) => settings.approvers.get(one.replace(/^@/, '')) ?? [one])) {
    if (/^[UW][A-Z0-9]+$/.test(name)) people.add(name);
    else if (/^S[A-Z0-9]+$/.test(name)) groups.add(name);
    else if (name.startsWith('@')) handles.push(name.slice(1));
  }
  const called = await groupsCalled(handles, slack);
  for (const group of new Set([...groups, ...called.values()]))
    for (const id of await membersOf(group, slack)) people.add(id);
  // Only once it is known that no group is called so: anybody may give himself a group's name.
  for (const handle of handles.filter((one) => !called.has(one))) {
    const person = await store.people.personByName(team, handle);
    if (person) people.add(person.id);
  }
  return people;
}

/**
 * The people whom the names in an approval stand for.
 * @param slack null where there is none: then names stand for whom they stood for before
 */
export function approversFrom(
  runbooks: Settings,
  store: Names,
  slack: SlackClient | null,
  log: Pick<Log, 'warn'>,
) {
  return async (team: string, from: readonly string[], before: readonly string[]): Promise<string[]> => {
    try {
      return [...(await peopleOf(runbooks, store, slack, team, from))].sort();
    } catch (error) {
      log.warn({ err: error, from }, 'Slack does not say who are approvers; those of before count');
      const ids = from.flatMap((one) => runbooks.settings.approvers.get(one.replace(/^@/, '')) ?? [one]);
      return [...new Set([...ids.filter((id) => /^[UW][A-Z0-9]+$/.test(id)), ...before])].sort();
    }
  };
}

/**
 * Is somebody one of those whom a rule names? From a short memory, so that a command seldom waits for Slack; where Slack
 * does not answer, the last that it said counts, and where it never said anything, nobody but who is named by id.
 */
export function amongNamed(
  runbooks: Settings,
  store: Names,
  slack: SlackClient | null,
  log: Pick<Log, 'warn'>,
) {
  const memory = new Map<string, { people: Set<string>; at: number }>();
  const look = async (key: string, team: string, names: readonly string[]) => {
    try {
      const people = await peopleOf(runbooks, store, slack, team, names);
      memory.delete(key);
      memory.set(key, { people, at: performance.now() });
      if (memory.size > LISTS) memory.delete(memory.keys().next().value as string);
    } catch (error) {
      log.warn({ err: error, names }, 'Slack does not say who is named in a permission');
    }
  };
  return async (team: string, person: string, names: readonly string[]): Promise<boolean> => {
    if (names.includes(person)) return true;
    const key = JSON.stringify([team, ...names]);
    const known = memory.get(key);
    const yes = known?.people.has(person) ?? false;
    if (known && performance.now() - known.at < (yes ? YES_MS : NO_MS)) return yes;
    await Promise.race([look(key, team, names), sleep(PATIENCE_MS, undefined, { ref: false })]);
    return memory.get(key)?.people.has(person) ?? false;
  };
}

/** @returns the ids of the groups that have one of these handles; a workspace that may not have groups has none */
async function groupsCalled(handles: string[], slack: SlackClient | null): Promise<Map<string, string>> {
  if (handles.length === 0) return new Map();
  const answer = await slack?.call('usergroups.list', {});
  // A plan without groups; not so where we only may not look.
  if (answer?.kind === 'refused' && answer.error !== 'missing_scope') return new Map();
  const list = listOf<{ id: string; handle?: string }>(said('usergroups.list', answer).usergroups);
  return new Map(
    list.flatMap(({ id, handle = '' }) => (handles.includes(handle) ? [[handle, id] as const] : [])),
  );
}

async function membersOf(usergroup: string, slack: SlackClient | null): Promise<string[]> {
  const method = 'usergroups.users.list';
  return listOf(said(method, await slack?.call(method, { usergroup })).users).map(String);
}

/** @throws when Slack did not say it */
function said(method: string, answer: SlackResult | undefined): Record<string, unknown> {
  if (answer?.kind === 'ok') return answer.data as Record<string, unknown>;
  throw new Error(
    `${method}: ${answer && 'error' in answer ? answer.error : (answer?.kind ?? 'no Slack here')}`,
  );
}

function listOf<T>(value: unknown): T[] {
  return Array.isArray(value) ? value : [];
}
