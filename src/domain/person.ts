/**
 * Somebody who acts: a Slack user (`U…`), `cli:<OS user>`, `token:<NAME>`, or `tocsin` itself.
 * `name` is the one known at that moment, or null.
 */
export interface Person {
  readonly id: string;
  readonly name: string | null;
}

/**
 * What kind of account somebody has in our workspace. `guest`: invited into one or several channels only; `outside`: of
 * another workspace, met in a shared channel. A deactivated account keeps its kind.
 */
export const PERSON_KINDS = ['member', 'guest', 'outside', 'bot'] as const;
export type PersonKind = (typeof PERSON_KINDS)[number];

/** What somebody may be taken for: `gone` is deactivated, `unknown` is whom Slack has not described yet. */
export type Account = PersonKind | 'gone' | 'unknown';

/** @param person as they were last heard of; null: never */
export function accountOf(person: { deleted: boolean; kind?: PersonKind | null } | null): Account {
  if (!person) return 'unknown';
  return person.deleted ? 'gone' : (person.kind ?? 'unknown');
}

/** How somebody is named in the record: whoever reads it later must see that a person was not one of ours. */
export function nameInRecord({ name, kind }: { name: string; kind: PersonKind | null }): string {
  return kind === 'outside' ? `${name} (outside)` : name;
}

/** Somebody as typed: a mention has the id, a bare `@name` only the name. Resolved to a Person before deciding. */
export interface PersonRef {
  readonly id: string | null;
  readonly name: string | null;
}

/** `S…` is a user group of Slack: it may be invited, and is nobody who could lead, own or act. */
export function isGroup(id: string | null): boolean {
  return id !== null && /^S[A-Z0-9]+$/.test(id);
}

/** What a reader is shown: the name that was known, else the id. */
export function personLabel(person: { id: string; name: string | null }): string {
  return person.name ?? person.id;
}

/** How a schedule of tocsin.yml is named where it acts; people, machines and tokens have other beginnings. */
export function scheduleId(name: string): string {
  return `schedule:${name}`;
}

export function isScheduled(id: string): boolean {
  return id.startsWith('schedule:');
}
