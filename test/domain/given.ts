import { expect } from '@jest/globals';
import { entryOf } from '#domain/incident/entry.js';
import type { DraftFact, Fact } from '#domain/incident/fact.js';
import type { Asking, Found, Intent } from '#domain/incident/intent.js';
import { decide } from '#domain/incident/rules/decide.js';
import { evolve, type IncidentState } from '#domain/incident/state.js';
import type { RefusalCode } from '#domain/refusal.js';

export const NOW = new Date('2024-11-10T02:00:00.000Z');
export const ana = { id: 'U1', name: 'ana' };
export const bo = { id: 'U2', name: 'bo' };

export const asking = (by = ana): Asking => ({
  team: 'T1',
  by,
  source: 'slack',
  key: null,
  now: NOW,
  seesPrivate: false,
  account: 'member',
});

/** A full member of the workspace, in the incident's channel: who may do most things. */
export const INSIDE = { account: 'member', present: true, among: false } as const;

export const opened: DraftFact = {
  type: 'IncidentOpened',
  data: {
    n: 1,
    at: '2024-11-10T01:42:00Z',
    until: null,
    precision: 'minute',
    severity: 'sev3',
    private: false,
    drill: false,
    components: 1,
  },
  texts: { title: 'TTS fails', 'component.0': 'TTS' },
};

/** Numbers drafts as a stream of one incident would. */
export function stream(...drafts: DraftFact[]): Fact[] {
  return drafts.map(
    (draft, i) =>
      ({
        ...draft,
        v: 1,
        team: 'T1',
        incident: 7,
        seq: i + 1,
        recordedAt: NOW.toISOString(),
        by: ana,
        source: 'slack',
      }) as Fact,
  );
}

export function fold(facts: Fact[]): IncidentState | null {
  return facts.reduce<IncidentState | null>(evolve, null);
}

/** Given these facts, when that is asked, then those facts or that refusal. */
export function given(...drafts: DraftFact[]) {
  const facts = stream(...drafts);
  const state = fold(facts);
  const struck = new Set(facts.flatMap((fact) => (fact.type === 'EntryStruck' ? [fact.data.entry] : [])));
  const entries = facts
    .map(entryOf)
    .filter((entry) => entry !== null)
    .map((entry) => ({ ...entry, struck: struck.has(entry.n) }));
  return {
    state,
    when(intent: Intent, by = ana, found: Partial<Found> = {}) {
      const named = 'entry' in intent ? entries.find((entry) => entry.n === intent.entry) : undefined;
      const decision = decide(state, intent, asking(by), {
        asker: INSIDE,
        entry: named ?? null,
        changes: entries.filter((entry) => !entry.struck),
        captured: null,
        actionDone: false,
        number: 7,
        ...found,
      });
      return {
        decision,
        thenFacts: (expected: Array<Record<string, unknown>>) => expect(decision).toMatchObject(expected),
        thenRefused: (code: RefusalCode) => expect(decision).toMatchObject({ refused: true, code }),
      };
    },
  };
}

const at = (data: object) => ({
  n: 2,
  at: '2024-11-10T02:00:00Z',
  until: null,
  precision: 'second',
  ...data,
});

export const note = (n: number, text = 'x'): DraftFact => ({
  type: 'NoteRecorded',
  data: { ...at({}), n } as never,
  texts: { text },
});

export const status = (n: number, to: string, when = '2024-11-10T02:00:00Z'): DraftFact => ({
  type: 'StatusChanged',
  data: { ...at({}), n, at: when, status: to, reopened: false } as never,
  texts: {},
});

export const mark = (n: number, milestone: string, when: string): DraftFact => ({
  type: 'MilestoneMarked',
  data: { ...at({}), n, at: when, precision: 'minute', milestone } as never,
  texts: {},
});
