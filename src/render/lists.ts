import { alertsHere, firingIn } from '#domain/alert/state.js';
import { type ActionItem, dueText } from '#domain/incident/action.js';
import { bridgeOf, hostOf } from '#domain/incident/bridge.js';
import { type Entry, ERASED, entryOf, toldText } from '#domain/incident/entry.js';
import type { Fact } from '#domain/incident/fact.js';
import { differenceText, impactText, unaffectedText } from '#domain/incident/impact.js';
import { momentOfTs } from '#domain/incident/message.js';
import type { IncidentState } from '#domain/incident/state.js';
import { rolesOf } from '#domain/incident/state.js';
import { linksText } from '#domain/link/link.js';
import { pagesText } from '#domain/paging/page.js';
import { runsOf } from '#domain/run/state.js';
import { LOST } from '#domain/slack-code.js';
import { watchedIn, watchOf } from '#domain/watch/watch.js';
import {
  type EntryKind,
  MARKS,
  momentNow,
  type Person,
  personLabel,
  refOf,
  runRef,
  sourceOf,
} from '#domain/words.js';
import { type Clock, clockIn, closed, dateTimeOf, durationInWords, excerpt, timeOf } from './clock.js';
import { actionItems, type Dossier, type Entries, MEASURES, metricsIn, otherRoles } from './document.js';
import { runStatusText } from './runs.js';
import { lostText, type Undelivered, undeliveredLines, withoutChannel } from './undelivered.js';

/** The answer to `list`: a line per incident. @param refused what Slack refused of them, or of others too */
export function listText(incidents: readonly IncidentState[], refused: readonly Undelivered[] = []): string {
  if (incidents.length === 0) return 'No incident is open. `open TITLE` opens one.';
  return incidents.map((one) => listLine(one, refused)).join('\n');
}

function listLine(state: IncidentState, refused: readonly Undelivered[]): string {
  const lead = state.roles.lead ? `lead ${personLabel(state.roles.lead)}` : 'no lead';
  const without = () => withoutChannel(refused.filter(({ incident }) => incident === state.number));
  const lost = state.channel?.lost ? ` (${LOST[state.channel.lost].means})` : '';
  const where = state.channel ? `#${state.channel.name}${lost}` : (without() ?? 'no channel yet');
  const marks = `${state.drill ? ' drill' : ''}${state.private ? ' private' : ''}`;
  const firing = firingIn(state.alerts);
  const alerts = firing > 0 ? ` · ${alertsFire(firing)}` : '';
  return `${refOf(state.number)} ${state.severity ?? 'no severity'} ${state.status}${marks}: ${excerpt(state.title)} · ${lead} · ${where}${alerts}`;
}

/**
 * The answer to `show`: what the incident is now.
 * @param refused what Slack refused of it
 * @param now null: what ends at some time is shown as if it went on
 * @throws RangeError when there is no such zone
 */
export function showText(
  state: IncidentState,
  zone = 'UTC',
  refused: readonly Undelivered[] = [],
  now: Date | null = null,
): string {
  const clock = clockIn(zone);
  const entries = state.entries - (state.skipped ?? 0);
  const lines = [
    `${refOf(state.number)}: ${state.title}`,
    `${state.status}${state.falseAlarm ? ' · false alarm' : ''} · ${state.severity ?? 'no severity'}${state.drill ? ' · drill' : ''}${state.private ? ' · private' : ''}`,
    roles(state),
    state.components.length > 0 ? `components: ${state.components.join(', ')}` : '',
    state.channel
      ? `channel: #${state.channel.name}${state.channel.lost ? `, ${lostText(state.channel.lost)}` : ''}`
      : '',
    ...undeliveredLines(refused, state.channel !== null),
    ...milestones(state, clock),
    ...impacts(state),
    bridgeLine(state),
    state.links ? capped(`links: ${linksText(state.links)}`) : '',
    state.lastPost ? `last public post: ${state.lastPost.state}` : '',
    ...rhythmLines(state, clock, now),
    ...alertLines(state),
    ...underWay(state),
    state.pages ? capped(pagesText(state.pages, personLabel)) : '',
    watched(state, clock),
    `${entries} ${entries === 1 ? 'entry' : 'entries'} · times in ${clock.zone}`,
  ];
  return lines.filter((line) => line !== '').join('\n');
}

