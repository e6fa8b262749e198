import { z } from 'zod';
import type { About, Told } from '#domain/incident/reminder.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isInSlack } from '#domain/words.js';
import { durationInWords } from '#render/clock.js';
import { button, packed } from './buttons.js';
import { PUBLISH_ACTIONS } from './publish.js';
import { context, escaped, type Message, section } from './text.js';

/** Ids of the buttons under a reminder: `remind:update`, `remind:snooze:30m`, `remind:lead` … */
export const REMINDER_ACTIONS = /^remind:/;

/** What they bring back. `seq`: the fact of the reminder; of each there is one answer. */
export const REMINDER_VALUE = z.object({ incident: z.number().int().positive(), seq: z.number().int() });

const SNOOZES = ['15m', '30m', '1h'] as const;

/**
 * What the channel of an incident is reminded of, with the next step last: in words, and as buttons.
 * @param told how often it was, this time included
 */
export function reminderMessage(
  state: IncidentState,
  about: About,
  told: Pick<Told, 'seq' | 'last' | 'promise'>,
  { command, now }: { command: string; now: Date },
): Message {
  const typed = (line: string) => `\`${escaped(command)} ${line}\``;
  const { said, next, people } = wordsOn(state, about, now, typed);
  const last = told.last && about !== 'quiet' ? ' This is the last reminder of it.' : '';
  const text = `${people}${said}${last} ${next}`;
  const elements = buttonsUnder(state, about, told);
  return {
    text,
    blocks: [section(text), ...(elements.length > 0 ? [{ type: 'actions' as const, elements }] : [])],
  };
}

function wordsOn(
  state: IncidentState,
  about: About,
  now: Date,
  typed: (line: string) => string,
): { said: string; next: string; people: string } {
  const { rhythm = {}, roles, promised, opener, severity } = state;
  const lead = roles.lead?.id;
  const since = (at: string | undefined) => ago(at ?? state.recordedAt, now);
  switch (about) {
    case 'public':
      return {
        people: named(lead),
        said: `The public was promised another update by ${promisedBy(promised?.by ?? '', now)}`,
        next: `Post it: ${typed('publish TEXT')}, or ${typed('publish TEXT --next 30m')} to promise the one after it.`,
      };
    case 'update': {
      const { next, updated } = rhythm;
      const unled = lead === undefined ? ' Nobody leads.' : '';
      return {
        people: named(lead, next?.who.id),
        said: next
          ? `The next update was promised by ${promisedBy(next.by, now)}${unled}`
          : `No update for ${since(updated)}.${unled}`,
        next: `Say how it stands: ${typed(`status ${state.status} TEXT`)}; by when there is more: ${typed('next 30m')}.`,
      };
    }
    case 'lead':
      return {
        people: named(opener.id),
        said: `Nobody leads this ${severity ?? 'incident'}, ${since(state.recordedAt)} after it was opened.`,
        next: `Take it, or say who does: ${typed('lead @NAME')}.`,
      };
    case 'quiet':
      return {
        people: named(lead),
        said: `Nothing was recorded here for ${since(rhythm.heard)}. Is it still going?`,
        next: `If it is over: ${typed('resolve TEXT')}.`,
      };
  }
}

/** `<@U1> <@U2> `, each once; nothing for who is not in Slack. */
function named(...ids: Array<string | undefined>): string {
  const people = [...new Set(ids)].filter((id): id is string => id !== undefined && isInSlack(id));
  return people.map((id) => `<@${id}> `).join('');
}

/** `14:30. That was 12 min ago.`, in the reader's own time. */
function promisedBy(by: string, now: Date): string {
  const late = now.getTime() - Date.parse(by) >= 5 * 60_000 ? ` That was ${ago(by, now)} ago.` : '';
  return `${clock(by, now)}.${late}`;
}

/** The time as the reader counts, with the day where it is not of the last hours; who has no Slack reads UTC. */
function clock(at: string, now: Date): string {
  const near = Math.abs(now.getTime() - Date.parse(at)) < 12 * 3_600_000;
  const utc = `${near ? '' : `${at.slice(0, 10)} `}${at.slice(11, 16)} UTC`;
  return `<!date^${Math.floor(Date.parse(at) / 1000)}^${near ? '' : '{date_short_pretty} '}{time}|${utc}>`;
}

/** In whole minutes. A time that lies ahead was written by a clock that was wrong. */
function ago(at: string, now: Date): string {
  const minutes = Math.floor((now.getTime() - Date.parse(at)) / 60_000);
  return minutes < 0 ? 'a while' : durationInWords(60 * Math.max(1, minutes));
}

function buttonsUnder(state: IncidentState, about: About, { seq, promise }: Pick<Told, 'seq' | 'promise'>) {
  const value = packed({ incident: state.number, seq } satisfies z.infer<typeof REMINDER_VALUE>);
  const post = promise === undefined ? null : packed({ incident: state.number, n: promise });
  if (value === null) return [];
  const of = (what: string, label: string, style?: 'primary') =>
    button(`remind:${what}`, label, value, style);
  const snoozes = SNOOZES.map((span) => of(`snooze:${span}`, `Snooze ${span}`));
  switch (about) {
    case 'public':
      return [
        ...(post === null ? [] : [button(PUBLISH_ACTIONS.write, 'Write the update', post, 'primary')]),
        ...snoozes,
      ];
    case 'update':
      return [
        of('update', 'Update now', 'primary'),
        ...snoozes,
        ...('lead' in state.roles ? [] : [of('lead', 'I lead')]),
      ];
    case 'lead':
      return [of('lead', 'I lead', 'primary'), ...snoozes];
    case 'quiet':
      return [of('going', 'Still going', 'primary'), of('resolve', 'Resolve')];
  }
}

/**
 * What came of a reminder, in its place.
 * @param who pressed the button
 */
export function answeredMessage(
  what: 'snoozed' | 'lead' | 'going' | 'resolved',
  state: IncidentState | null,
  who: string,
  now: Date,
): Message {
  const text = answeredText(what, state, who, now);
  return { text, blocks: [context(text)] };
}

function answeredText(what: string, state: IncidentState | null, who: string, now: Date): string {
  switch (what) {
    case 'snoozed': {
      const snoozed = state?.rhythm?.snoozed;
      if (!snoozed) return 'Reminders are not snoozed any more.';
      return `Reminders are snoozed until ${clock(snoozed.until, now)}, by <@${snoozed.who.id}>.`;
    }
    case 'lead':
      return `<@${state?.roles.lead?.id ?? who}> leads.`;
    case 'going':
      return `Still going, says <@${who}>.`;
    default:
      return `Resolved, says <@${who}>.`;
  }
}
