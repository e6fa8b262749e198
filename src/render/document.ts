import { type ActionItem, itemsOf } from '#domain/incident/action.js';
import type { SealedFact } from '#domain/incident/chain.js';
import { type Entry, ERASED, entryText, filesOf } from '#domain/incident/entry.js';
import {
  differenceText,
  impactNumbers,
  type Measurement,
  notedSentences,
  queriesText,
  unaffectedText,
} from '#domain/incident/impact.js';
import { fileText, type KeptImage } from '#domain/incident/message.js';
import type { IncidentState } from '#domain/incident/state.js';
import { type LinkKind, mergedInto } from '#domain/link/link.js';
import type { RunView } from '#domain/run/view.js';
import { type EntryKind, MARKS, type Mark, type Person, personLabel, refOf } from '#domain/words.js';
import { type Clock, closed, dateTimeOf, durationInWords, timeOf } from './clock.js';
import { type Picture, pictureOf } from './picture/picture.js';

/**
 * A document as we mean it, before it is Markdown or HTML. A string is text, to arrive character for character;
 * `cite` names the timeline entry that a sentence rests on.
 */
export type Span = string | { cite: number } | { code: string } | { strong: string };

/** A document, or a part of one, on its way to who writes it. */
export type Blocks = AsyncIterable<Block>;

/** Sorted by (at, n). */
export type Entries = AsyncIterable<Entry> | Iterable<Entry>;

export type Block =
  | { is: 'title'; spans: Span[] }
  | { is: 'heading'; text: string }
  | { is: 'fields'; rows: Array<{ label: string; spans: Span[] }> }
  | { is: 'sentence'; spans: Span[] }
  | { is: 'item'; spans: Span[] }
  /** An action item: done or not. */
  | { is: 'task'; done: boolean; spans: Span[] }
  /** Something that the record does not say. */
  | { is: 'question'; spans: Span[] }
  /** A place that people fill in. */
  | { is: 'prompt'; text: string }
  /** The day on which the following entries happened: `2024-11-10`. */
  | { is: 'day'; date: string }
  /** The clocks of the zone went forward or back between two entries. */
  | { is: 'shift'; from: string; to: string }
  | EntryBlock
  /** What was measured, drawn; `alt` says the same in words, and the table in figures. */
  | ({ is: 'picture' } & Picture)
  | { is: 'footer'; spans: Span[] };

/** One line of the timeline. `datetime` is for machines, `time` for people; `struck` says why, once struck. */
export interface EntryBlock {
  is: 'entry';
  n: number;
  kind: EntryKind;
  datetime: string;
  time: string;
  text: string;
  link: string | null;
  who: string;
  edited: boolean;
  /** When its message was deleted in Slack, where its words are here all the same. */
  deleted: string | null;
  /** What came with a message: name, type, size. */
  files: string[];
  /** Those of them of which the bytes are kept: `name`, and what was recorded of them. */
  images: Array<KeptImage & { name: string }>;
  struck: { reason: string | null } | null;
}

/**
 * Everything an export is made of: one incident as it was in one snapshot of the database. Entries and facts are
 * read as a stream, as often as an export needs them, so that a hundred thousand of them fit in little memory.
 * No clock and no settings come in: the same dossier in the same zone gives the same bytes, for ever.
 */
export interface Dossier {
  state: IncidentState;
  /** Hash of the last fact: 64 hex digits. */
  head: string;
  /** How many facts there are; the sequence number of the last one. */
  facts: number;
  /** Sorted by (at, n), struck ones among them. `kinds`: others need not be read; a store that gives them all is only slower. */
  entries: (only?: { kinds?: readonly EntryKind[] }) => AsyncIterable<Entry>;
  /** Facts in order of recording, with the texts that are still there. */
  factLines: () => AsyncIterable<SealedFact>;
  /** Bytes of an image that is kept with entry `n`, by Slack's id of the file; null: they are gone. Absent: there are none. */
  image?: (n: number, file: string) => Promise<Uint8Array | null>;
  /** Its runs, in order of their numbers. Held in memory: there are as many as people will ever ask for. */
  runs: () => Promise<RunView[]>;
}

