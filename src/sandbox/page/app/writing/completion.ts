import { gemoji } from 'gemoji';
import { labelOf } from '../state/directory.js';
import type { Session } from '../state/session.js';

/** Something to put in for what is being typed. */
export interface Completion {
  readonly insert: string;
  readonly label: string;
  readonly detail: string;
}

/** What can be completed at the caret: the candidates and where the begun word starts. */
export interface Completing {
  readonly from: number;
  readonly items: readonly Completion[];
}

const MOST = 8;
const BEGUN = /(?:^|[\s(])([@#:])([\p{L}\p{N}._+-]*)$/u;

/**
 * Candidates for a begun `@name`, `#channel`, `:emoji` or, at the start of a message, `/command`.
 * @param before the text up to the caret
 */
export function completing(session: Session, before: string, inThread: boolean): Completing | undefined {
  if (!inThread && /^\/\S*$/.test(before)) return some(0, commands(session, before));
  const found = BEGUN.exec(before);
  const sign = found?.[1];
  const word = (found?.[2] ?? '').toLowerCase();
  if (!sign) return undefined;
  const from = before.length - word.length - 1;
  if (sign === '@') return some(from, people(session, word));
  if (sign === '#') return some(from, channels(session, word));
  // Times such as 14:32 are no emoji.
  return word.length >= 2 && !/^\d/.test(word) ? some(from, emoji(session, word)) : undefined;
}

function some(from: number, items: Completion[]): Completing | undefined {
  return items.length > 0 ? { from, items: items.slice(0, MOST) } : undefined;
}

function commands({ facts }: Session, typed: string): Completion[] {
  return facts.commands
    .filter((it) => it.command.startsWith(typed))
    .map((it) => ({
      insert: it.command,
      label: `${it.command} ${it.usage_hint ?? ''}`.trim(),
      detail: it.description,
    }));
}

function people(session: Session, word: string): Completion[] {
  const members = [...session.people.value.values()]
    .filter((it) => !it.deleted && it.id !== 'USLACKBOT')
    .filter((it) => [it.name, it.displayName, it.realName].some((name) => name.toLowerCase().includes(word)))
    .sort((a, b) => Number(b.name.startsWith(word)) - Number(a.name.startsWith(word)))
    .map((it) => ({ insert: `@${it.name}`, label: labelOf(it) ?? it.name, detail: it.realName }));
  const groups = session.groups.value
    .filter((it) => it.handle.includes(word))
    .map((it) => ({ insert: `@${it.handle}`, label: `@${it.handle}`, detail: it.name }));
  const all = [
    { insert: '@here', label: '@here', detail: 'Everyone who is online in this channel' },
    { insert: '@channel', label: '@channel', detail: 'Everyone in this channel' },
  ].filter((it) => it.insert.slice(1).startsWith(word));
  return [...members, ...groups, ...all];
}

function channels(session: Session, word: string): Completion[] {
  return [...session.conversations.value.values()]
    .filter((it) => it.kind === 'channel' && !it.isArchived && it.name.includes(word))
    .sort((a, b) => Number(b.name.startsWith(word)) - Number(a.name.startsWith(word)))
    .map((it) => ({ insert: `#${it.name}`, label: `#${it.name}`, detail: it.topic || it.purpose }));
}

function emoji(session: Session, word: string): Completion[] {
  const own = Object.keys(session.emoji.value).map((name) => ({ name, char: '' }));
  const all = [...own, ...gemoji.flatMap((it) => it.names.map((name) => ({ name, char: it.emoji })))];
  return all
    .filter((it) => it.name.includes(word))
    .sort((a, b) => Number(b.name.startsWith(word)) - Number(a.name.startsWith(word)))
    .map((it) => ({ insert: `:${it.name}:`, label: `${it.char} :${it.name}:`.trim(), detail: '' }));
}
