import type { types } from '@slack/bolt';
import { z } from 'zod';
import type { AlertGroup } from '#domain/alert/state.js';
import { refOf } from '#domain/words.js';
import { safeLink } from '#render/document.js';
import { button as buttonOf, OFFER_ACTION, packed } from './buttons.js';
import { code, inline, moment } from './run.js';
import { type Block, context, cut, link, MAX, type Message, plain, section } from './text.js';

/** An alert that fires, as its message lists it. */
export interface FiringAlert {
  title: string;
  /** What its sender says beside it. */
  text: string | null;
  since: string;
  /** What was measured, by name. */
  values: Readonly<Record<string, string>>;
  link: string | null;
}

interface AlertsView {
  incident: number;
  /** Nothing is offered under alerts of a resolved incident. */
  open: boolean;
  /** Its id, and how it stands. */
  id: string;
  group: AlertGroup;
  /** How many alerts of the whole incident fire. */
  firing: number;
  /** The newest of the group that fire. */
  alerts: readonly FiringAlert[];
  mutedUntil: Date | null;
  /** The runbook that the rule offers. */
  offer: { name: string; inputs: Readonly<Record<string, string>> } | null;
  /** What the buttons are shown under: another state of the incident has another. */
  mark: string;
}

/** More would be read by nobody; how many there are stands above them. */
export const LISTED = 10;
/** Characters of one alert, so that ten of them, the head and the buttons stay below what Slack takes. */
const LINE = 700;
const VALUES = 5;
/** Longer addresses are left out rather than cut. */
const URL = 400;

/** The one message of a group of alerts: how many fire, since when, the newest of them, and what can be done about them. */
export function alertsMessage(view: AlertsView): Message {
  const { group, alerts } = view;
  const key = group.key === '' ? '' : ` ${code(group.key, 200)}`;
  const lines = group.moved ? [] : alerts.slice(0, LISTED).map(alertLine);
  const more = group.firing - lines.length;
  const names = alerts.slice(0, 3).map(({ title }) => inline(title, 80));
  const text = `${count(group)}:${key}${names.length > 0 ? ` ${names.join(', ')}` : ''}`;
  const blocks: Block[] = [
    section(`*${count(group)}*${key}\n${about(view)}`),
    ...lines.map(section),
    ...(lines.length > 0 && more > 0 ? [context(`and ${more} more`)] : []),
    ...buttons(view),
  ];
  return { text: cut(text, MAX.text), blocks };
}

function count({ firing, alerts, moved }: AlertGroup): string {
  if (moved)
    return moved.to === null
      ? 'Alerts that were moved elsewhere'
      : `Alerts that were moved to ${refOf(moved.to)}`;
  if (alerts === 0) return 'No alert has come yet';
  if (firing === 0) return alerts === 1 ? 'The alert has ended' : `All ${alerts} alerts have ended`;
  if (alerts === 1) return 'An alert fires';
  return `${firing} of ${alerts} alerts ${firing === 1 ? 'fires' : 'fire'}`;
}

function about({ group, mutedUntil }: AlertsView): string {
  const { firing, alerts, since, last, source, rule } = group;
  return [
    ...(alerts > 0 ? [`since ${moment(since, DAY_TIME)}`] : []),
    ...(alerts > 0 && firing === 0 ? [`the last until ${moment(last, DAY_TIME)}`] : []),
    `from ${inline(source, 80)}${rule === null ? '' : `, by the rule ${inline(rule, 80)}`}`,
    ...(mutedUntil ? [`muted until ${moment(mutedUntil.toISOString(), DAY_TIME)}`] : []),
  ].join(' · ');
}

const DAY_TIME = '{date_short_pretty} {time}';

function alertLine({ title, text, since, values, link: url }: FiringAlert): string {
  const measured = Object.entries(values)
    .slice(0, VALUES)
    .map(([name, value]) => code(`${name}=${value}`, 70));
  const safe = safeLink(url);
  const way = safe !== null && safe.length <= URL ? [link(safe, 'look')] : [];
  const head = `*${inline(title, 200)}* since ${moment(since, '{time}')}`;
  const said = text === null ? [] : [inline(text, 200)];
  let line = head;
  // Whole pieces only: a link that is cut shows its insides.
  for (const piece of [...measured, ...way, ...said])
    if (piece !== '' && line.length + piece.length + 3 <= LINE + URL) line = `${line} · ${piece}`;
  return line;
}

/** Begins every id under which Slack tells us that a button under alerts was clicked. */
export const ALERT_ACTIONS = /^alerts:/;

/** What such a button brings back. */
export const ALERT_VALUE = z.object({
  incident: z.number().int().positive(),
  group: z.string(),
  key: z.string(),
  mark: z.string(),
});
export type CarriedAlerts = z.infer<typeof ALERT_VALUE>;

function buttons(view: AlertsView): Block[] {
  const { incident, open, id, group, firing, mutedUntil, offer, mark } = view;
  if (!open || group.moved) return [];
  const value = packed({ incident, group: id, key: group.key, mark } satisfies CarriedAlerts);
  if (value === null) return [];
  const button = (what: string, label: string, style?: 'primary') =>
    buttonOf(`alerts:${what}`, label, value, style);
  const run = offer && packed({ incident, runbook: offer.name, inputs: offer.inputs });
  const elements: types.Button[] = [
    ...(firing === 0 && group.alerts > 0 ? [button('resolve', 'Resolve', 'primary')] : []),
    ...(offer && run ? [buttonOf(OFFER_ACTION, `Run ${offer.name}`, run)] : []),
    button('attach', 'Attach'),
    button('split', 'Split'),
    mutedUntil ? button('unmute', 'Unmute') : button('mute', 'Mute 1h'),
    {
      ...button('dismiss', 'Not an incident'),
      confirm: {
        title: plain(`${refOf(incident)} is no incident`),
        text: plain('It is resolved as a false alarm, and left out of all figures. `reopen` brings it back.'),
        confirm: plain('Not an incident'),
        deny: plain('Go back'),
        style: 'danger',
      },
    },
  ];
  return [{ type: 'actions', elements }];
}
