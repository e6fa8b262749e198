import { type Refusal, refuse } from '../../refusal.js';
import { LIMITS } from '../../text.js';
import { isGroup, type PersonRef } from '../../words.js';
import { checkText, type Mention } from '../entered.js';
import { blank, exact, intent, type Line, type Outcome, type Parsers } from '../verbs.js';

/** Verbs that name people. */
export const PEOPLE = {
  lead(line) {
    const people = onlyPeople(line, line.at);
    if ('refused' in people) return people;
    const [person, other] = people;
    if (!person) return line.missing('somebody, with `@`');
    if (other) return line.bad('one person', line.said);
    return intent({ type: 'AssignRole', role: 'lead', person });
  },

  role(line) {
    const first = line.mentions.find((mention) => mention.start >= line.at);
    const typed = line.text.slice(line.at, first?.start);
    if (blank(typed)) return line.missing('a role and somebody, with `@`');
    if (!first) return line.missing('somebody, with `@`');
    const name = line.nameOf(typed, 'a role', LIMITS.role);
    if (typeof name !== 'string') return name;
    const people = onlyPeople(line, first.start);
    if ('refused' in people) return people;
    const [person, other] = people;
    if (!person || other) return line.bad('one person', line.text.slice(first.start));
    const known = ['lead', ...line.ctx.roles].find((role) => role.toLowerCase() === name.toLowerCase());
    const role = known ?? name.toLowerCase();
    const notes =
      known || line.ctx.roles.length === 0 ? [] : [`“${role}” is not among the roles of the configuration.`];
    return intent({ type: 'AssignRole', role, person }, null, notes);
  },

  invite: parseInvite('InvitePeople'),
  uninvite: parseInvite('UninvitePeople'),

  /** Whoever is named at the very end owns the action item; people named before that are part of its text. */
  action(line) {
    const end = line.text.trimEnd().length;
    const last = line.mentions.find(
      (mention) => mention.end === end && mention.start >= line.at && !isGroup(mention.id),
    );
    const said = exact(line.text.slice(line.at, last?.start));
    const text = last ? said.trimEnd() : said;
    const refusal = line.needed(text, LIMITS.text, 'a text');
    return refusal ?? intent({ type: 'AddAction', text, owner: last ? ref(last) : null });
  },
} satisfies Parsers;

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
    if (!people.some((other) => same(other, mention))) people.push(ref(mention));
  }
  return between(line, from, line.text.length) ?? people;
}

function between(line: Line, from: number, to: number): Refusal | null {
  const words = line.text
    .slice(from, to)
    .replace(/[\s,]+/g, ' ')
    .trim();
  if (!words) return null;
  return checkText(words) ?? line.bad('somebody named with `@`', words);
}

function same(a: PersonRef, b: PersonRef): boolean {
  return a.id === b.id && (a.id !== null || a.name?.toLowerCase() === b.name?.toLowerCase());
}

function ref({ id, name }: Mention): PersonRef {
  return { id, name };
}
