import { ERASED } from '../incident/entry.js';
import type { AlertFactBody } from './fact.js';

/** The alerts of one key in an incident: what is to be known of them without looking at each. */
export interface AlertGroup {
  key: string;
  rule: string | null;
  source: string;
  /** How many fire now, and how many have been heard of. */
  firing: number;
  alerts: number;
  /** When the earliest of them began to fire, and its entry; before there is one: when the group came here. */
  since: string;
  n: number;
  /** When one of them last began or ended. */
  last: string;
  /** Where its message stands; `times` so often it was posted. */
  message: { channel: string; ts: string; times: number } | null;
  /** It is at home in another incident; `to` null: in one that is new, or not to be named here. */
  moved?: { to: number | null };
}

/** By their ids; at most `LIMITS.alertGroups`. */
export type Alerts = Readonly<Record<string, AlertGroup>>;

type AlertFact = AlertFactBody & { texts: Readonly<Record<string, string | null>> };

export function evolveAlerts(alerts: Alerts, fact: AlertFact): Alerts {
  const { group } = fact.data;
  const known = alerts[group];
  const put = (one: AlertGroup): Alerts => ({ ...alerts, [group]: one });
  switch (fact.type) {
    case 'AlertFired': {
      const { at, until, n, source, rule } = fact.data;
      const before = known ?? emptyGroup(fact, { source, rule, at, n });
      const first = before.alerts === 0 || at < before.since;
      const last = until ?? at;
      return put({
        ...before,
        firing: before.firing + (until === null ? 1 : 0),
        alerts: before.alerts + 1,
        ...(first && { since: at, n }),
        last: before.alerts === 0 ? last : later(last, before.last),
      });
    }
    case 'AlertChanged': {
      if (!known) return alerts;
      const { does, at } = fact.data;
      const firing = Math.max(0, known.firing + (does === 'fired' ? 1 : -1));
      return put({ ...known, firing, last: later(at, known.last) });
    }
    case 'AlertsShown': {
      const { channel, ts } = fact.data;
      const times = (known?.message?.times ?? 0) + 1;
      return known ? put({ ...known, message: { channel, ts, times } }) : alerts;
    }
    case 'AlertsMoved':
      return known ? put({ ...known, moved: { to: fact.data.hidden ? null : fact.data.to } }) : alerts;
    case 'AlertsTaken': {
      const { moved: _, ...home } = known ?? emptyGroup(fact, fact.data);
      return put(home);
    }
  }
}

/** @returns the later of two times, both in UTC with whole seconds */
export function later(a: string, b: string): string {
  return a < b ? b : a;
}

function emptyGroup(
  { texts }: AlertFact,
  { source, rule, at, n }: { source: string; rule: string | null; at: string; n: number },
): AlertGroup {
  const counts = { firing: 0, alerts: 0, since: at, n, last: at, message: null };
  return { key: texts.key ?? ERASED, rule, source, ...counts };
}

/** Those that are at home here. */
export function alertsHere(alerts: Alerts | undefined): Array<AlertGroup & { group: string }> {
  return Object.entries(alerts ?? {})
    .filter(([, { moved }]) => moved === undefined)
    .map(([group, one]) => ({ group, ...one }));
}

/** @returns how many alerts of the incident fire now */
export function firingIn(alerts: Alerts | undefined): number {
  return alertsHere(alerts).reduce((sum, { firing }) => sum + firing, 0);
}

/** @returns when monitoring saw it first, and the entry that says so; null: it has not */
export function firstAlert(alerts: Alerts | undefined): { at: string; n: number } | null {
  const [first] = alertsHere(alerts)
    .filter((group) => group.alerts > 0)
    .sort((a, b) => (a.since === b.since ? a.n - b.n : a.since < b.since ? -1 : 1));
  return first ? { at: first.since, n: first.n } : null;
}