/**
 * The answer to `catchup`: the incident as it is now, then what was recorded lately.
 * @param entries those that the asker has not seen, sorted; as many as fit are shown, the newest
 */
export async function catchupText(
  state: IncidentState,
  entries: Entries,
  zone = 'UTC',
  refused: readonly Undelivered[] = [],
  now: Date | null = null,
): Promise<string> {
  const clock = clockIn(zone);
  const { lines, earlier } = await newest(entries, clock, 2_500);
  const more = earlier > 0 ? [`… ${earlier} earlier: \`timeline\` shows more`] : [];
  const none = lines.length === 0 ? ['nothing new'] : [];
  return [showText(state, zone, refused, now), '', ...more, ...underDays(lines), ...none].join('\n');
}

/** Kinds of entries that somebody who comes late wants to know of first. */
const TELLING: readonly EntryKind[] = [
  ...(['status', 'severity', 'milestone', 'impact', 'cause', 'role', 'post', 'link'] as const),
];
const TOLD_LATELY = 900;

/** What somebody who came late is told: how it stands, what has changed it, and what is asked of them. */
export async function lateText(dossier: Dossier, person: string, zone: string): Promise<string> {
  const { state } = dossier;
  const clock = clockIn(zone);
  const { lines } = await newest(dossier.entries({ kinds: TELLING }), clock, TOLD_LATELY);
  const roles = rolesOf(state, person);
  const items = await actionItems(dossier.entries({ kinds: ['action'] }));
  const own = items.filter(({ owner, done }) => owner?.id === person && !done);
  const asked = [
    ...(roles.length > 0 ? [`you are ${roles.join(' and ')}`] : []),
    ...own.slice(0, 5).map(({ n, text }) => `action #${n}: ${excerpt(text, 100)}`),
  ];
  return [
    cutLines(showText(state, zone), TOLD_IN_ALL - TOLD_LATELY),
    ...(lines.length > 0 ? ['', ...underDays(lines)] : []),
    ...(asked.length > 0 ? ['', `Asked of you: ${asked.join(' · ')}`] : []),
  ].join('\n');
}

/** A message's section, with room for what is asked. */
const TOLD_IN_ALL = 2_400;

/** As many whole lines as fit. */
function cutLines(text: string, room: number): string {
  if (text.length <= room) return text;
  const end = text.lastIndexOf('\n', room - 2);
  return `${text.slice(0, end > 0 ? end : room - 2)}\n…`;
}

/** `☐ 3. rotate keys · bo · overdue by 9 days (2026-12-05) · acme/app#12`. @param today where who reads it is; null: nothing is overdue */
function actionLine(item: ActionItem, name: string, today: string | null): string {
  const { done, due, owner, ticket } = item;
  const said = [
    `${done ? '☑' : '☐'} ${name} ${excerpt(item.text, 280)}`,
    owner ? personLabel(owner) : 'nobody yet',
    ...(due === null ? [] : [done || today === null ? `due ${due}` : dueText(due, today)]),
    ...(ticket ? [ticket.name] : []),
  ];
  return said.join(' · ');
}

/** The answer to `actions`: a line per action item, open ones first. */
export function actionsText(ref: string, items: readonly ActionItem[], today: string | null = null): string {
  if (items.length === 0) return `${ref} has no action items. \`action TEXT @owner\` adds one.`;
  const open = items.filter((item) => !item.done);
  const done = items.filter((item) => item.done);
  return [
    `Action items of ${ref}: ${open.length} open, ${done.length} done`,
    ...[...open, ...done].map((item) => actionLine(item, `${item.n}.`, today)),
    ...(open.length > 0
      ? ['`done N` ticks one off; `action N @owner --due friday` gives it to somebody']
      : []),
  ].join('\n');
}

/** An action item with the incident that it is of. */
export interface OwnItem {
  readonly incident: Pick<IncidentState, 'number' | 'title' | 'drill'>;
  readonly item: ActionItem;
}

/** As many as fit a message on a phone. */
const OWN = 30;

