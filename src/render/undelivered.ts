import type { ActionItem } from '#domain/incident/action.js';
import type { Effect } from '#domain/incident/effect.js';
import type { IncidentState } from '#domain/incident/state.js';
import { whomText } from '#domain/paging/page.js';
import { codeInWords, codeOf, LOST, mendOf, WAITS } from '#domain/slack-code.js';
import { type Loss, personLabel, refOf, runRef } from '#domain/words.js';
import { excerpt } from './clock.js';

/** Something owed to Slack that was given up (`dead`), or that was refused and will be tried again. */
export interface Undelivered {
  /** By which `tocsin deliveries retry` knows it. */
  id: number;
  incident: number;
  effect: Effect;
  /** As kept with it: `conversations.create: restricted_action`. */
  error: string;
  dead: boolean;
  /** When it is tried again by itself although it was given up (ISO 8601, UTC); null: not. */
  again?: string | null;
}

const RETRY = '`tocsin deliveries retry all`';

/** What is missing, in words: `#4–#9, #12 and the headline`. Entries come first, in order. */
function whatIsMissing(rows: ReadonlyArray<Pick<Undelivered, 'effect'>>): string {
  const entries = new Set<number>();
  const others = new Set<string>();
  for (const { effect } of rows) {
    if (effect.kind === 'channel.entry' || effect.kind === 'channel.amend') entries.add(effect.payload.n);
    else others.add(nameOf(effect));
  }
  const parts = [...ranges([...entries]), ...others];
  const last = parts.pop() ?? 'nothing';
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
}

/** @returns what Slack said of them, each thing once */
function whatSlackSaid(rows: readonly Undelivered[], words = codeInWords, between = '; '): string {
  return [...new Set(rows.map(({ error }) => words(codeOf(error))))].join(between);
}

/** `[4, 5, 6, 12]` → `#4–#6`, `#12` */
function ranges(numbers: number[]): string[] {
  const runs: Array<[number, number]> = [];
  for (const n of numbers.sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([from, to]) => (from === to ? `#${from}` : `#${from}–#${to}`));
}

function nameOf(effect: Effect): string {
  switch (effect.kind) {
    case 'channel.open':
      return 'its channel';
    case 'channel.entry':
      return `#${effect.payload.n}`;
    case 'channel.amend':
      return `#${effect.payload.n}, ${effect.payload.how}`;
    case 'headline.refresh':
      return 'the headline';
    case 'canvas.refresh':
      return 'the canvas';
    case 'bridge.show':
      return 'the link of the bridge';
    case 'bridge.end':
      return 'that the bridge is over';
    case 'announcement.refresh':
      return 'its announcement';
    case 'people.invite':
      return 'an invitation';
    case 'people.remove':
      return 'taking somebody out';
    case 'message.capture':
      return 'a pinned message';
    case 'message.unpinned':
      return 'the offer to strike what was unpinned';
    case 'message.files':
      return 'images of a recorded message';
    case 'channel.follow':
      return `what became of the message of #${effect.payload.n}`;
    case 'mention.answer':
      return 'an answer to a mention';
    case 'export.send':
      return `the ${effect.payload.format} export`;
    case 'impact.measure':
      return 'the measured impact';
    case 'impact.picture':
      return `the picture of #${effect.payload.n}`;
    case 'run.advance':
    case 'run.show':
      return `how ${runRef(effect.payload.run)} stands`;
    case 'run.log':
      return `what ${runRef(effect.payload.run)} printed in ${effect.payload.step}`;
    case 'run.post':
      return `a message of ${runRef(effect.payload.run)}`;
    case 'run.alarm':
      return `the alarm that the glass was broken for ${runRef(effect.payload.run)}`;
    case 'run.offer':
      return `the offer to run ${effect.payload.runbook}`;
    case 'watch.look':
    case 'watch.tell':
      return 'what a watch saw';
    case 'alerts.show':
      return 'how its alerts stand';
    case 'alerts.settle':
      return 'what was said about alerts';
    case 'alerts.move':
      return 'alerts that go elsewhere';
    case 'status.page':
      return 'the public page';
    case 'status.tell':
      return 'what subscribers are told';
    case 'status.remind':
    case 'reminder.post':
      return 'a reminder';
    case 'secret.tell':
      return 'that a recorded message holds a secret';
    case 'people.catchup':
      return 'what somebody who came late is told';
    case 'role.vacant':
      return 'that somebody with a role was deactivated';
    case 'incident.link':
      return 'what another incident is to know';
    case 'page.send':
    case 'page.tell':
    case 'page.alarm':
      return `page ${effect.payload.page}`;
    case 'page.follow':
      return `what ${whomText(effect.payload.to)} is to know of page ${effect.payload.page}`;
    case 'ticket.push':
    case 'ticket.look':
      return `the ticket of action item ${effect.payload.action}`;
    case 'actions.remind':
    case 'actions.unowned':
      return 'a reminder of action items';
    case 'channel.look':
    case 'channel.await':
    case 'channel.found':
      return 'a look at its channel';
    case 'channel.restored':
    case 'channel.notice':
    case 'person.tell':
      return 'a notice';
  }
}

