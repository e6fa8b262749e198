import type { IncidentState } from '../incident/state.js';
import { mergedInto } from './link.js';

/** An incident that may be the same as another: it concerns the same `component`, or its title is like the other's. */
export interface Alike {
  state: IncidentState;
  component: string | null;
  /** From 0 to 1. */
  similarity: number;
}

/**
 * Titles from there on are like each other. Measured on the pairs of test/domain/alike.test.ts, which says what it finds and
 * what it lets pass; lower, and every second title that says “down” is one.
 */
export const ALIKE = 0.3;
/** More are a list, and nobody reads one before a channel stands. */
const MOST = 3;
const LATELY_MS = 86_400_000;

/**
 * @param others incidents that may be it, in any order
 * @returns those that may be the same: open, or resolved within a day; a drill for a drill, and nothing that was merged away or
 *   is linked already. At most three, the likeliest first
 */
export function alike(of: IncidentState, others: readonly IncidentState[], now: Date): Alike[] {
  const names = new Set(of.components.map(folded));
  const known = new Set([of.number, ...(of.links ?? []).map(({ other }) => other)]);
  return others
    .filter((state) => !known.has(state.number) && state.drill === of.drill && isRecent(state, now))
    .map((state) => ({
      state,
      component: state.components.find((name) => names.has(folded(name))) ?? null,
      similarity: similarity(of.title, state.title),
    }))
    .filter(({ component, similarity }) => component !== null || similarity >= ALIKE)
    .sort((a, b) => score(b) - score(a) || b.state.number - a.state.number)
    .slice(0, MOST);
}

function score({ state, component, similarity }: Alike): number {
  return similarity + (component === null ? 0 : ALIKE) + (state.status === 'resolved' ? 0 : 0.1);
}

function isRecent(state: IncidentState, now: Date): boolean {
  if (mergedInto(state) !== null || state.falseAlarm) return false;
  if (state.status !== 'resolved') return true;
  const { resolved } = state.milestones;
  return resolved !== null && now.getTime() - Date.parse(resolved.at) < LATELY_MS;
}

/**
 * How alike two texts are: of all the groups of three letters in their words, the share that both have. As `similarity` of
 * pg_trgm has it (a test compares them), so that it is the same where that is not to be had; and of letters of every script.
 */
export function similarity(a: string, b: string): number {
  const [first, second] = [trigrams(a), trigrams(b)];
  let both = 0;
  for (const one of first) if (second.has(one)) both++;
  const all = first.size + second.size - both;
  return all === 0 ? 0 : both / all;
}

function trigrams(text: string): Set<string> {
  const found = new Set<string>();
  for (const word of folded(text).match(/[\p{L}\p{N}]+/gu) ?? []) {
    const letters = [...`  ${word} `];
    for (let i = 0; i + 3 <= letters.length; i++) found.add(letters.slice(i, i + 3).join(''));
  }
  return found;
}

/** In small letters, without accents. */
function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}
