import type { Log } from '#log.js';
import type { SlackClient } from '#slack/client.js';
import type { Store } from '#store/store.js';
import type { Runbooks } from './runbooks.js';

/**
 * Finds the people whom the names in an approval stand for: `@sre` under `approvers:` in tocsin.yml, or Slack's user
 * group of that handle, or the person of that name; ids of people and groups. Roles are not looked at here.
 * @param slack null where there is none: then groups stand for whom they stood for before
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
      for (const id of await groupsCalled(handles, slack)) groups.add(id);
      for (const group of groups) for (const id of await membersOf(group, slack)) people.add(id);
    } catch (error) {
      log.warn(
        { err: error, from },
        'Slack does not say who is in a group of approvers; those of before count',
      );
      for (const id of before) people.add(id);
    }
    for (const handle of handles) {
      const person = await store.people.personByName(team, handle);
      if (person) people.add(person.id);
    }
    return [...people].sort();
  };
}

async function groupsCalled(handles: string[], slack: SlackClient | null): Promise<string[]> {
  if (handles.length === 0) return [];
  const { usergroups } = await call(slack, 'usergroups.list', {});
  const list = Array.isArray(usergroups) ? (usergroups as Array<{ id: string; handle?: string }>) : [];
  return list.filter(({ handle }) => handle !== undefined && handles.includes(handle)).map(({ id }) => id);
}

async function membersOf(usergroup: string, slack: SlackClient | null): Promise<string[]> {
  const { users } = await call(slack, 'usergroups.users.list', { usergroup });
  return Array.isArray(users) ? users.map(String) : [];
}

async function call(slack: SlackClient | null, method: string, args: object) {
  const answer = await slack?.call(method, args as Record<string, unknown>);
  if (answer?.kind === 'ok') return answer.data as Record<string, unknown>;
  throw new Error(
    `${method}: ${answer && 'error' in answer ? answer.error : (answer?.kind ?? 'no Slack here')}`,
  );
}
