import type { Attempt } from './attempt.js';
import { isPermanent } from './failure.js';
import type { Absent } from './invite.js';
import { list, strings } from './look.js';

type Invitation = Attempt<'channel.open'> | Attempt<'people.invite'>;

/**
 * Who is meant by the configured people (`U…` or a name) and groups (`S…` or a handle, `@` or not).
 * @returns `missing`: those that nobody knows, or that this workspace does not tell (free plans have no groups)
 */
export async function peopleOf(
  attempt: Invitation,
  invite: { people: string[]; groups: string[] },
): Promise<{ people: string[]; missing: Absent[] }> {
  const { team } = attempt.incident;
  const people: string[] = [];
  const missing: Absent[] = [];
  for (const name of invite.people) {
    const id = /^[UW][A-Z0-9]{5,}$/.test(name)
      ? name
      : (await attempt.world.people.personByName(team, name.replace(/^@/, '')))?.id;
    if (id) people.push(id);
    else missing.push({ user: name, error: 'user_not_found' });
  }
  for (const group of invite.groups) {
    try {
      const id = /^S[A-Z0-9]{5,}$/.test(group) ? group : await groupOf(attempt, group);
      if (!id) {
        missing.push({ user: group, error: 'no_such_subteam' });
        continue;
      }
      people.push(...strings((await attempt.read('usergroups.users.list', { usergroup: id })).users));
    } catch (error) {
      if (!isPermanent(error)) throw error;
      missing.push({ user: group, error: error.code });
    }
  }
  return { people, missing };
}

async function groupOf(attempt: Invitation, handle: string): Promise<string | null> {
  const { usergroups } = await attempt.read('usergroups.list', {});
  const bare = handle.replace(/^@/, '');
  const found = list(usergroups).find((one) => one.handle === bare || one.name === bare);
  return found ? String(found.id) : null;
}
