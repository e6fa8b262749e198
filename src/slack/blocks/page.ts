import { z } from 'zod';
import type { Entry } from '#domain/incident/entry.js';
import { button, packed } from './buttons.js';
import { type Block, channelLink, cut, escaped, MAX, type Message, section, whenLabel } from './text.js';

/** Ids under which Slack tells us what was clicked; *Open channel* is an address, and Slack tells of it all the same. */
export const PAGE_ACTIONS = { acknowledge: 'page:acknowledge', open: 'page:open' } as const;

/** What *Acknowledge* brings back. */
export const PAGE_VALUE = z.object({
  incident: z.number().int().positive(),
  page: z.number().int().positive(),
});

/** A page as whoever is paged reads it. */
export interface Paged {
  incident: number;
  page: number;
  /** null: whoever reads it may not know what it is about. */
  about: {
    ref: string;
    title: string;
    severity: string | null;
    reason: string | null;
    channel: string | null;
    /** Where a browser, or a phone, finds it. */
    address: string | null;
  } | null;
  drill: boolean;
  /** Who has asked for it, and by what. */
  by: string;
  policy: string | null;
  /** How it stands. `at`: in ISO 8601. */
  stands: { acknowledgedBy: string; at: string } | 'over' | null;
}

/** Slack's clock shows a time as the reader has it. */
const clock = (at: string) => `<!date^${Math.floor(Date.parse(at) / 1000)}^{time}|${at.slice(11, 16)} UTC>`;

/** The direct message to somebody who is paged. What it is about comes first: it is all that a locked phone shows. */
export function pageMessage({ incident, page, about, drill, by, policy, stands }: Paged): Message {
  const what = about
    ? `*${about.ref}*${about.severity ? ` ${about.severity}` : ''}: ${escaped(about.title)}`
    : '*a private incident*';
  const reason = about?.reason ? `: ${escaped(cut(about.reason, 1_000))}` : '';
  const head = `${drill ? '*Drill.* ' : ''}You are paged for ${what}`;
  const from = `by ${escaped(cut(by, 80))}${policy === null ? '' : `, ${escaped(policy)}`}`;
  const where = about?.channel ? `\n${channelLink(about.channel)}` : '';
  const next = stands === null ? nextOf(about !== null) : standing(stands);
  const text = `${cut(`${head}\n${from}${reason}`, 2_000)}${where}\n${next}`;
  const value = stands === null ? packed({ incident, page }) : null;
  const elements = [
    ...(value === null ? [] : [button(PAGE_ACTIONS.acknowledge, 'Acknowledge', value, 'primary')]),
    ...(about?.address ? [{ ...button(PAGE_ACTIONS.open, 'Open channel', 'open'), url: about.address }] : []),
  ];
  const blocks: Block[] = [section(text)];
  if (elements.length > 0) blocks.push({ type: 'actions', elements });
  return { text, blocks };
}

function nextOf(known: boolean): string {
  return known
    ? 'Press *Acknowledge* when you come: nobody else is paged then.'
    : 'Press *Acknowledge* when you come: nobody else is paged then, and somebody who is in it can let you in.';
}

function standing(stands: NonNullable<Paged['stands']>): string {
  if (stands === 'over') return 'It is over: nothing needs to be done.';
  return `${escaped(cut(stands.acknowledgedBy, 80))} acknowledged it at ${clock(stands.at)}.`;
}

interface Alarm {
  entry: Entry;
  /** What the entry says, and what is to be done. */
  words: string;
  /** Who is to know it: ids. */
  people: readonly string[];
  /** Everybody who is there is to know it: nobody else will come by themselves. */
  everybody: boolean;
}

/** That a page does not reach somebody, or nobody comes, in the incident's channel. */
export function pageAlarm({ entry, words, people, everybody }: Alarm): Message {
  const who = [...(everybody ? ['<!here>'] : []), ...people.map((id) => `<@${id}>`)].join(' ');
  const head = `*#${entry.n}* ${whenLabel(entry, entry.recordedAt)} UTC `;
  const tail = who === '' ? '' : ` ${who}`;
  const text = head + cut(escaped(words), MAX.section - head.length - tail.length - 1) + tail;
  return { text, blocks: [section(text)] };
}
