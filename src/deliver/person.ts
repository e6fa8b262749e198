import type { Person } from '#domain/words.js';
import { Lost } from '#runbooks/action.js';
import { type Attempt, type Body, Later } from './attempt.js';
import type { World } from './ports.js';

/** @returns the person with the name known now; somebody whom nobody knows keeps the id. */
export async function personOf(
  { world, row }: { world: Pick<World, 'people'>; row: { team: string } },
  id: string,
): Promise<Person> {
  return (await world.people.personById(row.team, id)) ?? { id, name: null };
}

/**
 * The same, but Slack is asked about somebody whom nobody knows: people of other workspaces are in no list.
 * @param profile `user_profile` of their message, for whom Slack does not tell
 */
export async function metPerson(
  attempt: Pick<Attempt, 'world' | 'row' | 'read'>,
  id: string,
  profile: unknown = null,
): Promise<Person> {
  const { world, row } = attempt;
  const known = await personOf(attempt, id);
  if (known.name !== null || !/^[UW][A-Z0-9]+$/.test(id)) return known;
  const told = await ask(attempt, id);
  return (
    (told && (await world.people.learn(row.team, { user: told.user }))) ??
    (await world.people.learn(row.team, { id, profile })) ??
    known
  );
}

/** A name is a courtesy: only a wait that Slack has named is worth it. */
async function ask(attempt: Pick<Attempt, 'read'>, user: string): Promise<Body | null> {
  try {
    return await attempt.read('users.info', { user });
  } catch (error) {
    if (error instanceof Later || error instanceof Lost) throw error;
    return null;
  }
}
