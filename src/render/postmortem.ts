import { firstAlert } from '#domain/alert/state.js';
import { type Entry, ERASED, entryText, statusRemark } from '#domain/incident/entry.js';
import { impactNumbers } from '#domain/incident/impact.js';
import type { IncidentState } from '#domain/incident/state.js';
import type { RunEnd } from '#domain/run/fact.js';
import { refOf } from '#domain/words.js';
import { type Clock, dateTimeOf, durationInWords } from './clock.js';
import {
  actionTasks,
  type Block,
  type Blocks,
  causeItems,
  cites,
  type Dossier,
  impactItems,
  incidentFields,
  integrityLine,
  joined,
  MEASURES,
  metricsIn,
  metricsOf,
  type Span,
  timelineBlocks,
  unstruck,
  type Watched,
} from './document.js';
import { writeMarkdown } from './md.js';

/**
 * The postmortem's draft. It only repeats what is recorded, and says where: every sentence of its own cites the entries
 * it rests on. What is not recorded is asked, never filled in.
 */
export async function* postmortemDocument(dossier: Dossier, clock: Clock): Blocks {
  const { state } = dossier;
  const rests = await restsOn(dossier);
  yield { is: 'title', spans: [`Postmortem of ${refOf(state.number)}: ${state.title}`] };
  yield incidentFields(state, clock);
  yield { is: 'heading', text: 'Summary' };
  yield* summary(state, rests, clock);
  yield { is: 'heading', text: 'Impact' };
  yield* orAsk(
    impactItems(dossier, clock),
    'whom did it affect, for how long, and how many requests failed?',
  );
  yield { is: 'heading', text: 'Timeline' };
  yield* timelineBlocks(dossier.entries(), clock, watchedOf(dossier));
  yield { is: 'heading', text: 'Root cause' };
  yield* orAsk(causeItems(dossier), 'what was the cause?');
  yield { is: 'heading', text: 'Detection' };
  yield* detection(dossier, clock);
  yield { is: 'heading', text: 'Resolution' };
  yield* resolution(dossier, clock);
  for (const text of ['What went well', 'What went badly', 'Luck']) {
    yield { is: 'heading', text };
    yield { is: 'prompt', text: 'for the people who were there' };
  }
  yield { is: 'heading', text: 'Action items' };
  yield* orAsk(actionTasks(dossier), 'what will be done so that it does not happen again, and by whom?');
  yield integrityLine(dossier);
}

/** From *started*, or else from when it was opened, to the end. */
function watchedOf({ state }: Dossier): Watched {
  const { started, resolved } = state.milestones;
  const known = started && started.precision !== 'date' ? started : state.opened;
  const to = resolved && resolved.precision !== 'date' ? resolved.at : null;
  return { from: { at: known.at, n: known.n }, to };
}

async function* orAsk(blocks: Blocks, question: string): Blocks {
  let empty = true;
  for await (const block of blocks) {
    empty = false;
    yield block;
  }
  if (empty) yield { is: 'question', spans: [question] };
}

const ask = (question: string, ...rest: Span[]): Block => ({ is: 'question', spans: [question, ...rest] });
const say = (...spans: Span[]): Block => ({ is: 'sentence', spans: [...spans, '.'] });

/** What, how bad, where, from when to when. */
function* summary(state: IncidentState, rests: RestsOn, clock: Clock): Iterable<Block> {
  const { started, resolved } = state.milestones;
  const opened = dateTimeOf(state.opened, clock);
  yield say(
    `${refOf(state.number)}, “${state.title}”, was opened at ${opened}`,
    ...cites(rests.opened, rests.title),
  );
  if (state.severity) yield say(`Its severity is ${state.severity}`, ...cites(rests.severity));
  else yield ask('how severe was it?');
  if (state.components.length > 0) {
    const named = state.components.map((name): Span[] => [
      name,
      ...cites(rests.components.get(name) ?? rests.opened),
    ]);
    yield say('It affected ', ...joined(named, ', '));
  } else yield ask('which components did it affect?');
  const { measured } = state;
  if (measured) yield say(`${impactNumbers(measured)}, as measured`, ...cites(measured.n));
  const spared = sparedIn(state);
  if (spared.length > 0) yield say('It did not affect ', ...joined(spared, ', '));
  if (started) yield say(`It started at ${dateTimeOf(started, clock)}`, ...cites(started.n));
  else yield ask('when did it start?');
  if (resolved) yield say(`It was resolved at ${dateTimeOf(resolved, clock)}`, ...after(state, 'resolved'));
  for (const mark of ['detected', 'mitigated', 'resolved'] as const) yield* contradiction(state, mark, clock);
}

