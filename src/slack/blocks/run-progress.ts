import type { RunView } from '#domain/runbook-run.js';
import { type StepLine, stepLines } from '#render/run-steps.js';
import { durationText } from '#render/runs.js';
import { inline, moment } from './run-text.js';

const WORDS: Record<StepLine['state'], string> = {
  pending: 'not yet',
  running: 'running',
  waiting: 'waits',
  asking: 'asks',
  done: 'done',
  failed: 'failed',
  skipped: 'skipped',
  undone: 'undone',
};
const UNDOING: Partial<Record<StepLine['state'], string>> = {
  running: 'being undone',
  waiting: 'waits to be undone',
  asking: 'asks while it is undone',
  failed: 'not undone',
};

/** How far each step has come, with a word and how long it took, in at most `room` characters. */
export function progressLines(view: RunView, room: number): string[] {
  const steps = stepLines(view);
  const ended = view.state.status === 'ended';
  const full = steps.map((step, i) => stepLine(step, i + 1, ended, 400));
  if (full.join('\n').length <= room) return full;
  const each = Math.floor(room / steps.length) - 1;
  return steps.map((step, i) => stepLine(step, i + 1, ended, each));
}

function stepLine(step: StepLine, n: number, ended: boolean, max: number): string {
  const never = step.state === 'pending' && ended;
  const word = never
    ? 'not begun'
    : ((step.phase === 'undo' ? UNDOING[step.state] : null) ?? WORDS[step.state]);
  const head = `${n}. *${inline(step.id, 40)}* ${word}${timeOf(step)}`;
  const said = step.view?.error ?? step.view?.summary ?? null;
  const room = max - head.length - 3;
  return said === null || step.state === 'asking' || room < 8 ? head : `${head} · ${inline(said, room)}`;
}

function timeOf({ state, view }: StepLine): string {
  if (!view) return '';
  if (state === 'waiting' && view.waitsUntil) return `, again at ${moment(view.waitsUntil, '{time_secs}')}`;
  if (!view.startedAt || state === 'pending') return '';
  if (view.finishedAt && state !== 'waiting') return `, ${durationText(view.startedAt, view.finishedAt)}`;
  const again = view.attempt > 1 ? `, attempt ${view.attempt}` : '';
  return `${again}, since ${moment(view.startedAt, '{time_secs}')}`;
}

/**
 * What the step that failed printed, else the last of those whose output is not ours: of our own actions the summary
 * says the same. @returns null where there is nothing of the kind
 */
export function printed(view: RunView): { step: string; log: string } | null {
  const phases = [...view.steps.values()]
    .flatMap(({ run, undo }) => [run, undo])
    .filter((one) => one !== undefined);
  const spoke = phases.filter((one) => one.log !== null && one.log.trim() !== '');
  const failed = spoke.filter((one) => one.outcome === 'failed');
  const foreign = spoke.filter(({ step }) => FOREIGN.has(usesOf(view, step)));
  const last = (failed.length > 0 ? failed : foreign).reduce<(typeof spoke)[number] | null>(
    (newest, one) => ((one.finishedAt ?? '') >= (newest?.finishedAt ?? '') ? one : newest),
    null,
  );
  return last ? { step: last.step, log: last.log ?? '' } : null;
}

/** Actions whose output is somebody else's words. */
const FOREIGN = new Set(['shell', 'http']);

function usesOf({ plan }: RunView, step: string): string {
  return plan?.steps.find(({ id }) => id === step)?.uses ?? 'shell';
}
