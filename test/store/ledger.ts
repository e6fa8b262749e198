import { randomBytes } from 'node:crypto';
import { CHAIN_START, seal } from '#domain/incident/chain.js';
import { amendmentOf, entryOf } from '#domain/incident/entry.js';
import type { DraftFact, Fact } from '#domain/incident/fact.js';
import { evolve, type IncidentState } from '#domain/incident/state.js';
import type { Person } from '#domain/words.js';
import type { Commit } from '#store/commit.js';

export const ana: Person = { id: 'U1', name: 'Ana' };
const HAPPENED = { until: null, precision: 'minute' as const };

export const opened = (title = 'Voices are silent', components: string[] = []): DraftFact => ({
  type: 'IncidentOpened',
  data: {
    ...HAPPENED,
    n: 1,
    at: '2024-11-10T01:42:10Z',
    severity: 'sev2',
    private: false,
    drill: false,
    components: components.length,
  },
  texts: { title, ...Object.fromEntries(components.map((name, i) => [`component.${i}`, name])) },
});

export const noted = (n: number, text: string, at = '2024-11-10T01:41:00Z'): DraftFact => ({
  type: 'NoteRecorded',
  data: { ...HAPPENED, n, at },
  texts: { text },
});

export const edited = (entry: number, text: string): DraftFact => ({
  type: 'EntryEdited',
  data: { entry },
  texts: { text },
});

export const struck = (entry: number, reason: string): DraftFact => ({
  type: 'EntryStruck',
  data: { entry, restored: null },
  texts: { reason },
});

export const captured = (n: number, channel: string, ts: string): DraftFact => ({
  type: 'MessageCaptured',
  data: { ...HAPPENED, n, at: '2024-11-10T01:43:00Z', channel, ts, author: 'U2', link: null },
  texts: { text: 'keys do not match', author: 'Bo' },
});

/** One incident as a writer knows it: seals drafts one after the other, and makes the commits. */
export class Ledger {
  state: IncidentState | null = null;
  seq = 0;
  head = CHAIN_START;

  constructor(
    readonly team: string,
    readonly incident: number,
  ) {}

  /** Another writer with the same knowledge: whatever both commit next collides. */
  twin(): Ledger {
    return Object.assign(new Ledger(this.team, this.incident), this);
  }

  /** Decides `drafts` and returns what must be written. `key` goes on the first fact. */
  next(drafts: DraftFact[], { key = null, by = ana }: { key?: string | null; by?: Person } = {}): Commit {
    const { team, incident, seq: expected } = this;
    const facts: Commit['facts'][number][] = [];
    const entries: Commit['entries'][number][] = [];
    const amendments: Commit['amendments'][number][] = [];
    const effects: Commit['effects'][number][] = [];
    for (const draft of drafts) {
      const { fact, sealed } = seal(draft, {
        team,
        incident,
        seq: this.seq + 1,
        prev: this.head,
        recordedAt: '2024-11-10T01:42:10.123Z',
        by,
        source: 'slack',
        salt: () => randomBytes(16).toString('hex'),
      });
      const first = facts.length === 0;
      const { type, v, seq, recordedAt } = fact;
      const asked = { key: first ? key : null, receipt: first && key ? `recorded ${seq}` : null };
      facts.push({ team, incident, seq, type, v, recordedAt, ...sealed, ...asked });
      const entry = entryOf(fact);
      const amendment = amendmentOf(fact);
      if (entry) {
        entries.push({ team, incident, entry });
        const effect = { kind: 'channel.entry' as const, payload: { n: entry.n, head: null } };
        effects.push({ team, lane: `${team}/INC-${incident}`, incident, seq, effect });
      }
      if (amendment) amendments.push({ team, incident, amendment });
      this.#apply(fact, sealed.hash);
    }
    if (!this.state) throw new Error('open the incident first');
    const summary = { team, incident, seq: this.seq, expected, epoch: 0, head: this.head, state: this.state };
    return { facts, entries, amendments, summaries: [summary], effects };
  }

  #apply(fact: Fact, hash: string): void {
    this.state = evolve(this.state, fact);
    this.seq = fact.seq;
    this.head = hash;
  }
}

/** Several commits as one: what a writer does when requests arrive together. */
export function together(...commits: Commit[]): Commit {
  return {
    facts: commits.flatMap((c) => c.facts),
    entries: commits.flatMap((c) => c.entries),
    amendments: commits.flatMap((c) => c.amendments),
    summaries: commits.flatMap((c) => c.summaries),
    effects: commits.flatMap((c) => c.effects),
  };
}