/** What people say was not affected, and what the counters say; each with where it is said. */
function sparedIn({ measured, unaffected = [] }: IncidentState): Span[][] {
  const counted = (measured?.unaffected ?? []).map((name) => ({ name, n: measured?.n }));
  const names = new Map<string, Array<number | undefined>>();
  for (const { name, n } of [...unaffected, ...counted]) names.set(name, [...(names.get(name) ?? []), n]);
  return [...names].map(([name, entries]) => [name, ...cites(...entries)]);
}

/** When it was noticed, and what showed it first: that is known of alerts alone, and else asked. */
async function* detection(dossier: Dossier, clock: Clock): Blocks {
  const { state } = dossier;
  const { detected } = state.milestones;
  if (detected) yield say(`It was detected at ${dateTimeOf(detected, clock)}`, ...after(state, 'detected'));
  else yield ask('when was it detected?');
  const shown = await shownFirst(dossier);
  if (!shown) return yield ask('what showed it first: an alert, a colleague or a customer?');
  const title = shown.erased ? ERASED : (shown.text ?? '');
  yield say(
    `An alert showed it first: “${title}”, from ${shown.detail.sender ?? 'monitoring'}, at ${dateTimeOf({ ...shown, until: null }, clock)}`,
    ...cites(shown.n),
  );
  if (detected && detected.at < shown.at)
    yield ask('a person marks an earlier moment: what showed it then?', ...cites(detected.n));
}

/** The earliest alert of those that belong to this incident still. */
async function shownFirst({ state, entries }: Dossier): Promise<Entry | null> {
  const first = firstAlert(state.alerts);
  if (!first) return null;
  for await (const entry of entries({ kinds: ['alert'] })) if (entry.n === first.n) return entry;
  return null;
}

/** Mitigation, the changes of status with what was said at them, and the end. */
async function* resolution(dossier: Dossier, clock: Clock): Blocks {
  const { state } = dossier;
  const { mitigated, resolved } = state.milestones;
  if (mitigated)
    yield say(`It was mitigated at ${dateTimeOf(mitigated, clock)}`, ...after(state, 'mitigated'));
  else yield ask('when did the damage stop, and what stopped it?');
  if (resolved) yield say(`It was resolved at ${dateTimeOf(resolved, clock)}`, ...after(state, 'resolved'));
  else if (state.status === 'resolved') yield ask('when was it resolved?');
  else yield ask(`it is ${state.status}: what is left to do?`, ...cites(state.statusEntry ?? state.opened.n));
  let explained = false;
  const runbooks = new Map<string, string>();
  for await (const entry of unstruck(dossier, ['status', 'run'])) {
    if (entry.kind === 'run') {
      const item = runItem(entry, runbooks, clock);
      if (item) yield item;
      continue;
    }
    const text = entry.erased ? ERASED : entry.text;
    if (entry.detail.status === 'resolved' && text !== null) explained = true;
    const words = `${dateTimeOf(entry, clock)} ${entry.detail.status ?? ''}${statusRemark(entry.detail)}`;
    yield { is: 'item', spans: [{ cite: entry.n }, ' ', text === null ? words : `${words}: ${text}`] };
  }
  if (resolved && !explained) yield ask('what resolved it?');
}

// Of a plan that was never carried out there is nothing to tell here; the timeline has it.
const ENDS: ReadonlySet<string> = new Set<RunEnd>([
  'succeeded',
  'failed',
  'cancelled',
  'undone',
  'partly-undone',
]);

/** How a run ended, which may be what resolved it. @param runbooks learns the runbook of each run that was asked for */
function runItem(entry: Entry, runbooks: Map<string, string>, clock: Clock): Block | null {
  const { run = '', runbook, what = '' } = entry.detail;
  if (runbook !== undefined) runbooks.set(run, runbook);
  if (!ENDS.has(what)) return null;
  const words = entryText({ ...entry, detail: { run: `${run} ${runbooks.get(run) ?? ''}`.trim(), what } });
  return { is: 'item', spans: [{ cite: entry.n }, ' ', `${dateTimeOf(entry, clock)} ${words}`] };
}

type Measured = keyof typeof MEASURES;

/** `, 3 min after it started [#9] [#2]`: only where both moments are known and agree. */
function after(state: IncidentState, mark: Measured): Span[] {
  const seconds = metricsIn(state).metrics[MEASURES[mark]];
  const reached = state.milestones[mark];
  if (seconds === null) return cites(reached?.n);
  return [
    `, ${durationInWords(seconds)} after it started`,
    ...cites(reached?.n, state.milestones.started?.n),
  ];
}

function* contradiction(state: IncidentState, mark: Measured, clock: Clock): Iterable<Block> {
  const { started } = state.milestones;
  const reached = state.milestones[mark];
  const { contradictions } = metricsOf({ ...NO_MARKS, started, [mark]: reached });
  if (contradictions.length === 0 || !started || !reached) return;
  yield ask(
    `which is right? ${mark} (${dateTimeOf(reached, clock)}) is before started (${dateTimeOf(started, clock)})`,
    ...cites(reached.n, started.n),
  );
}