/** A line for `tocsin deliveries`. */
export function undeliveredLine(ref: string, row: Undelivered & { deadAt: string }): string {
  const what = `${row.effect.kind} (${whatIsMissing([row])})`;
  const again = row.again ? `; tried again by itself, next at ${row.again}` : '';
  return `${row.id}  ${ref}  ${what}  ${row.deadAt}  ${withMeaning(row.error)}${again}`;
}

/** A line for `tocsin deliveries`: what an incident or a run owes for long, and is tried by itself. */
export function lateLine(row: { lane: string; kind: string; ms: number; error: string | null }): string {
  const { lane, kind, ms, error } = row;
  const why = error ? `: ${withMeaning(error)}` : '';
  return `waits  ${lane.split('/').slice(1).join('/')}  ${kind}  for ${Math.round(ms / 1000)} s, tried by itself${why}`;
}

/** What was given up, an incident at a time, for the doctor: `no channel (restricted_action)`, and what to do. */
export function undeliveredOf(rows: readonly Undelivered[]): { missing: string; fix: string } {
  const waits = rows.every(({ error }) => error.startsWith(WAITS));
  return {
    missing: `Slack does not have ${whatIsMissing(rows)} (${whatSlackSaid(rows)})`,
    fix: waits
      ? `${mended(rows[0]?.error)}it follows by itself`
      : `${mended(rows[0]?.error)}${RETRY}${rows.map(byItself).find(Boolean) ?? ''}`,
  };
}

/** For a list, in place of the channel's name; null: nothing is known to be in its way. */
export function withoutChannel(rows: readonly Undelivered[]): string | null {
  const row = rows.find(({ effect }) => effect.kind === 'channel.open');
  if (!row) return null;
  return `${row.dead ? 'no channel' : 'no channel yet'} (${codeOf(row.error)})`;
}

/** Lines for `show`: why there is no channel, and what else was given up. @param made the incident has its channel */
export function undeliveredLines(rows: readonly Undelivered[], made: boolean): string[] {
  const opening = made ? undefined : rows.find(({ effect }) => effect.kind === 'channel.open');
  const lines = opening ? [openingLine(opening)] : made ? [] : ['channel: not made yet'];
  const others = rows.filter((row) => row.effect.kind !== 'channel.open' || made);
  const waiting = others.filter(({ error }) => error.startsWith(WAITS));
  if (waiting.length > 0) {
    const reasons = whatSlackSaid(waiting, (code) => code, ', ');
    lines.push(
      `not in Slack yet: ${whatIsMissing(waiting)} (${reasons}); it follows when the channel is there`,
    );
  }
  const lost = others.filter((row) => row.dead && !waiting.includes(row));
  if (lost.length > 0) {
    const reasons = whatSlackSaid(lost, (code) => code, ', ');
    lines.push(`not in Slack: ${whatIsMissing(lost)} (${reasons}); \`tocsin deliveries\` lists and retries`);
  }
  const late = others.filter((row) => !row.dead);
  if (late.length > 0) {
    const reasons = whatSlackSaid(late, codeInWords, ', ');
    lines.push(`not in Slack yet: ${whatIsMissing(late)} (${reasons}); it is tried again by itself`);
  }
  return lines;
}

