import type { SealedFact } from '#domain/chain.js';
import type { Entry } from '#domain/entry.js';
import type { RunView } from '#domain/runbook-run.js';
import type { IncidentState } from '#domain/state.js';
import type { EntryKind } from '#domain/words.js';

/**
 * Everything an export is made of: one incident as it was in one snapshot of the database. Entries and facts are
 * read as a stream, as often as an export needs them, so that a hundred thousand of them fit in little memory.
 * No clock and no settings come in: the same dossier in the same zone gives the same bytes, for ever.
 */
export interface Dossier {
  state: IncidentState;
  /** Hash of the last fact: 64 hex digits. */
  head: string;
  /** How many facts there are; the sequence number of the last one. */
  facts: number;
  /** Sorted by (at, n), struck ones among them. `kinds`: others need not be read; a store that gives them all is only slower. */
  entries: (only?: { kinds?: readonly EntryKind[] }) => AsyncIterable<Entry>;
  /** Facts in order of recording, with the texts that are still there. */
  factLines: () => AsyncIterable<SealedFact>;
  /** Its runs, in order of their numbers. Held in memory: there are as many as people will ever ask for. */
  runs: () => Promise<RunView[]>;
}

/** @returns the entries of those kinds that nobody struck. */
export async function* standing(
  dossier: Dossier,
  kinds: readonly EntryKind[],
): AsyncGenerator<Entry, void, undefined> {
  for await (const entry of dossier.entries({ kinds })) {
    if (!entry.struck && kinds.includes(entry.kind)) yield entry;
  }
}