/** The answer to `actions --mine`: open ones first, those that are due soonest before the others. */
export function ownActionsText(items: readonly OwnItem[], today: string): string {
  const open = items.filter(({ item }) => !item.done).sort(soonest);
  const done = items.filter(({ item }) => item.done);
  if (items.length === 0)
    return 'No action item of an incident that you can see is yours. `action TEXT @you --due friday` adds one.';
  const overdue = open.filter(({ item }) => item.due !== null && item.due < today).length;
  const late = overdue > 0 ? `, ${overdue} overdue` : '';
  const line = ({ incident, item }: OwnItem) =>
    `${actionLine({ ...item, owner: null }, `${refOf(incident.number)} ${item.n}.`, today).replace(' · nobody yet', '')}${incident.drill ? ' · drill' : ''}`;
  const shown = [...open, ...done].slice(0, OWN);
  const more = items.length - shown.length;
  const first = open[0];
  return [
    `Action items of yours: ${open.length} open${late}, ${done.length} done lately`,
    ...shown.map(line),
    ...(more > 0 ? [`… and ${more} more`] : []),
    ...(first ? [`\`done ${refOf(first.incident.number)} ${first.item.n}\` ticks the first one off`] : []),
  ].join('\n');
}

/** What is due on no day comes last; of one day, what was written down first. */
function soonest(a: OwnItem, b: OwnItem): number {
  const [left, right] = [a.item.due ?? '9999', b.item.due ?? '9999'];
  if (left !== right) return left < right ? -1 : 1;
  return a.incident.number - b.incident.number || a.item.n - b.item.n;
}

/** A key of alerts that is muted; `until` null: not any more. */
interface Mute {
  key: string;
  until: Date | null;
}

/**
 * The answer to `mute KEY 2h`, for whoever looks in any zone.
 * @param seen whether an incident that they may see has had alerts of that key; a mistyped one has not
 */
export function mutedText({ key, until }: Mute, seen = true): string {
  const name = excerpt(key, 200);
  if (until === null) return `${name} is not muted: its alerts open incidents again.`;
  const never = seen
    ? ''
    : ' No incident that you may see has had alerts of that key; keys stand in the message of the alerts.';
  return `${name} is muted until ${minuteOf(until)} UTC: its alerts open no new incident before then; one that is open is still added to, and what still fires then opens one. \`mute ${name} off\` ends it.${never}`;
}

/** The answer to `mute` alone. */
export function mutesText(mutes: ReadonlyArray<Mute & { by: Person }>, zone: string): string {
  if (mutes.length === 0)
    return 'Nothing is muted. `mute KEY 2h` keeps alerts of that key from opening an incident.';
  const clock = clockIn(zone);
  const line = ({ key, until, by }: Mute & { by: Person }) => {
    const when = until === null ? '' : dateTimeOf({ ...momentNow(until), precision: 'minute' }, clock);
    return `${excerpt(key, 200)} until ${when}, by ${personLabel(by)}`;
  };
  return [...mutes.map(line), `times in ${clock.zone} · \`mute KEY off\` ends it`].join('\n');
}

function minuteOf(at: Date): string {
  return at.toISOString().slice(0, 16).replace('T', ' ');
}

/** The link itself is for those who are in the channel. */
function bridgeLine(state: IncidentState): string {
  const bridge = bridgeOf(state);
  return bridge ? `bridge: at ${hostOf(bridge.url)}, its link is in the headline` : '';
}

/** As many as an incident may have would push everything else out. */
function capped(line: string): string {
  return excerpt(line, 400);
}

/** What was typed and what was measured, each as it is, and how they differ. */
function impacts({ impact, measured, unaffected = [] }: IncidentState): string[] {
  const typed = impact ? `impact: ${excerpt(impactText(shortened(impact)), 280)}` : '';
  const names = unaffectedText(unaffected.map(({ name }) => name));
  if (!measured) return [typed || 'impact: not recorded', names === null ? '' : excerpt(names, 280)];
  const counted = impactText({ ...measured, text: null });
  const differs = impact && !measured.limited ? differenceText(impact, measured) : null;
  return [
    typed,
    `impact, measured: ${excerpt(counted, 280)}`,
    differs === null ? '' : `the figures differ: ${differs}`,
    names === null ? '' : excerpt(names, 280),
  ];
}

/** A long text must not push the numbers of an impact out. */
function shortened<T extends { text: string | null }>(impact: T): T {
  return { ...impact, text: impact.text === null ? null : excerpt(impact.text, 200) };
}

