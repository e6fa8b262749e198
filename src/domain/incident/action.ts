import { isInSlack, type Person } from '../words.js';
import { type Entry, ERASED } from './entry.js';

/** An action item as it is now. `entry`: the timeline entry that added it. */
export interface ActionItem {
  readonly n: number;
  readonly entry: number;
  readonly text: string;
  readonly owner: Person | null;
  /** A day, `2026-12-05`: whoever owns it has a clock of their own. */
  readonly due: string | null;
  readonly done: boolean;
  /** What it is called in the tracker, and its address there; null: it is in none. */
  readonly ticket: { readonly name: string; readonly url: string | null } | null;
}

/**
 * Folds entries of kind `action` into the items that there are, in order of their numbers. An item whose entry was struck is
 * gone; whatever else was struck did not happen, so that what was said before it holds again.
 */
export function itemsOf(entries: Iterable<Entry>): ActionItem[] {
  const items = new Map<number, ActionItem>();
  // As they were recorded: a completion may be said to have happened before the item was written down.
  for (const { kind, struck, detail, text, erased, n, link } of [...entries].sort((a, b) => a.n - b.n)) {
    const { action } = detail;
    if (kind !== 'action' || struck || action === undefined) continue;
    const before = items.get(action);
    if (isAddition(detail)) {
      const ticket = detail.ticket === undefined ? null : { name: detail.ticket ?? ERASED, url: link };
      const own = { owner: detail.owner ?? null, due: detail.due ?? null, done: false, ticket };
      items.set(action, { n: action, entry: n, text: erased ? ERASED : (text ?? ''), ...own });
    } else if (before) {
      items.set(action, {
        ...before,
        ...(detail.done !== undefined && { done: detail.done }),
        ...(detail.owner !== undefined && { owner: detail.owner }),
        ...(detail.due !== undefined && { due: detail.due }),
      });
    }
  }
  return [...items.values()].sort((a, b) => a.n - b.n);
}

/** The items of several incidents. @param entries of action items, those of an incident beside each other or not */
export function itemsByIncident(
  entries: Iterable<Entry & { incident: number }>,
): Array<{ incident: number; item: ActionItem }> {
  const each = new Map<number, Entry[]>();
  for (const entry of entries) each.set(entry.incident, [...(each.get(entry.incident) ?? []), entry]);
  return [...each].flatMap(([incident, its]) => itemsOf(its).map((item) => ({ incident, item })));
}

/** Of the entries of an item the one that has its words. */
export function isAddition({ done, reopened }: Pick<Entry['detail'], 'done' | 'reopened'>): boolean {
  return done === false && !reopened;
}

const DAY_MS = 86_400_000;

/** @returns the day so many days later. @param day `2026-12-05` */
export function dayPlus(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** @returns how many days lie between; negative where `to` is before `from` */
function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS);
}

/** `due today`, `due in 3 days (2026-12-05)`, `overdue by 9 days (2026-12-05)`. @param today where who reads it is */
export function dueText(due: string, today: string): string {
  const days = daysBetween(today, due);
  const many = (count: number) => (count === 1 ? '1 day' : `${count} days`);
  if (days === 0) return 'due today';
  return days > 0 ? `due in ${many(days)} (${due})` : `overdue by ${many(-days)} (${due})`;
}

/**
 * Up to which reminder it has come: so many days before it is due (negative), on that day (0), and every seven days after it.
 * Those that were missed are not made up for: whoever was told of the last one knows of the others.
 * @param before how many days ahead the first one is; 0: there is none ahead
 * @returns null: it is not yet time for any
 */
export function stageOf(due: string, today: string, before: number): number | null {
  const days = daysBetween(due, today);
  if (days >= 0) return days - (days % 7);
  return before > 0 && days >= -before ? -before : null;
}

/** What was told of an item, the last time that somebody was reminded of it. `owner` '': nobody owned it. */
export interface Reminded {
  readonly owner: string;
  readonly due: string;
  readonly stage: number;
}

/** @returns whether there is something new to say; a new owner, or another day, begins anew */
export function isNews(now: Reminded, told: Reminded | null): boolean {
  return told === null || told.owner !== now.owner || told.due !== now.due || told.stage < now.stage;
}

/** May that owner be reminded at all? Whoever is not in Slack cannot be written to. */
export function reachable(owner: Person | null): owner is Person {
  return owner !== null && isInSlack(owner.id);
}
