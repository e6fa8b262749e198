import type { Person } from './person.js';
import type { Change, IncidentState, Milestone } from './state.js';
import type { Severity, Status } from './words.js';

/** How many changes are remembered, so that the state stays small however long people go on changing things. */
const REMEMBERED = 60;

/** Notes that entry `n` replaces `value`. The change before it is remembered by its entry, not by what it had replaced. */
export function changed(state: IncidentState, key: string, n: number, value: unknown): IncidentState {
  const change: Change = { n, was: { value, n: state.changes[key]?.n ?? 0 } };
  const changes = Object.entries({ ...state.changes, [key]: change }).sort(([, a], [, b]) => b.n - a.n);
  return { ...state, changes: Object.fromEntries(changes.slice(0, REMEMBERED)) };
}

/** @returns what stands by that entry, or null: the entry changed nothing, or something later has replaced it. */
export function standingBy(state: IncidentState, entry: number): { key: string; change: Change } | null {
  const found = Object.entries(state.changes).find(([, change]) => change.n === entry);
  return found ? { key: found[0], change: found[1] } : null;
}

/** The state when the entry by which something stands is struck: what it had replaced stands again. */
export function restored(state: IncidentState, entry: number): IncidentState {
  const found = standingBy(state, entry);
  if (!found?.change.was) return state;
  const { key, change } = found;
  const { value, n } = change.was as { value: unknown; n: number };
  const { [key]: _, ...others } = state.changes;
  const back = { ...state, changes: n === 0 ? others : { ...others, [key]: { n, was: null } } };
  const [what, name = ''] = split(key);
  switch (what) {
    case 'status': {
      const was = value as { status: Status; resolved: Milestone | null };
      const marked = state.milestones.resolved?.marked;
      const resolved = marked ? state.milestones.resolved : was.resolved;
      return { ...back, status: was.status, milestones: { ...state.milestones, resolved } };
    }
    case 'severity':
      return { ...back, severity: value as Severity | null };
    case 'title':
      return { ...back, title: value as string };
    case 'role': {
      const { [name]: __, ...roles } = state.roles;
      return { ...back, roles: value === null ? roles : { ...roles, [name]: value as Person } };
    }
    case 'component': {
      const had = (value as string[]).includes(name);
      const rest = state.components.filter((component) => component !== name);
      return { ...back, components: had ? [...rest, name] : rest };
    }
    default:
      return back;
  }
}

function split(key: string): [string, string?] {
  const at = key.indexOf(':');
  return at < 0 ? [key] : [key.slice(0, at), key.slice(at + 1)];
}
