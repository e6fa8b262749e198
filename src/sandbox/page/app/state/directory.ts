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