/** The `md` and `html` exports: what the incident is, its timeline, then what was concluded from it. */
export async function* incidentDocument(dossier: Dossier, clock: Clock): Blocks {
  const { state } = dossier;
  yield { is: 'title', spans: [`${refOf(state.number)}: ${state.title}`] };
  yield incidentFields(state, clock);
  yield { is: 'heading', text: 'Milestones' };
  yield milestoneFields(state, clock);
  yield { is: 'heading', text: 'Timeline' };
  yield* timelineBlocks(dossier.entries(), clock);
  yield* section('Impact', impactItems(dossier, clock));
  yield* section('Causes', causeItems(dossier));
  yield* section('Action items', actionTasks(dossier));
  yield* section('Public posts', postItems(dossier, clock));
  yield integrityLine(dossier);
}

type Row = { label: string; spans: Span[] };

/** What an incident is, in a few lines. The only place in a document that names the zone: it holds for every time in it. */
export function incidentFields(state: IncidentState, clock: Clock): Block {
  const { lead } = state.roles;
  return fields([
    row('Times', clock.zone),
    row('Status', state.status),
    row('Severity', state.severity ?? 'not set'),
    state.falseAlarm ? row('False alarm', 'yes') : null,
    ...linkRows(state),
    state.drill ? row('Drill', 'yes') : null,
    state.private ? row('Private', 'yes') : null,
    row('Components', state.components.join(', ')),
    row('Lead', lead ? personLabel(lead) : ''),
    ...otherRoles(state).map(([role, person]) => row(capital(role), personLabel(person))),
    row('Channel', state.channel ? `#${state.channel.name}` : ''),
  ]);
}

/** Where it goes on, what goes on here, and what else it has to do with. */
function linkRows({ links = [] }: IncidentState): Array<Row | null> {
  const named = (how: LinkKind) =>
    links
      .filter((link) => link.how === how)
      .map(({ other }) => refOf(other))
      .join(', ');
  return [
    row('Merged into', named('into')),
    row('Merged into this', named('from')),
    row('Linked with', named('linked')),
  ];
}

