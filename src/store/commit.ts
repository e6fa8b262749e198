import type pg from 'pg';
import type { Effect } from '#domain/effect.js';
import type { Entry } from '#domain/entry.js';
import type { IncidentState } from '#domain/state.js';
import { type PlacedAmendment, type PlacedEntry, settleAmendments } from './amend.js';
import { COMMIT_SQL } from './commit-sql.js';
import { outcomeOfCommit, Unavailable } from './outcome.js';
import { withConnection } from './pools.js';

/**
 * A sealed fact on its way to disk. `key`, `receipt`, `asked`: the request it answers (intent.ts), on the first fact of that
 * request only.
 */
export interface FactToWrite {
  team: string;
  incident: number;
  seq: number;
  type: string;
  v: number;
  /** UTC ISO 8601 with milliseconds, as in `body`. */
  recordedAt: string;
  body: string;
  hash: string;
  key: string | null;
  receipt: string | null;
  asked?: string | null;
  texts: ReadonlyArray<{ field: string; salt: string | null; text: string | null }>;
}

/** An incident's summary as it stands after its newest fact. `expected`: the version this was decided on, 0 for a new incident. */
export interface SummaryToWrite {
  team: string;
  incident: number;
  seq: number;
  expected: number;
  /** As loaded; 0 for a new incident. A rebuild or an erasure since then makes this a version conflict. */
  epoch: number;
  head: string;
  state: IncidentState;
}

export interface OwedEffect {
  team: string;
  lane: string;
  incident: number;
  seq: number;
  effect: Effect;
}

/** Everything that one flush of the writer wants to be true, atomically. */
export interface Commit {
  facts: readonly FactToWrite[];
  entries: readonly PlacedEntry[];
  amendments: readonly PlacedAmendment[];
  summaries: readonly SummaryToWrite[];
  effects: readonly OwedEffect[];
}

/**
 * Writes everything or nothing: one prepared statement, which is its own transaction.
 * Facts of an incident carry consecutive numbers, so writing number `expected + 1` twice violates the primary key:
 * that is the check of the expected version. The summary's own check adds that nothing is missing in between.
 * @throws {Conflict} nothing was written; look for the keys first, then load and decide again
 * @throws {Unavailable} nothing was written
 * @throws {Unconfirmed} written or not: send the same commit again; a `Conflict` after that, ask `wasWritten`
 */
export async function commit(writer: pg.Pool, wanted: Commit): Promise<void> {
  try {
    await withConnection(writer, (client) => send(client, wanted));
  } catch (error) {
    throw error instanceof Unavailable ? error : outcomeOfCommit(error);
  }
}

/** The same on a connection that the caller holds. `noting` sees the failure before it is put into our words. */
export async function commitOn(
  client: pg.ClientBase,
  wanted: Commit,
  noting: <R>(does: Promise<R>) => Promise<R>,
): Promise<void> {
  try {
    await noting(send(client, wanted));
  } catch (error) {
    throw outcomeOfCommit(error);
  }
}

async function send(client: pg.ClientBase, wanted: Commit): Promise<void> {
  await client.query({ name: 'commit', text: COMMIT_SQL, values: commitValues(wanted) });
}

/** @returns the parameters of COMMIT_SQL. */
export function commitValues(wanted: Commit): Array<string | number> {
  const { entries, amendments } = settleAmendments(wanted.entries, wanted.amendments);
  // Every writer takes row locks in one order, or two that share incidents could wait for each other.
  const summaries = [...wanted.summaries].sort(byIncident);
  return [
    rows(wanted.facts, factRow),
    rows(wanted.facts.flatMap(textRows), (row) => row),
    rows(entries, ({ team, incident, entry }) => ({ team, incident, n: entry.n, ...entryRow(entry) })),
    rows(amendments, ({ team, incident, amendment: { n, set } }) => {
      const { detail = {}, ...others } = set;
      return { team, incident, n, set: entryRow(others), detail };
    }),
    rows(summaries, summaryRow),
    rows(wanted.effects, ({ effect, ...owed }) => ({ ...owed, kind: effect.kind, payload: effect.payload })),
    summaries.filter((summary) => summary.expected > 0).length,
    amendments.length,
  ];
}

function rows<T>(items: readonly T[], row: (item: T) => object): string {
  return JSON.stringify(items.map(row));
}

function factRow({ recordedAt, texts: _, ...fact }: FactToWrite): object {
  return { ...fact, recorded_at: recordedAt };
}

function textRows({ team, incident, seq, texts }: FactToWrite): object[] {
  return texts.map(({ field, salt, text }) => ({ team, incident, seq, field, salt, text }));
}

function summaryRow({ team, incident, seq, expected, epoch, head, state }: SummaryToWrite): object {
  return {
    team,
    number: incident,
    seq,
    expected,
    epoch,
    head,
    state,
    open: state.status !== 'resolved',
    private: state.private,
    channel_id: state.channel?.id ?? null,
  };
}

/** An entry, or the members of one that change, as columns. What is absent stays absent. */
function entryRow(entry: Partial<Entry>): object {
  const { recordedAt, editedAt, by, n: _, ...same } = entry;
  return { ...same, recorded_at: recordedAt, edited_at: editedAt, by_id: by?.id, by_name: by?.name };
}

function byIncident(a: SummaryToWrite, b: SummaryToWrite): number {
  if (a.team !== b.team) return a.team < b.team ? -1 : 1;
  return a.incident - b.incident;
}
