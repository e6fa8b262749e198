import { createHmac } from 'node:crypto';
import { amendmentOf, type Entry, entryOf } from '#domain/incident/entry.js';
import type { DraftFact, Fact } from '#domain/incident/fact.js';
import { evolve, type IncidentState } from '#domain/incident/state.js';
import type { ComponentState, MaintenanceState, PublicPage } from '#domain/status/page.js';
import { type KnownComponent, type PublicRecord, publicPage } from '#domain/status/read.js';
import type { PostState } from '#domain/words.js';

export const TTS = 'Text to Speech (Developer API)';

/** As the bot makes them: nothing of the name is left in it. */
export const idOf = (of: string): string =>
  createHmac('sha256', 'a key').update(of).digest('hex').slice(0, 12);

const BY = { id: 'U1', name: 'ana' };

/** `said`: of each component how it is, null: it is only named. */
interface Post {
  said?: Readonly<Record<string, ComponentState | null>>;
  title?: string;
  next?: string;
  text?: string;
}

const entry = (n: number, at: string, more: Partial<Entry>): Entry => ({
  ...{ n, at, until: null, precision: 'minute', recordedAt: at.replace('Z', '.500Z'), editedAt: null },
  ...{
    kind: 'note',
    text: null,
    erased: false,
    detail: {},
    struck: false,
    by: BY,
    source: 'slack',
    link: null,
  },
  ...more,
});

/** An entry as it is kept. `more` wins. */
export const post = (
  n: number,
  at: string,
  state: PostState,
  { said = {}, title, next, text = `post ${n}` }: Post = {},
  more: Partial<Entry> = {},
): Entry => {
  const components = { components: Object.keys(said), states: Object.values(said) };
  const detail = { state, ...components, ...(title && { title }), ...(next && { next }) };
  return entry(n, at, { kind: 'post', text, detail, ...more });
};

export const set = (n: number, at: string, name: string, state: ComponentState, more: Partial<Entry> = {}) =>
  entry(n, at, { kind: 'component', text: name, detail: { state }, ...more });

export const plan = (
  n: number,
  maintenance: string,
  [at, until]: [string, string],
  components: string[],
  more: Partial<Entry> = {},
): Entry =>
  entry(n, at, {
    ...{ until, kind: 'post', text: 'We will work on it.', recordedAt: '2024-11-01T09:00:00.000Z' },
    detail: { maintenance, state: 'scheduled', title: `Work ${maintenance}`, components },
    ...more,
  });

export const works = (n: number, maintenance: string, at: string, state: MaintenanceState) =>
  entry(n, at, { kind: 'post', detail: { maintenance, state } });

export const imported = (n: number, id: string, at: string, state: PostState, { said = {}, title }: Post) =>
  entry(n, at, {
    ...{ kind: 'post', text: `post ${n}`, recordedAt: '2025-06-01T12:00:00.000Z' },
    detail: { state, imported: id, title, components: Object.keys(said), states: Object.values(said) },
  });

export const record = (incident: number, ...entries: Entry[]): PublicRecord => ({
  ...{ incident, private: false, entries },
});

export const known = (name: string, since: string | null = null): KnownComponent => ({
  ...{ name, group: null, description: null, since },
});

/** The page at that moment, in UTC unless it is said otherwise. */
export function pageAt(
  now: string,
  records: readonly PublicRecord[],
  components: readonly KnownComponent[] = [],
  { zone = 'UTC', earlier = false } = {},
): PublicPage {
  return publicPage(records, components, { zone, now: new Date(now), idOf, earlier });
}

/** A stream of facts, each with its number, and what is read of it: as commits and rebuilding do it. */
export function folded(incident: number, drafts: ReadonlyArray<DraftFact & { recordedAt: string }>) {
  const entries = new Map<number, Entry>();
  let state: IncidentState | null = null;
  drafts.forEach(({ recordedAt, ...draft }, i) => {
    const fact = {
      ...{ ...draft, v: 1, team: 'T1', incident, seq: i + 1, recordedAt, by: BY, source: 'slack' },
    } as Fact;
    const added = entryOf(fact);
    if (added) entries.set(added.n, added);
    const amended = amendmentOf(fact);
    const before = amended && entries.get(amended.n);
    if (amended && before) {
      const detail = { ...before.detail, ...amended.set.detail };
      entries.set(amended.n, { ...before, ...amended.set, detail });
    }
    state = evolve(state, fact);
  });
  return { record: record(incident, ...entries.values()), state: state as IncidentState | null };
}
