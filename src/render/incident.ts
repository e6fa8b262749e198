import { type Entry, ERASED, entryText, impactNumbers } from '#domain/incident/entry.js';
import { type IncidentState, metricsOf } from '#domain/incident/state.js';
import { MARKS, type Person, personLabel, refOf } from '#domain/words.js';
import { type Clock, closed, dateTimeOf, durationInWords } from './clock.js';
import { type Block, cites, type Dossier, type Span, standing, timelineBlocks } from './document.js';

/** The `md` and `html` exports: what the incident is, its timeline, then what was concluded from it. */
export async function* incidentDocument(
  dossier: Dossier,
  clock: Clock,
): AsyncGenerator<Block, void, undefined> {
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

export async function* impactItems(dossier: Dossier, clock: Clock): AsyncGenerator<Block, void, undefined> {
  for await (const entry of standing(dossier, ['impact'])) {
    yield { is: 'item', spans: [{ cite: entry.n }, ' ', impactInFull(entry, clock)] };
  }
}

export async function* causeItems(dossier: Dossier): AsyncGenerator<Block, void, undefined> {
  for await (const entry of standing(dossier, ['cause'])) {
    yield { is: 'item', spans: [{ cite: entry.n }, ' ', entry.text ?? ERASED] };
  }
}

export async function* actionTasks(dossier: Dossier): AsyncGenerator<Block, void, undefined> {
  for (const item of await actionItems(dossier.entries({ kinds: ['action'] }))) {
    const owner: Span[] = item.owner ? [` (owner ${personLabel(item.owner)})`] : [];
    const spans: Span[] = [`#${item.n} ${item.text}`, ...owner, ...cites(item.entry)];
    yield { is: 'task', done: item.done, spans };
  }
}

async function* postItems(dossier: Dossier, clock: Clock): AsyncGenerator<Block, void, undefined> {
  for await (const entry of standing(dossier, ['post'])) {
    const said = `${entry.detail.state ?? ''}: ${entry.text ?? ERASED}`;
    yield { is: 'item', spans: [{ cite: entry.n }, ' ', dateTimeOf(entry, clock), ' ', said] };
  }
}

/** What ties a document to the record: anybody with the `facts` export can check it. */
export function integrityLine(dossier: Dossier): Block {
  const { state, facts, head } = dossier;
  const count = `${facts} ${facts === 1 ? 'fact' : 'facts'}`;
  return { is: 'footer', spans: [`${refOf(state.number)} · ${count} · head `, { code: head }] };
}

/** A heading, if anything stands under it. */
async function* section(
  heading: string,
  blocks: AsyncIterable<Block>,
): AsyncGenerator<Block, void, undefined> {
  let empty = true;
  for await (const block of blocks) {
    if (empty) yield { is: 'heading', text: heading };
    empty = false;
    yield block;
  }
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
  const facts = [numbers && numbers + rate, span(from, to, clock), components.join(', ')].filter(Boolean);
  if (text === null || facts.length === 0) return text ?? facts.join(', ');
  return `${closed(text)} — ${facts.join(', ')}`;
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

/** An action item as it stands now. `entry`: the timeline entry that added it. */
export interface ActionItem {
  n: number;
  entry: number;
  text: string;
  owner: Person | null;
  done: boolean;
}

/**
 * Folds entries of kind `action` into the items that stand, in order of their numbers.
 * An item whose entry was struck is gone; a completion that was struck did not happen.
 * Held in memory: there are as many as people will ever do.
 */
export async function actionItems(entries: AsyncIterable<Entry> | Iterable<Entry>): Promise<ActionItem[]> {
  const items: ActionItem[] = [];
  const done = new Set<number>();
  for await (const entry of entries) {
    const n = entry.detail.action;
    if (entry.kind !== 'action' || entry.struck || n === undefined) continue;
    if (entry.detail.done) {
      done.add(n);
      continue;
    }
    const text = entry.erased ? ERASED : (entry.text ?? '');
    items.push({ n, entry: entry.n, text, owner: entry.detail.owner ?? null, done: false });
  }
  return items.sort((a, b) => a.n - b.n).map((item) => ({ ...item, done: done.has(item.n) }));
}

type Row = { label: string; spans: Span[] };

/** What an incident is, in a few lines. The only place in a document that names the zone: it holds for every time in it. */
export function incidentFields(state: IncidentState, clock: Clock): Block {
  const { lead, ...others } = state.roles;
  const rows: Array<Row | null> = [
    row('Times', clock.zone),
    row('Status', state.status),
    row('Severity', state.severity ?? 'not set'),
    state.drill ? row('Drill', 'yes') : null,
    state.private ? row('Private', 'yes') : null,
    row('Components', state.components.join(', ')),
    row('Lead', lead ? personLabel(lead) : ''),
    ...Object.entries(others)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([role, person]) => row(capital(role), personLabel(person))),
    row('Channel', state.channel ? `#${state.channel.name}` : ''),
  ];
  return { is: 'fields', rows: rows.filter((r): r is Row => r !== null) };
}

/** Milestones and how long it took, in words. */
function milestoneFields(state: IncidentState, clock: Clock): Block {
  const { metrics, contradictions } = metricsOf(state.milestones, (at) => {
    const { date, time } = clock.read(at);
    return `${date} ${time}`;
  });
  const shown = (at: { at: string; precision: 'second' | 'minute' | 'approx' | 'date' }) =>
    dateTimeOf({ ...at, until: null }, clock);
  const rows: Array<Row | null> = [
    row('Opened', shown(state.opened)),
    ...MARKS.map((mark) => {
      const milestone = state.milestones[mark];
      return row(capital(mark), milestone ? shown(milestone) : 'not marked');
    }),
    row('Time to detect', words(metrics.time_to_detect_s)),
    row('Time to mitigate', words(metrics.time_to_mitigate_s)),
    row('Time to resolve', words(metrics.time_to_resolve_s)),
    ...contradictions.map((sentence) => row('Contradiction', sentence)),
  ];
  return { is: 'fields', rows: rows.filter((r): r is Row => r !== null) };
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
