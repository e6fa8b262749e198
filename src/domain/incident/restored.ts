import type { MaintenanceState } from '../status/page.js';
import { type Mark, maintenanceNumberOf, type PostState, type Severity, type Status } from '../words.js';
import { type Entry, ERASED } from './entry.js';
import type { Milestone, Restored } from './fact.js';

/** Kinds of entries that change what an incident is; `opened` is how it began. */
export const CHANGE_KINDS = [
  'opened',
  'status',
  'severity',
  'title',
  'role',
  'component',
  'milestone',
  'post',
] as const;

/**
 * @param entries all entries of CHANGE_KINDS that are not struck, in order of recording
 * @returns what the others say, now that `struck` is not to count; null where entries of its kind change nothing
 */
export function restoredWithout(
  entries: readonly Entry[],
  struck: Entry,
): { restored: Restored; texts: Record<string, string> } | null {
  const others = entries.filter((entry) => entry.n !== struck.n).sort((a, b) => a.n - b.n);
  const opened = others.find((entry) => entry.kind === 'opened');
  const last = (kind: Entry['kind'], same: (entry: Entry) => boolean = () => true) =>
    others.findLast((entry) => entry.kind === kind && same(entry));
  switch (struck.kind) {
    case 'status': {
      const by = last('status');
      const status = (by?.detail.status ?? 'investigating') as Status;
      const milestones = { resolved: resolvedBy(others) };
      const dismissed = isDismissed(others) ? { dismissed: true as const } : {};
      return { restored: { status: { status, n: by?.n ?? null, ...dismissed }, milestones }, texts: {} };
    }
    case 'severity': {
      const severity = (last('severity')?.detail.severity ??
        opened?.detail.severity ??
        null) as Severity | null;
      return { restored: { severity: { severity } }, texts: {} };
    }
    case 'title':
      return { restored: { title: true }, texts: { title: (last('title') ?? opened)?.text ?? ERASED } };
    case 'role': {
      const role = struck.detail.role ?? '';
      const person = last('role', (entry) => entry.detail.role === role)?.detail.person ?? null;
      const texts: Record<string, string> = person?.name ? { person: person.name } : {};
      return { restored: { role: { role, person: person?.id ?? null } }, texts };
    }
    case 'component': {
      // What the public was shown of it changes nothing in the incident.
      if (struck.detail.state !== undefined) return null;
      const names = componentsOf(others, opened);
      return { restored: { components: names.length }, texts: numbered(names) };
    }
    case 'milestone': {
      const name = struck.detail.milestone as Mark;
      const by = name === 'resolved' ? resolvedBy(others) : markedBy(others, name);
      return { restored: { milestones: { [name]: by } }, texts: {} };
    }
    case 'post': {
      if (struck.detail.maintenance !== undefined) return plannedWithout(others, struck.detail.maintenance);
      const by = last('post');
      const promised = promisedBy(others);
      const post = by ? { state: by.detail.state as PostState, at: by.at, n: by.n } : null;
      return { restored: { post, promised }, texts: {} };
    }
    default:
      return null;
  }
}

/** By the newest post, as the public reads them: one that was told later of an earlier moment promises nothing. */
function promisedBy(others: readonly Entry[]): Restored['promised'] {
  const posts = others.filter(({ kind, detail }) => kind === 'post' && detail.components !== undefined);
  const newest = posts.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.n - b.n)).at(-1);
  const by = newest?.detail.next;
  return newest && by ? { n: newest.n, at: newest.at, by } : null;
}

/** How planned work stands by what else was said of it; null: it is not planned any more, or over all the same. */
function plannedWithout(
  others: readonly Entry[],
  maintenance: string,
): { restored: Restored; texts: Record<string, string> } | null {
  const said = others.filter(({ detail }) => detail.maintenance === maintenance);
  const plan = said.find(({ until }) => until !== null);
  const state = said.at(-1)?.detail.state as MaintenanceState | undefined;
  if (!plan || !state || state === 'completed' || state === 'cancelled') return null;
  const { n, at: from, until, detail } = plan;
  const components = detail.components ?? [];
  const planned = { maintenance: maintenanceNumberOf(maintenance) ?? 1, n, from, to: until ?? from, state };
  return {
    restored: { planned, components: components.length },
    texts: { title: detail.title ?? ERASED, ...numbered(components) },
  };
}

const numbered = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name, i) => [`component.${i}`, name]));

function markedBy(entries: readonly Entry[], name: Mark): Milestone | null {
  const by = entries.findLast((entry) => entry.kind === 'milestone' && entry.detail.milestone === name);
  return by ? { at: by.at, precision: by.precision, marked: true, n: by.n } : null;
}

/** A mark by a person; else the first of the statuses by which it is resolved now; else nothing. */
function resolvedBy(entries: readonly Entry[]): Milestone | null {
  const marked = markedBy(entries, 'resolved');
  if (marked) return marked;
  const [by] = sinceResolved(entries);
  return by ? { at: by.at, precision: by.precision, marked: false, n: by.n } : null;
}

/** The statuses since it was last anything but resolved. */
function sinceResolved(entries: readonly Entry[]): Entry[] {
  const statuses = entries.filter((entry) => entry.kind === 'status');
  return statuses.slice(statuses.findLastIndex((entry) => entry.detail.status !== 'resolved') + 1);
}

function isDismissed(entries: readonly Entry[]): boolean {
  return sinceResolved(entries).some((entry) => entry.detail.dismissed);
}

function componentsOf(entries: readonly Entry[], opened: Entry | undefined): string[] {
  let names = [...(opened?.detail.components ?? [])];
  for (const entry of entries) {
    if (entry.kind !== 'component' || entry.detail.state !== undefined) continue;
    const name = entry.text ?? ERASED;
    names = names.filter((other) => other !== name);
    if (entry.detail.change === 'added') names.push(name);
  }
  return names;
}
