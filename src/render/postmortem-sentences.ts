import type { Entry } from '#domain/entry.js';
import { ERASED, entryText } from '#domain/entry-text.js';
import { metricsOf } from '#domain/metrics.js';
import type { RunEnd } from '#domain/run-fact.js';
import { type IncidentState, type Milestone, refOf } from '#domain/state.js';
import type { Mark } from '#domain/words.js';
import type { Clock } from './clock.js';
import { type Block, cites, joined, type Span } from './document.js';
import { type Dossier, standing } from './dossier.js';
import type { RestsOn } from './rests-on.js';
import { dateTimeOf, durationInWords } from './when.js';

const ask = (question: string, ...rest: Span[]): Block => ({ is: 'question', spans: [question, ...rest] });
const say = (...spans: Span[]): Block => ({ is: 'sentence', spans: [...spans, '.'] });

/** What, how bad, where, from when to when. */
export function* summary(
  state: IncidentState,
  rests: RestsOn,
  clock: Clock,
): Generator<Block, void, undefined> {
  const { started, resolved } = state.milestones;
  const opened = at(state.opened, clock);
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
  if (started) yield say(`It started at ${at(started, clock)}`, ...cites(started.n));
  else yield ask('when did it start?');
  if (resolved) yield say(`It was resolved at ${at(resolved, clock)}`, ...after(state, 'resolved'));
  for (const mark of ['detected', 'mitigated', 'resolved'] as const) yield* contradiction(state, mark, clock);
}

/** When it was noticed. How it was noticed, nobody records: it is asked. */
export function* detection({ state }: Dossier, clock: Clock): Generator<Block, void, undefined> {
  const { detected } = state.milestones;
  if (detected) yield say(`It was detected at ${at(detected, clock)}`, ...after(state, 'detected'));
  else yield ask('when was it detected?');
  yield ask('what showed it first: an alert, a colleague or a customer?');
}

/** Mitigation, the changes of status with what was said at them, and the end. */
export async function* resolution(dossier: Dossier, clock: Clock): AsyncGenerator<Block, void, undefined> {
  const { state } = dossier;
  const { mitigated, resolved } = state.milestones;
  if (mitigated) yield say(`It was mitigated at ${at(mitigated, clock)}`, ...after(state, 'mitigated'));
  else yield ask('when did the damage stop, and what stopped it?');
  if (resolved) yield say(`It was resolved at ${at(resolved, clock)}`, ...after(state, 'resolved'));
  else if (state.status === 'resolved') yield ask('when was it resolved?');
  else yield ask(`it is ${state.status}: what is left to do?`, ...cites(state.statusEntry ?? state.opened.n));
  let explained = false;
  const runbooks = new Map<string, string>();
  for await (const entry of standing(dossier, ['status', 'run'])) {
    if (entry.kind === 'run') {
      const item = runItem(entry, runbooks, clock);
      if (item) yield item;
      continue;
    }
    const text = entry.erased ? ERASED : entry.text;
    if (entry.detail.status === 'resolved' && text !== null) explained = true;
    const words = `${dateTimeOf(entry, clock)} ${entry.detail.status ?? ''}${entry.detail.reopened ? ' (reopened)' : ''}`;
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

function at(milestone: { at: string; precision: Milestone['precision'] }, clock: Clock): string {
  return dateTimeOf({ ...milestone, until: null }, clock);
}

const MEASURE = {
  detected: 'time_to_detect_s',
  mitigated: 'time_to_mitigate_s',
  resolved: 'time_to_resolve_s',
} as const;

/** `, 3 min after it started [#9] [#2]`: only where both moments are known and agree. */
function after(state: IncidentState, mark: Exclude<Mark, 'started'>): Span[] {
  const seconds = metricsOf(state.milestones).metrics[MEASURE[mark]];
  const reached = state.milestones[mark];
  if (seconds === null) return cites(reached?.n);
  return [
    `, ${durationInWords(seconds)} after it started`,
    ...cites(reached?.n, state.milestones.started?.n),
  ];
}

function* contradiction(
  state: IncidentState,
  mark: Exclude<Mark, 'started'>,
  clock: Clock,
): Generator<Block, void, undefined> {
  const { started } = state.milestones;
  const reached = state.milestones[mark];
  const { contradictions } = metricsOf({ ...NO_MARKS, started, [mark]: reached });
  if (contradictions.length === 0 || !started || !reached) return;
  yield ask(
    `which is right? ${mark} (${at(reached, clock)}) is before started (${at(started, clock)})`,
    ...cites(reached.n, started.n),
  );
}

const NO_MARKS = { started: null, detected: null, mitigated: null, resolved: null } as const;
