import { decodeSlack, type Entered } from '#domain/command/entered.js';
import type { Context } from './context.js';
import { groupsIn } from './groups.js';

const PERSON = /<@([UW][A-Z0-9]+)/g;

/**
 * Slack's encoding undone, with the names that we know.
 * @param here the channel of the payload with the name it gives, so that a mention of it has one
 */
export async function entered(
  context: Pick<Context, 'people' | 'groups'>,
  team: string,
  raw: string,
  here?: { id: string; name: string | undefined },
): Promise<Entered> {
  const ids = raw.includes('<@')
    ? [...new Set([...raw.matchAll(PERSON)].map((match) => match[1] ?? ''))]
    : [];
  const names = ids.length > 0 ? await context.people.names(team, ids) : null;
  const unnamed = raw.includes('<!subteam^') ? groupsIn(raw) : [];
  const groups = unnamed.length > 0 ? await context.groups.names(unnamed) : null;
  return decodeSlack(raw, {
    group: (id) => groups?.get(id) ?? null,
    person: (id) => names?.get(id) ?? null,
    // In private channels and direct messages Slack gives a kind instead of a name.
    channel: (id) =>
      here?.id === id && here.name && !['privategroup', 'directmessage'].includes(here.name)
        ? here.name
        : null,
  });
}