/** How many alerts fire, and of which keys, those that fire first; nothing where monitoring has said nothing. */
function alertLines({ alerts }: IncidentState): string[] {
  const here = alertsHere(alerts).sort((a, b) => b.firing - a.firing);
  if (here.length === 0) return [];
  const heard = here.reduce((sum, group) => sum + group.alerts, 0);
  const keys = here.slice(0, 5).map(({ key, firing }) => `${excerpt(key, 80)} (${firing})`);
  const more = here.length > 5 ? ` and ${here.length - 5} more` : '';
  return [`alerts: ${firingIn(alerts)} of ${heard} firing · ${keys.join(', ')}${more}`];
}

function alertsFire(count: number): string {
  return count === 1 ? '1 alert fires' : `${count} alerts fire`;
}

/** By when more was promised, and that nobody is reminded meanwhile. */
function rhythmLines({ status, rhythm, promised }: IncidentState, clock: Clock, now: Date | null): string[] {
  const { next, snoozed } = status === 'resolved' ? {} : (rhythm ?? {});
  const minute = (at: string) => dateTimeOf({ at, until: null, precision: 'minute' }, clock);
  return [
    ...(next ? [`next update promised by ${minute(next.by)} (${personLabel(next.who)})`] : []),
    ...(promised ? [`next public update promised by ${minute(promised.by)}`] : []),
    ...(snoozed && Date.parse(snoozed.until) > (now?.getTime() ?? 0)
      ? [`reminders snoozed until ${minute(snoozed.until)} (${personLabel(snoozed.who)})`]
      : []),
  ];
}

/** Runs that have not ended: these want something, or are at work. */
function underWay(state: IncidentState): string[] {
  return runsOf(state)
    .list.filter(({ status }) => status !== 'ended')
    .map((run) => `${runRef(run.run)} ${run.runbook} ${runStatusText({ state: run })}`);
}

/** A watch that goes on: until when, what it looks at, and what of that fails now. */
function watched(state: IncidentState, clock: Clock): string {
  const on = watchOf(state);
  if (!on) return '';
  const until = timeOf({ at: on.ends, until: null, precision: 'minute' }, clock);
  const fails = on.failing.length > 0 ? `; failing: ${on.failing.join(', ')}` : '';
  return `watched until ${until}: ${watchedIn(on).join(', ')}${fails}`;
}

function roles(state: IncidentState): string {
  const { lead } = state.roles;
  const rest = otherRoles(state).map(([role, person]) => `${role}: ${personLabel(person)}`);
  return [lead ? `lead: ${personLabel(lead)}` : 'no lead yet', ...rest].join(' · ');
}

/** ` by an alert from prometheus`; of what a person opened, the timeline says who. */
function openedBy({ opener }: IncidentState): string {
  const source = sourceOf(opener.id);
  return source === null ? '' : ` by an alert from ${source}`;
}

function milestones(state: IncidentState, clock: Clock): string[] {
  const { metrics, contradictions } = metricsIn(state, clock);
  const opened = `opened: ${dateTimeOf(state.opened, clock)}${openedBy(state)}`;
  const marked = MARKS.flatMap((mark) => {
    const milestone = state.milestones[mark];
    if (!milestone) return [];
    const seconds = mark === 'started' ? null : metrics[MEASURES[mark]];
    const after = seconds === null ? '' : ` (${durationInWords(seconds)} after the start)`;
    return [`${mark}: ${dateTimeOf(milestone, clock)}${after}`];
  });
  return [opened, ...marked, ...contradictions];
}

/** What fits in one answer on a phone; Slack cuts a message's section at 3,000–4,000 characters. */
const BUDGET = 3_500;

interface Line {
  date: string;
  text: string;
}

/**
 * The answer to `timeline`: the newest entries that fit, oldest first, and how many earlier ones there are.
 * Reads all entries but keeps only what fits.
 * @throws RangeError when there is no such zone
 */
export async function timelineText(
  entries: Entries,
  about: { ref: string; zone: string; budget?: number },
): Promise<string> {
  const clock = clockIn(about.zone);
  const { lines, earlier } = await newest(entries, clock, about.budget ?? BUDGET);
  if (lines.length === 0) return `The timeline of ${about.ref} is empty. \`note TEXT\` adds to it.`;
  const head = `Timeline of ${about.ref}, times in ${clock.zone}`;
  const more = earlier > 0 ? [`… ${earlier} earlier: \`export md\` has them all`] : [];
  return [head, ...more, ...underDays(lines)].join('\n');
}

