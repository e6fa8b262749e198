import type { Conversation, Directory, Group, Person } from '../../protocol.js';
import type { Choice, Names } from '../place.js';
import { standardEmoji } from '../text/emoji.js';

const ALIASES = 3;

/** How a person is called. */
export function labelOf(person: Person | undefined): string | undefined {
  return person ? person.displayName || person.realName || person.name : undefined;
}

/** A direct conversation is called by the others in it, a channel by its name. */
export function titleOf(it: Conversation, me: string, people: ReadonlyMap<string, Person>): string {
  if (it.kind === 'channel') return it.name;
  const others = (it.people ?? []).filter((id) => id !== me);
  if (others.length === 0) return `${labelOf(people.get(me)) ?? me} (you)`;
  return others.map((id) => labelOf(people.get(id)) ?? id).join(', ');
}

/** A character or the address of a custom image. */
function emojiOf(custom: Directory['emoji'], name: string): { char: string } | { url: string } | undefined {
  let wanted = name;
  for (let hop = 0; hop < ALIASES; hop += 1) {
    const own = custom[wanted];
    if (own === undefined) break;
    if (!own.startsWith('alias:')) return { url: own };
    wanted = own.slice('alias:'.length);
  }
  const char = standardEmoji(wanted);
  return char ? { char } : undefined;
}

/** Look-ups for everything that shows ids to this reader. */
export function namesOf(
  people: ReadonlyMap<string, Person>,
  conversations: ReadonlyMap<string, Conversation>,
  groups: readonly Group[],
  emoji: Directory['emoji'],
  now: () => number,
  me: string,
): Names {
  return {
    user: (id) => labelOf(people.get(id)),
    channel: (id) => conversations.get(id)?.name,
    group: (id) => groups.find((it) => it.id === id)?.handle,
    emoji: (name) => emojiOf(emoji, name),
    now,
    hour12: false,
    me,
  };
}

/**
 * What was known, as long as nothing but reading has changed; each conversation stays the same object for as long.
 * @returns `before` itself when that is so of all of them
 */
export function samePlaces(
  before: ReadonlyMap<string, Conversation>,
  now: ReadonlyMap<string, Conversation>,
): ReadonlyMap<string, Conversation> {
  let same = before.size === now.size;
  const places = new Map<string, Conversation>();
  for (const [id, it] of now) {
    const known = before.get(id);
    const kept = known && standing(known) === standing(it) ? known : it;
    if (kept !== known) same = false;
    places.set(id, kept);
  }
  return same ? before : places;
}

/** A conversation apart from what was said and read in it, to compare. */
function standing({ lastRead: _1, latest: _2, unread: _3, mentions: _4, ...place }: Conversation): string {
  return JSON.stringify(place);
}

/** The choices of menus for people and conversations. */
export function choicesOf(
  me: string,
  people: ReadonlyMap<string, Person>,
  conversations: ReadonlyMap<string, Conversation>,
): { people: Choice[]; channels: Choice[]; conversations: Choice[] } {
  const members = [...people.values()].filter((it) => !it.deleted && it.id !== 'USLACKBOT');
  const all = [...conversations.values()].filter((it) => !it.isArchived);
  const choice = (it: Conversation): Choice => ({
    id: it.id,
    label: it.kind === 'channel' ? `#${it.name}` : titleOf(it, me, people),
    kind: it.kind === 'channel' ? (it.isPrivate ? 'private' : 'public') : it.kind,
    bot: it.kind === 'im' && (it.people ?? []).some((id) => people.get(id)?.bot),
    shared: it.isShared,
  });
  return {
    people: members.map((it) => ({
      id: it.id,
      label: labelOf(it) ?? it.id,
      detail: it.realName,
      bot: it.bot,
    })),
    channels: all.filter((it) => it.kind === 'channel' && !it.isPrivate).map(choice),
    conversations: all.map(choice),
  };
}
