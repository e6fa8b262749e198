import type { Person } from '#domain/person.js';
import type { World } from './ports.js';

/** @returns the person with the name known now; somebody whom nobody knows keeps the id. */
export async function personOf(
  { world, row }: { world: Pick<World, 'people'>; row: { team: string } },
  id: string,
): Promise<Person> {
  return (await world.people.personById(row.team, id)) ?? { id, name: null };
}