/** The last entries whose lines fit in `budget` characters, and how many come before them. */
async function newest(
  entries: Entries,
  clock: Clock,
  budget: number,
): Promise<{ lines: Line[]; earlier: number }> {
  let lines: Line[] = [];
  let size = 0;
  let earlier = 0;
  for await (const entry of entries) {
    const line = { date: clock.read(entry.at).date, text: lineOf(entry, clock) };
    lines.push(line);
    size += line.text.length + 1;
    let gone = 0;
    for (; size > budget && gone < lines.length - 1; gone++) size -= (lines[gone]?.text.length ?? 0) + 1;
    if (gone > 0) lines = lines.slice(gone);
    earlier += gone;
  }
  return { lines, earlier };
}

/** Puts the date before the first line of each day. */
function underDays(lines: Line[]): string[] {
  return lines.flatMap((line, i) =>
    line.date === lines[i - 1]?.date ? [line.text] : [`— ${line.date} —`, line.text],
  );
}

function lineOf(entry: Entry, clock: Clock): string {
  const plain = entry.kind === 'note' || entry.kind === 'message';
  const what = `${plain ? '' : `${entry.kind} `}${excerpt(toldText(entry.kind === 'impact' ? shortened(entry) : entry), 280)}`;
  const who = personLabel(entry.detail.author ?? entry.by);
  return `${timeOf(entry, clock)} #${entry.n} ${closed(entry.struck ? `(struck) ${what}` : what)} — ${who}`;
}

/**
 * The answer to `history`: what an entry said from the beginning, and who changed it when.
 * @param facts all about it, in order
 * @param about `words`: whoever asks may read what it said before
 * @returns null: there is no such entry
 */
export function historyText(
  facts: readonly Fact[],
  about: { ref: string; entry: number; zone: string; words: boolean },
): string | null {
  const clock = clockIn(about.zone);
  const [first, ...later] = facts;
  const entry = first && entryOf(first);
  if (!entry) return null;
  const when = (at: string) => dateTimeOf({ at, precision: 'minute' }, clock);
  const quoted = (text: string | null | undefined) =>
    about.words ? `: “${closed(excerpt(text ?? ERASED, 600))}”` : '';
  const { author } = entry.detail;
  const of = author && author.id !== entry.by.id ? `, a message of ${personLabel(author)}` : '';
  const began = dateTimeOf(entry, clock);
  let at = began;
  const lines = later.flatMap((fact) => {
    const by = `${when(fact.recordedAt)} ${personLabel(fact.by)}`;
    switch (fact.type) {
      case 'EntryEdited':
        return `${by} corrected it${quoted(fact.texts.text)}`;
      case 'EntryRetimed': {
        const [was, now] = [at, dateTimeOf(fact.data, clock)];
        at = now;
        return `${by} set its time: ${now}, was ${was}`;
      }
      case 'EntryStruck':
        return `${by} struck it: ${closed(excerpt(fact.texts.reason ?? ERASED, 280))}`;
      case 'MessageEdited': {
        const unshown = fact.data.shown ? '' : ', which is not shown';
        const edited = when(momentOfTs(fact.data.ts));
        return `${edited} ${personLabel(fact.by)} edited the message in Slack${unshown}${quoted(fact.texts.text)}`;
      }
      case 'MessageDeleted':
        return `${when(momentOfTs(fact.data.ts))} the message was deleted in Slack, which does not say by whom`;
      case 'FilesKept':
        return `${when(fact.recordedAt)} ${fact.data.files.length === 1 ? 'an image of it is' : `${fact.data.files.length} images of it are`} kept`;
      default:
        return [];
    }
  });
  const hidden = later.length > 0 && !about.words;
  return [
    `History of ${about.ref} #${about.entry}, times in ${clock.zone}`,
    `${when(entry.recordedAt)} ${personLabel(entry.by)} recorded it${of}, of ${began}${later.length > 0 ? quoted(toldText(entry)) : `: ${closed(excerpt(toldText(entry), 600))}`}`,
    ...capLines(lines),
    ...(later.length === 0 ? ['Nobody has changed it.'] : []),
    ...(hidden ? ['What it said before is shown to those who may correct entries.'] : []),
  ].join('\n');
}

/** The newest of them that fit in an answer. */
function capLines(lines: readonly string[]): string[] {
  let room = BUDGET;
  const shown = [...lines].reverse().filter((line) => {
    room -= line.length + 1;
    return room > 0;
  });
  const more = lines.length - shown.length;
  return [...(more > 0 ? [`… ${more} before: \`export facts\` has them all`] : []), ...shown.reverse()];
}

