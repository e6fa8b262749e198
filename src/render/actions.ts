import type { Entry } from '#domain/entry.js';
import { ERASED } from '#domain/entry-text.js';
import type { Person } from '#domain/person.js';

/** An action item as it stands now. `entry`: the timeline entry that added it. */
export interface ActionItem {
  n: number;
  entry: number;
  text: string;
  owner: Person | null;
  done: boolean;
}

/**
 * Folds entries of kind `action` into the items that stand, in order of their numbers.
 * An item whose entry was struck is gone; a completion that was struck did not happen.
 * Held in memory: there are as many as people will ever do.
 */
export async function actionItems(entries: AsyncIterable<Entry> | Iterable<Entry>): Promise<ActionItem[]> {
  const items: ActionItem[] = [];
  const done = new Set<number>();
  for await (const entry of entries) {
    const n = entry.detail.action;
    if (entry.kind !== 'action' || entry.struck || n === undefined) continue;
    if (entry.detail.done) {
      done.add(n);
      continue;
    }
    const text = entry.erased ? ERASED : (entry.text ?? '');
    items.push({ n, entry: entry.n, text, owner: entry.detail.owner ?? null, done: false });
  }
  return items.sort((a, b) => a.n - b.n).map((item) => ({ ...item, done: done.has(item.n) }));
}
