import type { People as PeopleOfDeliveries } from '#deliver/ports.js';
import { type Refusal, refuse } from '#domain/refusal.js';
import { accountOf, nameInRecord, type Person } from '#domain/words.js';
import { personOf, personOfProfile } from '#slack/people/people.js';
import type { PeopleStore } from '#slack/ports.js';
import type { KnownPerson } from '#store/people.js';
import type { Store } from '#store/store.js';

/** People for deliveries, which meet those of other workspaces. */
export function peopleForDeliveries({ people, workspaces }: Store): PeopleOfDeliveries {
  return {
    personById: people.personById,
    personByName: people.personByName,
    account: async (team, id) => accountOf(await people.get(team, id)),
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

/**
 * The person whose word a token's, or the command line's, is to be. Nobody is guessed.
 * @param typed `@ana`, `<@U012AB3CD>`, `U012AB3CD`
 */
export async function ownerNamed({ people }: Store, team: string, typed: string): Promise<Person | Refusal> {
  const said = typed.trim();
  const id = /^(?:<@)?([UW][A-Z0-9]{2,})(?:\|[^>]*)?>?$/.exec(said)?.[1];
  const byId = id === undefined ? null : await people.get(team, id);
  const named = byId ? [byId] : await people.findByName(team, said.replace(/^@/, ''), true);
  // Who left may have had the name of somebody who is here.
  const here = named.filter(({ deleted }) => !deleted);
  const [only, another] = here.length > 0 ? here : named;
  const why = another
    ? `that name means several people (${named.map((one) => one.id).join(', ')})`
    : whyNoOwner(only);
  if (!only || why !== null) return refuse('BAD_OWNER', { who: said.slice(0, 80), why: why ?? '' });
  return { id: only.id, name: only.name };
}

/** Who may not answer for what a machine does. */
function whyNoOwner(known: KnownPerson | undefined): string | null {
  if (!known) return 'nobody of that name is known here';
  if (known.deleted) return 'that account is deactivated';
  if (known.isBot || known.kind === 'bot') return 'that is a bot';
  if (known.kind === 'guest') return 'that is a guest of this workspace';
  return known.kind === 'outside' ? 'that is somebody of another workspace' : null;
}