/** A page of incidents, and how the next one is asked for. `typed`: what was asked for, without a page. */
interface Paged<T> {
  items: readonly T[];
  page: number;
  more: boolean;
  typed: string;
}

/** The answer to `list` with filters, or to any list of more than fits. @param all nothing was chosen: the open ones */
export function listPageText(
  { items, page, more, typed }: Paged<IncidentState>,
  refused: readonly Undelivered[],
  all: boolean,
): string {
  if (items.length === 0 && page > 1) return 'There are no more.';
  if (items.length === 0) return all ? listText([]) : 'No incident that you can see is like that.';
  const dated = (state: IncidentState) => (all ? '' : ` · opened ${state.opened.at.slice(0, 10)}`);
  const lines = items.map((state) => `${listLine(state, refused)}${dated(state)}`);
  return [...lines, ...nextPage('list', typed, page, more)].join('\n');
}

function nextPage(verb: string, typed: string, page: number, more: boolean): string[] {
  const said = typed === '' ? verb : `${verb} ${typed}`;
  return more ? [`… there are more: \`${said} --page ${page + 1}\``] : [];
}

/** An incident that was found, and lines of its timeline that hold the words. */
interface FoundHere {
  state: IncidentState;
  lines: ReadonlyArray<{ n: number; kind: EntryKind; text: string }>;
}

/** What is shown of a line: it is to stand on one or two of a phone's. */
const AROUND = 110;

/**
 * The answer to `search`.
 * @param words that were looked for, in small letters without accents
 * @param meant whether these are others than were typed
 */
export function foundText(
  { items, page, more, typed }: Paged<FoundHere>,
  words: readonly string[],
  meant: boolean,
): string {
  const asked = `“${excerpt(typed, 80)}”`;
  if (items.length === 0 && page > 1) return 'There are no more.';
  if (items.length === 0)
    return `Nothing that you can see holds ${asked}. Fewer words find more; of a word its beginning will do.`;
  const head = meant ? `Nothing holds ${asked}. This holds “${words.join(' ')}”:` : `Found for ${asked}:`;
  const each = items.flatMap(({ state, lines }) => {
    const marks = `${state.drill ? ' drill' : ''}${state.private ? ' private' : ''}`;
    const what = `${state.severity ?? 'no severity'} ${state.status}${marks}`;
    return [
      `${refOf(state.number)} ${what}: ${excerpt(state.title, 120)} · ${state.opened.at.slice(0, 10)}`,
      ...lines.map(({ n, kind, text }) => {
        const plain = kind === 'note' || kind === 'message';
        return `    #${n} ${plain ? '' : `${kind} `}${around(text, words)}`;
      }),
    ];
  });
  return [head, ...each, ...nextPage('search', excerpt(typed, 280), page, more)].join('\n');
}

/** The part of a text in which one of the words stands. */
function around(text: string, words: readonly string[]): string {
  const line = text.replace(/\s+/g, ' ').trim();
  for (const { 0: word, index } of line.matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    const small = word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
    if (!words.some((one) => small.startsWith(one))) continue;
    if (index < AROUND - word.length) break;
    const from = line.lastIndexOf(' ', index - AROUND / 2) + 1;
    return `…${excerpt(line.slice(from), AROUND - 1)}`;
  }
  return excerpt(line, AROUND);
}

/**
 * Said to whoever opens an incident that may be the same as another: what each is, and what to type.
 * @param ref the new one
 */
export function relatedText(
  ref: string,
  others: ReadonlyArray<{ state: IncidentState; component: string | null }>,
): string | null {
  const [first] = others;
  if (!first) return null;
  const lines = others.map(({ state, component }) => {
    const why = component === null ? '' : ` · ${excerpt(component, 60)}`;
    return `${refOf(state.number)} ${state.severity ?? 'no severity'} ${state.status}: ${excerpt(state.title, 120)}${why}`;
  });
  const other = refOf(first.state.number);
  const merge =
    first.state.status === 'resolved' ? '' : ` If it is the same: \`merge ${ref} into ${other}\`.`;
  return [
    'Perhaps related:',
    ...lines,
    `To tie them together: \`link ${ref} ${other} REASON\`.${merge}`,
  ].join('\n');
}