function openingLine(row: Undelivered): string {
  const code = codeInWords(codeOf(row.error));
  const mend = mendOf(codeOf(row.error));
  if (!row.dead)
    return `channel: not made yet, Slack said ${code}; it is tried again by itself${mend ? `; what to do: ${mend}` : ''}`;
  return `channel: none, Slack said ${code}; ${mended(row.error)}${RETRY}${byItself(row)}; until then everything is recorded`;
}

/** `, or wait: it is tried again by itself, next at 14:10 UTC`, or nothing where only a person has it tried again. */
function byItself({ again }: Undelivered): string {
  return again ? `, or wait: it is tried again by itself, next at ${again.slice(11, 16)} UTC` : '';
}

/** Tells the opener why there is no channel, or somebody that what they asked for does not come. */
export function toldPerson(ref: string, title: string, row: Undelivered, command: string): string {
  const code = codeInWords(codeOf(row.error));
  const next = `What to do: ${mended(row.error)}${RETRY} on the machine where the bot runs`;
  if (row.effect.kind === 'channel.open') {
    return [
      `*${ref}* ${title}: there is no channel for it. Slack said ${code}.`,
      `It is recorded all the same, and \`${command} note ${ref} TEXT\` works from anywhere, as does every other command with ${ref} in it.`,
      `${next}. The channel follows then, with everything that was recorded until then.${
        row.again
          ? ' It is tried again by itself too: every ten minutes in the first hour, then every hour, for a week.'
          : ''
      }`,
    ].join('\n');
  }
  return `${ref}: ${whatIsMissing([row])} does not come. Slack said ${code}.\n${next}.`;
}

/** Tells whoever leads the incident, or opened it, that its channel takes no message. @param rows what was given up */
export function toldOfChannel(ref: string, title: string, rows: readonly Undelivered[]): string {
  const shown = rows.filter(({ effect }) => effect.kind !== 'announcement.refresh');
  const missed = shown.length > 0 ? shown : rows;
  return [
    `*${ref}* ${title}: its channel takes no message from me. Slack said ${whatSlackSaid(missed)}.`,
    `Not shown there: ${whatIsMissing(missed)}. All of it is recorded.`,
    `What to do: ${mended(missed[0]?.error)}${RETRY} on the machine where the bot runs.`,
  ].join('\n');
}

/** Tells whoever leads it that nothing can be shown in its channel any more; `{channel}` stands for the way to it. */
export function toldLost(ref: string, title: string, lost: Loss, command: string): string {
  return [
    `*${ref}* ${title}: nothing can be shown in {channel} now: ${LOST[lost].means}.`,
    `Everything is recorded all the same; \`${command} note ${ref} TEXT\` works from anywhere.`,
    `What to do: ${LOST[lost].mend}. What is owed follows then, in order.`,
  ].join('\n');
}

/** The same in a few words, for a receipt and a list. */
export function lostText(lost: Loss): string {
  return `nothing is shown there now: ${LOST[lost].means}; ${LOST[lost].mend}`;
}

/** What a code means where it is about who was to be brought in, and not about the app. */
const OF_A_PERSON: Readonly<Record<string, string>> = {
  user_is_restricted: 'user_is_restricted: guests may not be added here',
  restricted_action: 'restricted_action: this workspace does not let the app bring people in',
};

/** Tells somebody who waits for the channel that it is there without them; the way to it follows. @param code Slack's */
export function toldAbsent(ref: string, title: string, code: string): string {
  return `*${ref}* ${title}: its channel is there, but I could not bring you in: Slack said ${OF_A_PERSON[code] ?? codeInWords(code)}. Join it, or have somebody add you who is in it:`;
}

/**
 * Tells the incident's channel, in one line each, what it does not show and that it was not announced.
 * @param announce the announcement channel as configured
 */