const NO_MARKS = { started: null, detected: null, mitigated: null, resolved: null } as const;

/** The timeline entries on which the incident's present title, severity and components rest. */
interface RestsOn {
  opened: number;
  title: number;
  severity: number;
  /** Component → the entry that added it. */
  components: ReadonlyMap<string, number>;
}

/** Finds, for everything that the state only knows the outcome of, the entry that said so last (in order of recording). */
async function restsOn(dossier: Dossier): Promise<RestsOn> {
  const { opened } = dossier.state;
  const found = { title: opened.n, severity: opened.n };
  const components = new Map<string, number>();
  const latest = (name: string, n: number) => components.set(name, Math.max(n, components.get(name) ?? 0));
  for await (const entry of unstruck(dossier, ['opened', 'title', 'severity', 'component'])) {
    if (entry.kind === 'title') found.title = Math.max(found.title, entry.n);
    if (entry.kind === 'severity') found.severity = Math.max(found.severity, entry.n);
    if (entry.kind === 'component' && entry.detail.change === 'added' && entry.text !== null) {
      latest(entry.text, entry.n);
    }
    if (entry.kind === 'opened') for (const name of entry.detail.components ?? []) latest(name, entry.n);
  }
  return { opened: opened.n, ...found, components };
}

// -- the draft as it comes along, on the canvas of the incident's channel --

/** The page, as of the incident's `seq`-th fact. */
export interface CanvasPage {
  title: string;
  markdown: string;
  seq: number;
}

/** By these words a canvas is known to be ours. No other page of a channel begins with them. */
export const CANVAS_MARK = 'Tocsin keeps this page, and writes all of it anew';

/** Characters of the timeline, and of the page: a canvas that is longer opens slowly on a phone. */
const TIMELINE = 50_000;
const PAGE = 90_000;

/**
 * Headline, timeline and draft of the postmortem on one page, in the Markdown that canvases take: headings of three sizes,
 * plain lists, checklists, quotes. What people wrote is encoded, so that it can neither mention anybody nor nest.
 */
export async function canvasPage(dossier: Dossier, clock: Clock, command: string): Promise<CanvasPage> {
  const { state, facts } = dossier;
  const blocks = newestEntries(canvasBlocks(dossier, clock, command));
  let markdown = '';
  for await (const piece of writeMarkdown(blocks)) {
    if (markdown.length + piece.length > PAGE) {
      markdown += '\n*(the rest is left out here: the export has all of it)*\n';
      break;
    }
    markdown += piece;
  }
  return { title: refOf(state.number), markdown, seq: facts };
}

async function* canvasBlocks(dossier: Dossier, clock: Clock, command: string): Blocks {
  const { state } = dossier;
  yield { is: 'title', spans: [`${refOf(state.number)}: ${state.title}`] };
  const how = [', from what is recorded. To change it: ', { code: `${command} note` }, ', '];
  yield {
    is: 'sentence',
    spans: [{ strong: CANVAS_MARK }, ...how, { code: `${command} edit` }, '.'],
  };
  for await (const block of postmortemDocument(dossier, clock)) {
    // The title stands above; the head changes with every fact, and proves nothing on a page that can be edited.
    if (block.is !== 'title' && block.is !== 'footer') yield block;
  }
}

const OF_TIMELINE: ReadonlySet<Block['is']> = new Set<Block['is']>(['day', 'shift', 'entry']);

/** Of a long timeline the end is what people look for. */
async function* newestEntries(blocks: Blocks): Blocks {
  let held: Block[] = [];
  let size = 0;
  let left = 0;
  let day: Block | null = null;
  function* release(): Iterable<Block> {
    if (left > 0) {
      yield { is: 'prompt', text: `${left} earlier entries are left out here: the export has all of them` };
      if (day && held[0]?.is !== 'day') yield day;
    }
    yield* held;
    [held, size, left, day] = [[], 0, 0, null];
  }
  for await (const block of blocks) {
    if (!OF_TIMELINE.has(block.is)) {
      yield* release();
      yield block;
      continue;
    }
    held.push(block);
    size += sizeOf(block);
    while (size > TIMELINE && held.length > 1) {
      const [first] = held.splice(0, 1);
      if (!first) break;
      size -= sizeOf(first);
      if (first.is === 'day') day = first;
      if (first.is === 'entry') left += 1;
    }
  }
  yield* release();
}

/** About as long as it is written. */
const sizeOf = (block: Block): number => (block.is === 'entry' ? block.text.length + 80 : 20);
