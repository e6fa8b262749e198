import type { IncidentState } from '../incident/state.js';
import { type PostState, personLabel } from '../words.js';
import type { ComponentState, MaintenanceState } from './page.js';

/** Something in a text for the public that may be meant for us alone. Offsets count UTF-16 units, as strings do. */
export interface Leak {
  readonly kind: 'host' | 'address' | 'email' | 'person' | 'key' | 'ticket' | 'internal' | 'component';
  readonly found: string;
  readonly start: number;
  readonly end: number;
}

/** What tocsin.yml says of the public page, as far as deciding needs it. */
export interface PublicRules {
  /** Components that the public may know; null: none are named there, and those of an incident go with its posts. */
  readonly components: readonly string[] | null;
  /** @param people names of those who work on it */
  leaks(text: string, people: readonly string[]): readonly Leak[];
  /** What is wrong, and what to do, in a sentence. */
  leakText(leak: Leak): string;
}

/** Where nobody has said anything of a public page. */
export const NO_PUBLIC_RULES: PublicRules = {
  components: null,
  leaks: () => [],
  leakText: ({ found }) => found,
};

/** What the public will see, shown to whoever is about to publish it. Every time is UTC. */
export interface PostPreview {
  readonly state: PostState | MaintenanceState;
  /** null: as it is when it is confirmed. */
  readonly at: string | null;
  /** null: the page words one from the components. */
  readonly title: string | null;
  readonly text: string;
  readonly components: ReadonlyArray<{ name: string; state: ComponentState | null }>;
  readonly next: string | null;
  /** Components of the incident that the public does not hear of. */
  readonly withheld: readonly string[];
  /** It is a drill, and shown to nobody. */
  readonly drill: boolean;
  /** The entry whose words it replaces; null: it is new. */
  readonly corrects: number | null;
  readonly leaks: readonly Leak[];
  /** What each of them is, and what to do about it. */
  readonly warnings: readonly string[];
}

/** `--state partial`, `--state "API=partial"`: `component` null: all that the post names. */
export interface StateAsked {
  readonly component: string | null;
  readonly state: ComponentState;
}

/** Names of those who work on an incident: no name of theirs belongs on a public page without anybody noticing. */
export function peopleOf(state: IncidentState): string[] {
  const names = [state.opener, ...Object.values(state.roles)].flatMap((person) =>
    person.name === null ? [] : [personLabel(person)],
  );
  return [...new Set(names)];
}

/** Of the names that somebody gave, those that the public may know, in that order, each once; and the rest. */
export function shownOf(
  names: readonly string[],
  { components }: PublicRules,
): { shown: string[]; withheld: string[] } {
  const each = [...new Set(names)];
  if (components === null) return { shown: each, withheld: [] };
  const may = new Set(components);
  return { shown: each.filter((name) => may.has(name)), withheld: each.filter((name) => !may.has(name)) };
}
