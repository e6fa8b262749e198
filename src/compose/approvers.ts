import type { Log } from '#log.js';
import type { SlackClient, SlackResult } from '#slack/client.js';
import type { Store } from '#store/store.js';
import type { Runbooks } from './runbooks.js';

/**
 * Finds the people whom the names in an approval stand for: `@sre` under `approvers:` in tocsin.yml, or Slack's user
 * group of that handle, or, where there is no such group, the person of that name; ids of people and groups. Roles are
 * not looked at here.
 * @param slack null where there is none: then names stand for whom they stood for before
 */
export function approversFrom(
  { settings }: Pick<Runbooks, 'settings'>,
  store: Pick<Store, 'people'>,
  slack: SlackClient | null,
  log: Pick<Log, 'warn'>,
) {
  return async (team: string, from: readonly string[], before: readonly string[]): Promise<string[]> => {
    const people = new Set<string>();
    const groups = new Set<string>();
    const handles: string[] = [];
    for (const name of from.flatMap((one) => settings.approvers.get(one.replace(/^@/, '')) ?? [one])) {
      if (/^[UW][A-Z0-9]+$/.test(name)) people.add(name);
      else if (/^S[A-Z0-9]+$/.test(name)) groups.add(name);
      else if (name.startsWith('@')) handles.push(name.slice(1));
    }
    try {
      const called = await groupsCalled(handles, slack);
      for (const group of new Set([...groups, ...called.values()]))
        for (const id of await membersOf(group, slack)) people.add(id);
      // Only once it is known that no group is called so: anybody may give himself a group's name.
      for (const handle of handles.filter((one) => !called.has(one))) {
        const person = await store.people.personByName(team, handle);
        if (person) people.add(person.id);
      }
    } catch (error) {
      log.warn({ err: error, from }, 'Slack does not say who are approvers; those of before count');
      for (const id of before) people.add(id);
    }
    return [...people].sort();
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
