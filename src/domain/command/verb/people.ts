import { type Refusal, refuse } from '../../refusal.js';
import { LIMITS } from '../../text.js';
import { isGroup, type PersonRef } from '../../words.js';
import { checkText, type Mention } from '../entered.js';
import { Flags } from '../flags.js';
import { readDue } from '../time/due.js';
import { behindDashes, blank, exact, form, intent, type Line, type Outcome, type Parsers } from '../verbs.js';

/** Verbs that name people. */
export const PEOPLE = {
  lead(line) {
    const people = onlyPeople(line, line.at);
    if ('refused' in people) return people;
    const [person, other] = people;
    if (!person) return form('lead');
    if (other) return line.bad('one person', line.said);
    return intent({ type: 'AssignRole', role: 'lead', person });
  },

  role(line) {
    const first = line.mentions.find((mention) => mention.start >= line.at)?.start ?? meAt(line);
    const typed = line.text.slice(line.at, first);
    if (blank(typed)) return line.missing('a role and somebody, with `@`', roleInstead(line));
    if (first === undefined) return line.missing('somebody, with `@`, or `me`', ownerOf(line.said, line));
    const name = line.nameOf(typed, 'a role', LIMITS.role);
    if (typeof name !== 'string') return name;
    const people = onlyPeople(line, first);
    if ('refused' in people) return people;
    const [person, other] = people;
    if (!person || other) return line.bad('one person', line.text.slice(first));
    const known = ['lead', ...line.ctx.roles].find((role) => role.toLowerCase() === name.toLowerCase());
    const role = known ?? name.toLowerCase();
    const notes =
      known || line.ctx.roles.length === 0 ? [] : [`“${role}” is not among the roles of the configuration.`];
    return intent({ type: 'AssignRole', role, person }, null, notes);
  },

  invite: parseInvite('InvitePeople'),
  uninvite: parseInvite('UninvitePeople'),

  /**
   * Whoever is named at the very end, or before the flags there, owns the action item; people named before that are part of its
   * text. A number that nothing but an owner or flags follows is that of an item which is to be changed.
   */
  action(line) {
    if (blank(line.said)) return form('action');
    const tooLong = checkText(line.said, LONGEST, 'The line');
    if (tooLong) return tooLong;
    const flags = new Flags(line.verb.flags, line.form);
    const last = mentionAt(line, line.text.trimEnd().length);
    const behind = flags.head(line.text.slice(line.at, last?.start));
    if (typeof behind !== 'string') return behind;
    const kept = behindDashes(behind);
    const before = kept ?? flags.tail(exact(behind));
    if (typeof before !== 'string') return before;
    const start = (last?.start ?? line.text.length) - (kept ?? exact(behind)).length;
    const owner = last ?? (kept === null ? mentionAt(line, start + before.trimEnd().length) : undefined);
    const said = owner === last ? before : line.text.slice(start, owner?.start);
    const text = owner ? said.trimEnd() : said;
    const none = flags.has('unassign');
    if (none && owner) return line.badFlag('unassign', 'takes the owner away, and somebody is named');
    const due = dueIn(flags, line);
    if (due !== undefined && due !== null && typeof due !== 'string') return due;
    const number = /^\s*#?([1-9]\d{0,8})\s*$/.exec(text);
    if (!number) {
      if (none) return line.badFlag('unassign', 'stands behind the number of an action item');
      const refusal = line.needed(text, LIMITS.text, 'a text');
      if (refusal) return refusal;
      return intent({ type: 'AddAction', text, owner: owner ? ref(owner) : null, ...(due && { due }) });
    }
    if (!owner && !none && due === undefined) return line.missing('an owner or `--due`, behind the number');
    return intent({
      ...{ type: 'ChangeAction', action: Number(number[1]) },
      ...((owner || none) && { owner: owner ? ref(owner) : null }),
      ...(due !== undefined && { due }),
    });
  },
} satisfies Parsers;

/** The text of an item, and what stands around it. */
const LONGEST = LIMITS.text + 1_000;