export function toldChannel(ref: string, rows: readonly Undelivered[], announce: string | null): string {
  const announced = rows.find(({ effect }) => effect.kind === 'announcement.refresh');
  const others = rows.filter((row) => row !== announced && row.effect.kind !== 'announcement.refresh');
  const lines: string[] = [];
  if (others.length > 0) {
    lines.push(
      `Not shown here: ${ref} ${whatIsMissing(others)}. Slack said ${whatSlackSaid(others)}. All of it is recorded; \`tocsin deliveries\` lists it. To try again: ${mended(others[0]?.error)}${RETRY}.`,
    );
  }
  if (announced) {
    const where = announce ? ` in #${announce.replace(/^#/, '')}` : '';
    lines.push(
      `${ref} is not announced${where}, or not as it stands now: Slack said ${codeInWords(codeOf(announced.error))}. What to do: ${mended(announced.error)}${RETRY}; \`announce:\` in tocsin.yml names the channel.`,
    );
  }
  return lines.join('\n');
}

/** Tells the incident's channel that a part of what it shows is in the record no more: a backup was put back. */
export function toldRestored(
  ref: string,
  { entries, runs }: Extract<Effect, { kind: 'channel.restored' }>['payload'],
): string {
  const span = ([from, to]: [number, number], name: (n: number) => string) =>
    from === to ? name(from) : `${name(from)}–${name(to)}`;
  const lost = [
    ...(entries ? [span(entries, (n) => `#${n}`)] : []),
    ...(runs ? [span(runs, runRef)] : []),
  ].join(' and ');
  if (lost === '') return `${ref} was put back from a backup.`;
  return `${ref} was put back from a backup: of what stands above, ${lost} is not in the record any more, and no number of theirs is given again. What matters is recorded anew, at its own time, with :pushpin: on it.`;
}

/** `unarchive the channel, then `, or to mend what Slack says where we do not know. */
function mended(error: string | undefined): string {
  if (error === undefined) return '';
  const mend = mendOf(codeOf(error));
  return mend ? `${mend}, then ` : 'mend what Slack says, then ';
}

function withMeaning(error: string): string {
  const words = codeInWords(codeOf(error));
  const means = words.slice(codeOf(error).length);
  return `${error}${means && `, that is${means.slice(1)}`}`;
}

/** What a ticket says of an action item. Its title is the item's own words; who reads the tracker need not see the incident. */
export function ticketWords(
  { n, text, owner }: Pick<ActionItem, 'n' | 'text' | 'owner'>,
  { number, title }: Pick<IncidentState, 'number' | 'title'>,
): { title: string; lines: string[] } {
  const words = text.trim() === '' ? `Action item ${n}` : text;
  const first = excerpt(words, 200);
  return {
    title: first,
    lines: [
      ...(first === words ? [] : [words]),
      `Action item ${n} of ${refOf(number)}: ${title}`,
      ...(owner ? [`Owner: ${personLabel(owner)}`] : []),
      'Whoever closes this ticket, or opens it again, does so in the incident too.',
    ],
  };
}

/** Told in the channel: it is not filed, and stays so until somebody mends it. @param next what to do */
export function ticketRefused(action: number, why: string, next: string): string {
  return `action item ${action} is not in the tracker as it is here: ${why}. What to do: ${next}; then \`tocsin deliveries retry all\`. \`tocsin doctor\` looks at the tracker.`;
}

/** Told in the channel once, when it takes long. */
export function ticketWaits(action: number, why: string): string {
  return `action item ${action} is not in the tracker yet: ${why}. It is recorded here, and tried on by itself.`;
}

/** Told in the channel: its ticket is there no more. */
export function ticketLost(action: number, ticket: string): string {
  return `the ticket of action item ${action} (${ticket}) is not in the tracker any more: deleted there, or moved. The item stays here; \`done ${action}\` ticks it off.`;
}

/** Told in the channel: somebody, or something, opens and closes it again and again. */
export function ticketNotFollowed(action: number, ticket: string): string {
  return `${ticket} is closed and opened again and again: until tomorrow that changes action item ${action} no more. Look for an automation in the tracker that undoes what people do.`;
}
