import type { PeopleStore } from '#slack/ports.js';
import type { Store } from '#store/store.js';

/** People for the Slack front, which keeps what Slack tells of them. */
export function peopleForSlack({ people }: Store): PeopleStore {
  return {
    async get(team, id) {
      const person = await people.get(team, id);
      return person && { ...person, handle: person.handle ?? person.name };
    },
    async byIds(team, ids) {
      const known = await people.byIds(team, ids);
      return [...known.values()].map((person) => ({ ...person, handle: person.handle ?? person.name }));
    },
    upsert: (team, list) => people.upsert(team, list),
  };
}
