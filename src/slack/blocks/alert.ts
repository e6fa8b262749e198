import type { types } from '@slack/bolt';
import { z } from 'zod';
import type { AlertGroup } from '#domain/alert/state.js';
import { refOf } from '#domain/words.js';
import { safeLink } from '#render/document.js';
import { button as buttonOf, OFFER_ACTION, packed } from './buttons.js';
import { code, inline, moment } from './run.js';
import { type Block, context, cut, link, MAX, type Message, plain, section } from './text.js';

/** An alert as the message of its group lists it. */
export interface ListedAlert {
  title: string;
  /** What its sender says beside it. */
  text: string | null;
  since: string;
  /** By name. */
  labels: Readonly<Record<string, string>>;
  /** What was measured when it began to fire, by name. */
  values: Readonly<Record<string, string>>;
  /** Addresses, by title. */
  links: Readonly<Record<string, string>>;
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
  /** The newest of the group that fire; when none does any more, the first of all. */
  alerts: readonly ListedAlert[];
  mutedUntil: Date | null;
  /** The runbook that the rule offers. */
  offer: { name: string; inputs: Readonly<Record<string, string>> } | null;
  /** What the buttons are shown under: another state of the incident has another. */
  mark: string;
}

/** More would be read by nobody; how many there are stands above them. */
export const LISTED = 10;
/** Characters of one alert, and of its links beside. */
const LINE = 700;
const VALUES = 5;
const LABELS = 3;
const LINKS = 4;
/** Longer addresses are left out rather than cut. */
const URL = 400;
/** What all of them may have together: the head and the buttons need the rest of what Slack takes. */
const LINES = MAX.sum - 1_500;

/** The one message of a group of alerts: how many fire, since when, the newest of them, and what can be done about them. */
export function alertsMessage(view: AlertsView): Message {
  const { group, alerts } = view;
  const key = group.key === '' ? '' : ` ${code(group.key, 200)}`;
  const listed = group.moved ? [] : alerts.slice(0, LISTED);
  const apart = differing(listed);
  const lines: string[] = [];
  for (const one of listed) {
    const line = alertLine(one, apart, group.firing > 0);
    if (lines.length > 0 && sumOf(lines) + line.length > LINES) break;
    lines.push(line);
  }
  const more = (group.firing || group.alerts) - lines.length;
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

const sumOf = (lines: readonly string[]) => lines.reduce((sum, { length }) => sum + length, 0);

function count({ firing, alerts, moved }: AlertGroup): string {
  if (moved)
    return moved.to === null
      ? 'Alerts that have another incident now'
      : `Alerts that were moved to ${refOf(moved.to)}`;
  if (alerts === 0) return 'No alert has come yet';
  if (firing === 0) return alerts === 1 ? 'The alert has ended' : `All ${alerts} alerts have ended`;
  if (alerts === 1) return 'An alert fires';
  return `${firing} of ${alerts} alerts ${firing === 1 ? 'fires' : 'fire'}`;
}

function about({ group, mutedUntil }: AlertsView): string {
  const { firing, alerts, since, last, source, rule, moved } = group;
  return [
    ...(alerts > 0 ? [`since ${moment(since, DAY_TIME)}`] : []),
    ...(alerts > 0 && firing === 0 && !moved
      ? [`${alerts === 1 ? '' : 'the last '}until ${moment(last, DAY_TIME)}`]
      : []),
    `from ${inline(source, 80)}${rule === null ? '' : `, by the rule ${inline(rule, 80)}`}`,
    ...(moved?.to === null ? ['`list` shows what is open'] : []),
    ...(mutedUntil ? [`muted until ${moment(mutedUntil.toISOString(), DAY_TIME)}`] : []),
  ].join(' · ');
}

const DAY_TIME = '{date_short_pretty} {time}';

/** Labels that tell those which are listed from each other: ten of one title are ten places. */
function differing(alerts: readonly ListedAlert[]): string[] {
  const names = new Set(alerts.flatMap(({ labels }) => Object.keys(labels)));
  const [first] = alerts;
  return [...names]
    .sort()
    .filter((name) => alerts.some(({ labels }) => labels[name] !== first?.labels[name]));
}

/** @param apart names of labels that are said, unless the title says them */
function alertLine(
  { title, text, since, labels, values, links }: ListedAlert,
  apart: readonly string[],
  firing: boolean,
): string {
  const named = apart.flatMap((name) => {
    const value = labels[name] ?? '';
    return value === '' || title.includes(value) ? [] : [[name, value] as const];
  });
  const measured = [
    ...named.slice(0, LABELS),
    ...(firing ? Object.entries(values).slice(0, VALUES) : []),
  ].map(([name, value]) => code(`${name}=${value}`, 70));
  const ways = Object.entries(links)
    .sort(([a], [b]) => rank(a) - rank(b))
    .flatMap(([name, url]) => (url.length <= URL && safeLink(url) ? [link(url, cut(name, 40))] : []))
    .slice(0, LINKS);
  const head = `*${inline(title, 200)}*${firing ? ` since ${moment(since, '{time}')}` : ''}`;
  const said = text === null ? [] : [inline(text, 200)];
  let line = head;
  // Whole pieces only: a link that is cut shows its insides.
  for (const piece of [...measured, ...said])
    if (piece !== '' && line.length + piece.length + 3 <= LINE) line = `${line} · ${piece}`;
  for (const way of ways) if (line.length + way.length + 3 <= MAX.section) line = `${line} · ${way}`;
  return line;
}

/** What to do stands before where to look. */
const rank = (title: string) => (/^runbook$/i.test(title) ? 0 : 1);

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
        text: plain(
          'It is resolved as a false alarm, and left out of all figures. Typing reopen REASON brings it back.',
        ),
        confirm: plain('Not an incident'),
        deny: plain('Go back'),
        style: 'danger',
      },
    },
  ];
  const about = `*Run ${inline(offer?.name ?? '', 80)}* plans it; what would change something waits for approval.`;
  return [{ type: 'actions', elements }, ...(run ? [context(about)] : [])];
}
