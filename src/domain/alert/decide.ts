import type { Asking, Decision, Found } from '../incident/intent.js';
import type { IncidentState } from '../incident/state.js';
import { refuse } from '../refusal.js';
import { given, LIMITS } from '../text.js';
import { happened, refOf, toSeconds } from '../words.js';
import type { AlertIntent, RecordedAlert } from './intent.js';
import { type AlertGroup, alertsHere, later } from './state.js';

/** What follows from an intent about the alerts of an incident. Pure. */
export function decideAlert(
  state: IncidentState,
  intent: AlertIntent,
  asking: Asking,
  found: Found,
): Decision {
  switch (intent.type) {
    case 'RecordAlert':
      return recordAlert(state, intent.alert, asking, found);
    case 'NoteAlertsShown': {
      const { group, channel, ts } = intent;
      const shown = state.alerts?.[group]?.message;
      if (state.alerts?.[group] === undefined || (shown?.ts === ts && shown.channel === channel)) return [];
      return [{ type: 'AlertsShown', data: { group, channel, ts }, texts: {} }];
    }
    case 'MoveAlerts':
      return moveAlerts(state, intent, asking, found);
    case 'TakeAlerts': {
      const { group, key, source, rule, from, hidden } = intent;
      const known = state.alerts?.[group];
      if (known && known.moved === undefined) return [];
      const excess = known ? null : tooManyGroups(state);
      if (excess) return excess;
      const data = { ...happened(state, asking, null), group, source, rule, from };
      return [{ type: 'AlertsTaken', data: { ...data, ...(hidden && { hidden }) }, texts: { key } }];
    }
  }
}

/** One alert is one entry, however often it fires and ends: what is known already adds nothing. */
function recordAlert(
  state: IncidentState,
  alert: RecordedAlert,
  asking: Asking,
  { alert: entry = null }: Found,
): Decision {
  const { id, group, status, since } = alert;
  const known = state.alerts?.[group];
  if (known?.moved) return refuse('ALERTS_MOVED', { ref: refOf(state.number) });
  // A sender's clock may say that it ended before it began.
  const ended = status === 'firing' ? null : later(alert.until ?? toSeconds(asking.now), since);
  const { firing = false, times = 1, group: filed = group } = entry?.detail ?? {};
  // The same firing, heard of late, has ended since.
  const begins = ended === null && !firing && since !== (entry?.detail.since ?? entry?.at);
  // Somebody was quicker than whoever looked for an open one. An end is recorded where its beginning is.
  if (begins && state.status === 'resolved' && !alert.home)
    return refuse('ALERTS_RESOLVED', { ref: refOf(state.number) });
  if (!entry) {
    const excess = known ? null : tooManyGroups(state);
    if (excess) return excess;
    const moment = { at: since, until: ended, precision: 'second' as const };
    const { source, rule, title, text, key, links } = alert;
    const data = { ...happened(state, asking, moment), alert: id, group, source, rule };
    const said = { labels: named(alert.labels), values: named(alert.values), links: named(addresses(links)) };
    return [
      { type: 'AlertFired', data, texts: given({ title, text, key, ...said, link: links[0]?.url ?? null }) },
    ];
  }
  const changed = { entry: entry.n, alert: id, group: filed };
  if (ended !== null) {
    if (!firing) return [];
    const at = later(ended, entry.detail.since ?? entry.at);
    return [{ type: 'AlertChanged', data: { ...changed, does: 'resolved', at, times }, texts: {} }];
  }
  if (!begins) return [];
  const texts = given({ text: alert.text, values: named(alert.values) ?? '{}' });
  return [{ type: 'AlertChanged', data: { ...changed, does: 'fired', at: since, times: times + 1 }, texts }];
}

function moveAlerts(
  state: IncidentState,
  { group, to }: { group: string; to: number | null },
  asking: Asking,
  { target = null }: Found,
): Decision {
  const ref = refOf(state.number);
  const here = alertsHere(state.alerts);
  const known = here.find((one) => one.group === group);
  if (!known) return refuse('NO_SUCH_ALERTS', { ref, keys: here.map(({ key }) => key) });
  if (to === state.number) return refuse('ALERTS_HERE', { ref });
  if (to !== null) {
    if (!target || target.number !== to) return refuse('NO_SUCH_INCIDENT', { ref: refOf(to) });
    if (target.status === 'resolved') return refuse('ALERTS_NOWHERE', { ref: refOf(to) });
    const excess = target.alerts?.[group] ? null : tooManyGroups(target);
    if (excess) return excess;
  }
  // In a public incident nobody reads the number of a private one.
  const hidden = target?.private && !state.private;
  return [
    {
      type: 'AlertsMoved',
      data: {
        ...{ ...happened(state, asking, null), group, to, firing: known.firing },
        ...(hidden && { hidden }),
      },
      texts: { key: known.key },
    },
  ];
}

function tooManyGroups({ alerts = {} }: { alerts?: Readonly<Record<string, AlertGroup>> }) {
  const count = Object.keys(alerts).length + 1;
  const limit = LIMITS.alertGroups;
  const next = 'Open an incident for them, or let a rule of tocsin.yml group them.';
  return count > limit ? refuse('TOO_MANY', { what: 'groups of alerts', count, limit, next }) : null;
}

/** By their titles; of two with the same title the first one's, which its sender thinks the more of. */
function addresses(links: RecordedAlert['links']): Record<string, string> {
  return Object.fromEntries([...links].reverse().map(({ title, url }) => [title, url]));
}

/** As JSON, names in order; null where there are none. */
function named(values: Readonly<Record<string, string>>): string | null {
  const entries = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length > 0 ? JSON.stringify(Object.fromEntries(entries)) : null;
}
