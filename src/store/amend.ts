import type { Amendment, Entry } from '#domain/entry.js';

export interface PlacedEntry {
  team: string;
  incident: number;
  entry: Entry;
}

export interface PlacedAmendment {
  team: string;
  incident: number;
  amendment: Amendment;
}

/** @returns the entry as it stands after the correction; `detail` is merged member by member. */
export function amended(entry: Entry, { set }: Amendment): Entry {
  return { ...entry, ...set, detail: { ...entry.detail, ...set.detail } };
}

/**
 * One SQL statement updates a row at most once and does not see rows that it inserts itself. So corrections of entries
 * that are new in the same commit go into those entries, and several corrections of one entry become one, in order.
 */
export function settleAmendments(
  entries: readonly PlacedEntry[],
  amendments: readonly PlacedAmendment[],
): { entries: PlacedEntry[]; amendments: PlacedAmendment[] } {
  if (amendments.length === 0) return { entries: [...entries], amendments: [] };
  const nameOf = (at: { team: string; incident: number }, n: number) => `${at.incident}/${n}/${at.team}`;
  const fresh = new Map(entries.map((placed) => [nameOf(placed, placed.entry.n), placed]));
  const later = new Map<string, PlacedAmendment>();
  for (const placed of amendments) {
    const name = nameOf(placed, placed.amendment.n);
    const mine = fresh.get(name);
    if (mine) {
      fresh.set(name, { ...mine, entry: amended(mine.entry, placed.amendment) });
      continue;
    }
    const before = later.get(name);
    later.set(name, before ? { ...placed, amendment: merged(before.amendment, placed.amendment) } : placed);
  }
  return { entries: [...fresh.values()], amendments: [...later.values()] };
}

function merged(first: Amendment, second: Amendment): Amendment {
  const detail = { ...first.set.detail, ...second.set.detail };
  return { n: first.n, set: { ...first.set, ...second.set, detail } };
}