/** @returns the person who is named right before that index; groups own nothing */
function mentionAt(line: Line, end: number): Mention | undefined {
  return line.mentions.find(
    (mention) => mention.end === end && mention.start >= line.at && !isGroup(mention.id),
  );
}

/** @returns the day; null: none, said so; undefined: nothing is said of it */
function dueIn(flags: Flags, line: Line): string | null | undefined | Refusal {
  const value = flags.all('due')[0];
  if (value === undefined) return undefined;
  return value.trim().toLowerCase() === 'none' ? null : readDue(value, line.ctx);
}

/** @returns the parser of `invite @x…` and `uninvite @x…`. */
function parseInvite(type: 'InvitePeople' | 'UninvitePeople'): (line: Line) => Outcome | Refusal {
  return (line) => {
    const people = onlyPeople(line, line.at, { groups: type === 'InvitePeople' });
    if ('refused' in people) return people;
    if (people.length === 0) return line.missing('somebody, with `@`');
    if (people.length > LIMITS.people) {
      const next = 'Name the rest in another command.';
      return refuse('TOO_MANY', { what: 'people', count: people.length, limit: LIMITS.people, next });
    }
    return intent({ type, people });
  };
}

/** @returns the people named from `at` on, each once, with user groups where they may be; nothing else may stand there but commas. */
function onlyPeople(line: Line, at: number, { groups = false } = {}): PersonRef[] | Refusal {
  const people: PersonRef[] = [];
  const { me } = line.ctx;
  if (me && /^\s*me\s*$/i.test(line.text.slice(at))) return [me];
  let from = at;
  for (const mention of line.mentions) {
    if (mention.start < at) continue;
    const refusal = between(line, from, mention.start);
    if (refusal) return refusal;
    from = mention.end;
    if (isGroup(mention.id) && !groups) {
      const group = `@${mention.name ?? mention.id}`;
      return refuse('GROUP_IS_NOBODY', { group, verb: line.verb.name, form: line.form });
    }
    const person = me && mention.id === null && mention.name?.toLowerCase() === 'me' ? me : ref(mention);
    if (!people.some((other) => same(other, person))) people.push(person);
  }
  return between(line, from, line.text.length) ?? people;
}

function between(line: Line, from: number, to: number): Refusal | null {
  const words = line.text
    .slice(from, to)
    .replace(/[\s,]+/g, ' ')
    .trim();
  if (!words) return null;
  const alone = line.mentions.every(({ start }) => start < line.at);
  return checkText(words) ?? line.bad('somebody named with `@`', words, alone ? named(words, line) : null);
}

/** Where `me` stands as the last word. */
function meAt(line: Line): number | undefined {
  const found = /(?<=\s)me\s*$/i.exec(line.said);
  return found && line.ctx.me ? line.at + found.index : undefined;
}

/** `ana` is `@ana`; `I` and `myself` are `me`. */
function named(word: string, { ctx: { me } }: Line): string | null {
  if (/^(?:i|myself|self)$/i.test(word)) return me ? 'me' : null;
  return NAME.test(word) && !EVERYBODY.test(word) ? `@${word}` : null;
}

/** The same behind a role; a role alone is perhaps for whoever types it. */
function ownerOf(said: string, line: Line): string | null {
  const [role = '', person, more] = said.trim().split(/\s+/);
  if (more !== undefined) return null;
  const name = person === undefined ? (line.ctx.me ? 'me' : '@NAME') : named(person, line);
  return name && `${role} ${name}`;
}

const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u;
const EVERYBODY = /^(?:everyone|everybody|all|here|channel|us|me|please)$/i;

/** `role @ana scribe`: the role stands first. */
function roleInstead(line: Line): string | null {
  const [first, other] = line.mentions.filter(({ start }) => start >= line.at);
  const role = first && line.text.slice(first.end).trim();
  return role && !other ? `${role} ${line.text.slice(first.start, first.end)}` : null;
}

function same(a: PersonRef, b: PersonRef): boolean {
  return a.id === b.id && (a.id !== null || a.name?.toLowerCase() === b.name?.toLowerCase());
}

function ref({ id, name }: Mention): PersonRef {
  return { id, name };
}