/** @returns who holds which role, beside the lead, in the order of the roles' names */
export function otherRoles({ roles: { lead: _, ...others } }: IncidentState): Array<[string, Person]> {
  return Object.entries(others).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Milestones and how long it took, in words. */
function milestoneFields(state: IncidentState, clock: Clock): Block {
  const { metrics, contradictions } = metricsIn(state, clock);
  return fields([
    row('Opened', dateTimeOf(state.opened, clock)),
    ...MARKS.map((mark) => {
      const milestone = state.milestones[mark];
      return row(capital(mark), milestone ? dateTimeOf(milestone, clock) : 'not marked');
    }),
    row('Time to detect', words(metrics.time_to_detect_s)),
    row('Time to mitigate', words(metrics.time_to_mitigate_s)),
    row('Time to resolve', words(metrics.time_to_resolve_s)),
    ...contradictions.map((sentence) => row('Contradiction', sentence)),
  ]);
}

function fields(rows: Array<Row | null>): Block {
  return { is: 'fields', rows: rows.filter((row) => row !== null) };
}

function row(label: string, text: string): Row | null {
  return text === '' ? null : { label, spans: [text] };
}

function words(seconds: number | null): string {
  return seconds === null ? '' : durationInWords(seconds);
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Whole seconds from *started*; null where it cannot be known. Never negative. */
export interface Metrics {
  time_to_detect_s: number | null;
  time_to_mitigate_s: number | null;
  time_to_resolve_s: number | null;
}

/** What is measured to each milestone. */
export const MEASURES = {
  detected: 'time_to_detect_s',
  mitigated: 'time_to_mitigate_s',
  resolved: 'time_to_resolve_s',
} as const satisfies { [M in Exclude<Mark, 'started'>]: keyof Metrics };

/**
 * How long it took to detect, mitigate and resolve. Only a marked *started* counts as the beginning: the moment at which
 * the incident was opened says when somebody typed, not when it began. A bare date is no time, so nothing is measured from it.
 * @param clock by which a contradiction's sentence writes a moment; as in the record (UTC) unless given
 * @returns the metrics, and a sentence for each milestone that is before *started*
 */
export function metricsOf(
  milestones: IncidentState['milestones'],
  clock?: Clock,
): { metrics: Metrics; contradictions: string[] } {
  const metrics: Metrics = { time_to_detect_s: null, time_to_mitigate_s: null, time_to_resolve_s: null };
  const contradictions: string[] = [];
  const show = (at: string) => (clock ? `${clock.read(at).date} ${clock.read(at).time}` : at);
  const started = milestones.started;
  if (!started || started.precision === 'date') return { metrics, contradictions };
  for (const mark of ['detected', 'mitigated', 'resolved'] as const) {
    const reached = milestones[mark];
    if (!reached || reached.precision === 'date') continue;
    const seconds = Math.round((Date.parse(reached.at) - Date.parse(started.at)) / 1000);
    if (seconds >= 0) metrics[MEASURES[mark]] = seconds;
    else contradictions.push(`${mark} (${show(reached.at)}) is before started (${show(started.at)})`);
  }
  return { metrics, contradictions };
}

/**
 * The metrics of an incident. What was a false alarm, or goes on in another, is measured by nothing: it would make every figure
 * wrong that counts it.
 */
export function metricsIn(
  { milestones, falseAlarm, links }: Pick<IncidentState, 'milestones' | 'falseAlarm' | 'links'>,
  clock?: Clock,
): ReturnType<typeof metricsOf> {
  return metricsOf(
    falseAlarm || mergedInto({ links }) !== null ? { ...milestones, started: null } : milestones,
    clock,
  );
}

/** Between start and resolution, a silence of this many seconds is asked about. */
const SILENCE = 15 * 60;

/** From where to where silences are asked about; `to` null: to the last entry. */
export interface Watched {
  from: { at: string; n: number };
  to: string | null;
}

/**
 * The timeline: a day's date before its first entry, then every entry in order. Days follow the clock, so they never go
 * back; a bare date is where it sorts and shows the date that was typed.
 * @param watched ask about silences within it
 */
export async function* timelineBlocks(
  entries: Entries,
  clock: Clock,
  watched: Watched | null = null,
): Blocks {
  let day: string | null = null;
  let offset: string | null = null;
  let covered = watched && { ...watched.from, end: Date.parse(watched.from.at) };
  for await (const entry of entries) {
    if (covered && watched && counts(entry, watched)) {
      if (Date.parse(entry.at) - covered.end >= SILENCE * 1000) yield silence(covered, entry, clock);
      const end = Date.parse(entry.until ?? entry.at);
      if (end >= covered.end) covered = { at: entry.until ?? entry.at, n: entry.n, end };
    }
    const wall = clock.read(entry.at);
    if (wall.date !== day && !foreignDate(entry, wall.date)) {
      day = wall.date;
      yield { is: 'day', date: day };
    }
    // An hour that comes twice must not read as if time went back.
    if (offset !== null && wall.offset !== offset) yield { is: 'shift', from: offset, to: wall.offset };
    offset = wall.offset;
    yield entryBlock(entry, clock);
  }
}

function entryBlock(entry: Entry, clock: Clock): EntryBlock {
  const by = personLabel(entry.by);
  const author = entry.detail.author;
  const files = filesOf(entry);
  return {
    is: 'entry',
    n: entry.n,
    kind: entry.kind,
    datetime: entry.precision === 'date' ? entry.at.slice(0, 10) : entry.at,
    time: timeOf(entry, clock),
    text: entryText(entry),
    link: entry.link,
    who: author && author.id !== entry.by.id ? `${closed(personLabel(author))} (recorded by ${by})` : by,
    edited: entry.editedAt !== null && !entry.struck,
    deleted: entry.detail.deleted && entry.text !== null ? momentText(entry.detail.deleted, clock) : null,
    files: files.map(fileText),
    images: files.flatMap(({ id, name }) =>
      (entry.detail.kept ?? []).flatMap((image) => (image.id === id ? [{ ...image, name }] : [])),
    ),
    struck: entry.struck ? { reason: entry.detail.struckReason ?? null } : null,
  };
}

const momentText = (at: string, clock: Clock) => dateTimeOf({ at, precision: 'minute' }, clock);

/** West of Greenwich a bare date sorts into the evening before: it says its own date, so it opens no day. */
function foreignDate(entry: Entry, date: string): boolean {
  return entry.precision === 'date' && entry.at.slice(0, 10) !== date;
}

function counts(entry: Entry, { from, to }: Watched): boolean {
  if (entry.struck || entry.precision === 'date') return false;
  return entry.at >= from.at && (to === null || entry.at <= to);
}

function silence(covered: { at: string; n: number; end: number }, entry: Entry, clock: Clock): Block {
  const seconds = Math.floor((Date.parse(entry.at) - covered.end) / 1000);
  const [from, to] = [clock.read(covered.at), clock.read(entry.at)];
  const minute = (reading: typeof from) =>
    `${from.date === to.date ? '' : `${reading.date} `}${reading.time.slice(0, 5)}`;
  return {
    is: 'question',
    spans: [
      `what happened in the ${durationInWords(seconds)} between ${minute(from)} and ${minute(to)}? Nothing is recorded there`,
      ...cites(covered.n, entry.n),
    ],
  };
}

/** A heading, if there is anything below it. */
async function* section(heading: string, blocks: Blocks): Blocks {
  let empty = true;
  for await (const block of blocks) {
    if (empty) yield { is: 'heading', text: heading };
    empty = false;
    yield block;
  }
}

/** Each impact; where a typed figure and a measured one differ, that they do; and the newest measurement as a picture. */
export async function* impactItems(dossier: Dossier, clock: Clock): Blocks {
  yield* items(dossier, 'impact', (entry) => [impactInFull(entry, clock)]);
  const { typed, measured } = await impactFigures(dossier);
  if (!measured) return;
  const differs = differenceOf(typed, measured);
  if (typed && differs)
    yield {
      is: 'question',
      spans: [`which figure is right? ${capital(differs)}`, ...cites(typed.n, measured.n)],
    };
  const picture = await pictureOf(measured, dossier.state.milestones, clock);
  if (picture) yield { is: 'picture', ...picture };
}

/** The newest figures that somebody typed, and the newest that were measured; null: there are none. */
export async function impactFigures(
  dossier: Dossier,
): Promise<{ typed: Entry | null; measured: Entry | null }> {
  let typed: Entry | null = null;
  let measured: Entry | null = null;
  for await (const entry of unstruck(dossier, ['impact'])) {
    if (entry.detail.measured) measured = newer(measured, entry);
    else if (typeof entry.detail.failed === 'number' || typeof entry.detail.total === 'number')
      typed = newer(typed, entry);
  }
  return { typed, measured };
}

const newer = (a: Entry | null, b: Entry): Entry => (a && a.n > b.n ? a : b);

/** @returns how they differ, in words; null: they do not, or do not speak of the same */
export function differenceOf(typed: Entry | null, measured: Entry | null): string | null {
  const { failed, total, measured: how } = measured?.detail ?? {};
  if (!typed || how?.limited || typeof failed !== 'number' || typeof total !== 'number') return null;
  return differenceText(typed.detail, { failed, total });
}

/** A list item for each entry of that kind that nobody struck: where it stands, and what is said of it. */
async function* items(dossier: Dossier, kind: EntryKind, say: (entry: Entry) => Span[]): Blocks {
  for await (const entry of unstruck(dossier, [kind]))
    yield { is: 'item', spans: [{ cite: entry.n }, ' ', ...say(entry)] };
}

/**
 * An impact with everything that was recorded of it: the text, then the numbers that the text may not say:
 * `clips fail — 19 of 400 requests failed (4.8 %), 2024-11-10 01:41–01:44 (3 min), Developer API`.
 */
function impactInFull(entry: Entry, clock: Clock): string {
  const { failed = null, total = null, from = null, to = null, components = [] } = entry.detail;
  const text = entry.text === null && !entry.erased ? null : entryText(entry);
  const rate = failed !== null && total ? ` (${((failed / total) * 100).toFixed(1)} %)` : '';
  const numbers = impactNumbers({ failed, total });
  const { measured, unaffected } = entry.detail;
  const facts = [numbers && numbers + rate, span(from, to, clock), components.join(', ')].filter(Boolean);
  const behind = [unaffectedText(unaffected), measured && measuredInFull(measured)].filter(Boolean);
  const said = measured || text === null ? null : text;
  const all = [facts.join(', '), ...behind].filter((part) => part !== '').join('; ');
  if (said === null || all === '') return said ?? all;
  return `${closed(said)} — ${all}`;
}

/** How the figures came about, those of each group, and what has to be known of them. */
function measuredInFull(measured: Measurement): string {
  const groups = measured.groups.map(
    ({ name, failed, total }) => `${name}: ${impactNumbers({ failed, total }) ?? ''}`,
  );
  return [`measured ${queriesText(measured)}`, ...groups, ...notedSentences(measured.noted)].join('; ');
}

function span(from: string | null, to: string | null, clock: Clock): string | null {
  const shown = (at: string) => {
    const { date, time } = clock.read(at);
    return { date, time: time.endsWith(':00') ? time.slice(0, 5) : time };
  };
  const first = from === null ? null : shown(from);
  const last = to === null ? null : shown(to);
  if (from !== null && to !== null && first && last) {
    const day = first.date === last.date ? '' : `${last.date} `;
    const seconds = Math.round((Date.parse(to) - Date.parse(from)) / 1000);
    return `${first.date} ${first.time}–${day}${last.time} (${durationInWords(seconds)})`;
  }
  if (first) return `from ${first.date} ${first.time}`;
  return last ? `until ${last.date} ${last.time}` : null;
}

export function causeItems(dossier: Dossier): Blocks {
  return items(dossier, 'cause', (entry) => [entry.text ?? ERASED]);
}

export async function* actionTasks(dossier: Dossier): Blocks {
  for (const item of await actionItems(dossier.entries({ kinds: ['action'] }))) {
    const { owner, due, ticket } = item;
    const said = [
      ...(owner ? [`owner ${personLabel(owner)}`] : []),
      ...(due ? [`due ${due}`] : []),
      ...(ticket ? [ticket.name] : []),
    ];
    const behind: Span[] = said.length > 0 ? [` (${said.join(', ')})`] : [];
    const spans: Span[] = [`#${item.n} ${item.text}`, ...behind, ...cites(item.entry)];
    yield { is: 'task', done: item.done, spans };
  }
}

/** @returns the items that there are. Held in memory: there are as many as people will ever do. */
export async function actionItems(entries: Entries): Promise<ActionItem[]> {
  const all: Entry[] = [];
  for await (const entry of entries) if (entry.kind === 'action') all.push(entry);
  return itemsOf(all);
}

function postItems(dossier: Dossier, clock: Clock): Blocks {
  return items(dossier, 'post', (entry) => {
    const said = `${entry.detail.state ?? ''}: ${entry.text ?? ERASED}`;
    return [dateTimeOf(entry, clock), ' ', said];
  });
}

/** What ties a document to the record: anybody with the `facts` export can check it. */
export function integrityLine(dossier: Dossier): Block {
  const { state, facts, head } = dossier;
  const count = `${facts} ${facts === 1 ? 'fact' : 'facts'}`;
  return { is: 'footer', spans: [`${refOf(state.number)} · ${count} · head `, { code: head }] };
}

/** @returns the entries of those kinds that nobody struck. */
export async function* unstruck(dossier: Dossier, kinds: readonly EntryKind[]): AsyncIterable<Entry> {
  for await (const entry of dossier.entries({ kinds })) {
    if (!entry.struck && kinds.includes(entry.kind)) yield entry;
  }
}

/** @returns spans with a separator between each two. */
export function joined(parts: Span[][], separator: string): Span[] {
  return parts.flatMap((part, i) => (i === 0 ? part : [separator, ...part]));
}

/** @returns ` [#4] [#9]`: what a sentence rests on, each entry once. */
export function cites(...entries: Array<number | null | undefined>): Span[] {
  const known = [...new Set(entries.filter((n): n is number => typeof n === 'number'))];
  return known.flatMap((cite) => [' ', { cite }]);
}

/** @returns the link when it is one that a browser may follow; anything else (`javascript:` …) is never made clickable. */
export function safeLink(link: string | null): string | null {
  return link !== null && /^https?:\/\/[^\s\p{Cc}]+$/iu.test(link) ? link : null;
}
