import type { People as PeopleOfDeliveries } from '#deliver/ports.js';
import { nameInRecord } from '#domain/person.js';
import { personOf, personOfProfile } from '#slack/person.js';
import type { PeopleStore } from '#slack/ports.js';
import type { Store } from '#store/store.js';

/** People for deliveries, which meet those of other workspaces. */
export function peopleForDeliveries({ people, workspaces }: Store): PeopleOfDeliveries {
  return {
    personById: people.personById,
    personByName: people.personByName,
    async learn(team, told) {
      const slackTeam = (await workspaces.list()).find((one) => one.team === team)?.slackTeam;
      const home = slackTeam ? { team: slackTeam } : null;
      const person =
        'user' in told ? personOf(told.user, home) : personOfProfile(told.id, told.profile, home);
      if (!person) return null;
      await people.upsert(team, [person]);
      return { id: person.id, name: nameInRecord(person) };
    },
  };
}

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
