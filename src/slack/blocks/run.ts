import { z } from 'zod';
import { changesOf, type PlannedStep, type RunPlan, sendingOf } from '#domain/run/plan.js';
import type { RunState } from '#domain/run/state.js';
import type { RunView } from '#domain/run/view.js';
import { printable } from '#domain/text.js';
import { personLabel, runRef } from '#domain/words.js';
import { durationText, runStatusText, type StepLine, stepLines } from '#render/runs.js';
import { button as buttonOf, packed } from './buttons.js';
import { type Block, context, cut, escaped, MAX, type Message, plain, section } from './text.js';

/** Characters that plan or progress may take; head, question, log and buttons have the rest. */
const LINES = 4_800;
const LOG = 600;

interface RunMessageOptions {
  incident: number;
  /** The runbook's title, where it is known. */
  title: string | null;
  /** @returns the name of a Slack id, for approvers; null: not known, or no id at all */
  nameOf: (id: string) => string | null;
}

/** The one message of a run: what it is, what it would do or has done, and what is to be decided. */
export function runMessage(view: RunView, options: RunMessageOptions): Message {
  const { state } = view;
  const name = `${runRef(state.run)} ${inline(state.runbook, 80)}`;
  const blocks: Block[] = [section(head(view, name, options.title)), ...body(view, options)];
  const buttons = runButtons(view, options.incident);
  return {
    text: cut(`${name} ${summary(view)}`, MAX.text),
    blocks: [...blocks, ...buttons].slice(0, MAX.blocks),
  };
}

/** For notifications and screen readers: everything that matters, in a sentence or two. */
function summary(view: RunView): string {
  const { asked, hash, status } = view.state;
  const by = `asked for by ${inline(personLabel(view.by), 60)}`;
  const question = asked && questionOf(view);
  if (question) return `${statusText(view)}: ${cut(question.replaceAll('\n', ' '), 1_200)} (${by})`;
  const plan = status === 'waiting' && hash ? `, plan ${hash.slice(0, 8)}` : '';
  const why = status === 'ended' && view.summary ? `: ${inline(view.summary, 500)}` : '';
  return `${statusText(view)}${plan}${why} (${by})`;
}

function statusText(view: RunView): string {
  return inline(runStatusText(view), 120);
}

function head(view: RunView, name: string, title: string | null): string {
  const { inputs, state, by, proposedAt, startedAt, endedAt } = view;
  const given = Object.entries(inputs).map(([key, value]) => code(`${key}=${String(value)}`, 120));
  const shown = given.slice(0, 8).join(' ');
  const more = given.length > 8 ? ` and ${given.length - 8} more` : '';
  const times = [
    `asked for by ${inline(personLabel(by), 80)} at ${moment(proposedAt, '{time}')}`,
    ...(startedAt ? [`began ${moment(startedAt, '{time_secs}')}`] : []),
    ...(endedAt ? [`ended ${moment(endedAt, '{time_secs}')}`] : []),
  ];
  return [
    `*${name} ${statusText(view)}*${view.summary && endedAt ? `: ${inline(view.summary, 600)}` : ''}`,
    ...(title === null ? [] : [inline(title, 200)]),
    times.join(' · '),
    `target ${code(state.target, 160)}${shown === '' ? '' : ` · with ${shown}${more}`}`,
  ].join('\n');
}

function body(view: RunView, { nameOf }: RunMessageOptions): Block[] {
  const { state, plan } = view;
  if (state.status === 'planning') {
    return [context('The plan is being made by reading only; nothing changes before it is approved.')];
  }
  if (!state.started) {
    const waits = state.status === 'waiting' && !state.planOnly;
    // A plan that nobody agreed to stays in the record, and is no longer shown in the channel.
    const shown = waits || state.planOnly ? (plan ? planLines(plan, LINES) : ['The plan was erased.']) : [];
    const approval = waits ? approvalText(view, nameOf) : approvedText(view);
    return [...sections(shown), ...(approval === '' ? [] : sections([approval]))];
  }
  const approved = approvedText(view);
  const asked = questionOf(view);
  return [
    ...sections(progressLines(view, LINES)),
    ...log(view),
    ...(asked === null ? [] : [section(asked)]),
    ...(approved === '' ? [] : [context(cut(approved, 1_000))]),
  ];
}

/** What is asked of people, and what the buttons mean. */
function questionOf(view: RunView): string | null {
  const { asked } = view.state;
  if (!asked) return null;
  const step = `*${inline(asked.step, 40)}*`;
  const said = view.steps.get(asked.step)?.[asked.phase]?.question ?? '';
  const words = inline(said, 900);
  const doing = asked.phase === 'undo' ? 'Undoing step' : 'Step';
  switch (asked.why) {
    case 'question':
      return asked.choices.length > ANSWERS
        ? `Step ${step} asks: ${words}\nThere are more answers than buttons: \`answer ${runRef(view.state.run)} CHOICE\` takes all.`
        : `Step ${step} asks: ${words}`;
    case 'failed':
      return `${doing} ${step} failed: ${words}\nDo it once more${undoable(view) ? ', go on without it, or take back what was done' : ' or go on without it'}?`;
    case 'unknown':
      return `${doing} ${step} did not come to its end: ${words}\nLook before you choose: *Retry* does it again, *Skip* goes on as it is.`;
  }
}

function log(view: RunView): Block[] {
  const last = printed(view);
  const block = last ? tail(last.log, LOG) : '';
  return last && block !== '' ? [section(`${inline(last.step, 40)} printed:\n${block}`)] : [];
}

/** Lines as few sections as hold them. */
function sections(lines: readonly string[]): Block[] {
  const texts: string[] = [];
  for (const line of lines.map((one) => cut(one, MAX.section - 10))) {
    const last = texts.at(-1);
    if (last !== undefined && last.length + line.length + 1 <= MAX.section - 10) {
      texts[texts.length - 1] = `${last}\n${line}`;
    } else texts.push(line);
  }
  return texts.map(section);
}

/** What a run would do, step by step, in at most `room` characters. @returns lines of escaped mrkdwn */
function planLines(plan: RunPlan, room: number): string[] {
  const full = plan.steps.map((step, i) => stepInFull(step, i + 1));
  if (full.join('\n').length <= room) return full;
  // Every step is named, however many there are: nobody agrees to what they have not seen.
  const each = Math.floor(room / plan.steps.length) - 1;
  const last = '_Shortened to fit; the `facts` export has the whole plan._';
  return [...plan.steps.map((step, i) => stepInShort(step, i + 1, each)), last];
}

function stepInFull(step: PlannedStep, n: number): string {
  const { touches, current, desired } = step;
  const change =
    current === null && desired === null
      ? ''
      : `${code(current ?? 'nothing', 300)} → ${code(desired ?? 'nothing', 300)}`;
  const more = [
    touches.length > 0
      ? `touches ${touches
          .map((one) => code(one, 80))
          .slice(0, 10)
          .join(', ')}`
      : '',
    touches.length > 10 ? `and ${touches.length - 10} more` : '',
    change,
    undoText(step, 300),
  ].filter((words) => words !== '');
  const indented = more.length > 0 ? `\n      ${more.join(' · ')}` : '';
  return `${n}. *${inline(step.id, 40)}* ${doesText(step, 400)}${indented}`;
}

function stepInShort(step: PlannedStep, n: number, max: number): string {
  const head = `${n}. *${inline(step.id, 40)}* `;
  const undo = changes(step) && step.undo === null ? ' · cannot be undone' : '';
  return `${head}${doesText(step, Math.max(10, max - head.length - undo.length))}${undo}`;
}

function doesText({ does, when, title }: PlannedStep, max: number): string {
  const words = does || title;
  if (when === 'left out' && !words.startsWith('left out')) return inline(`left out: ${words}`, max);
  return inline(when === 'maybe' ? `perhaps: ${words}` : words, max);
}

function undoText(step: PlannedStep, max: number): string {
  if (step.when === 'left out') return '';
  if (step.effect === 'read') return step.sends ? '*sends secrets*, changes nothing' : 'only reads';
  return step.undo === null ? '*cannot be undone*' : `undo: ${inline(step.undo, max)}`;
}

function changes(step: PlannedStep): boolean {
  return step.effect !== 'read' && step.when !== 'left out';
}

/** What is missing until a plan is carried out: who must agree, who has, until when. */
function approvalText(view: RunView, nameOf: (id: string) => string | null): string {
  const { hash, approvers, approvals, granted } = view.state;
  if (!hash || !approvers) return '';
  const { required, from, self, expiresAt } = approvers;
  const missing = granted ? 0 : Math.max(0, required - approvals.length);
  const count = view.plan === null ? null : changesOf(view.plan).length;
  const sending = view.plan === null ? 0 : sendingOf(view.plan).length;
  const what =
    count === null
      ? ''
      : count === 0
        ? ', which changes nothing'
        : `, ${count} of its steps would change something`;
  const sends = sending === 0 ? '' : `, and ${sending} would send secrets out`;
  const who = from.map((one) => inline(nameOf(one) ?? one, 60)).slice(0, 12);
  const more = from.length > 12 ? ` or ${from.length - 12} more` : '';
  const whom = who.length > 0 ? ` from ${who.join(' or ')}${more}` : '';
  const notSelf = self ? '' : ', not by whoever asked for it';
  const until = ` until ${moment(expiresAt, '{date_short_pretty} {time}')}`;
  const needs =
    missing > 0
      ? `Needs ${missing} ${missing === 1 ? 'approval' : 'approvals'}${missing < required ? ' more' : ''}${whom}${notSelf},${until}.`
      : 'Nobody has to agree any more; it begins now.';
  const moved =
    view.again === null
      ? ''
      : view.again === 'moved'
        ? 'The world has moved since the plan before: this one is new.'
        : 'Somebody who agreed would not be asked any more, so agreement is asked for anew.';
  return [moved, `Plan \`${hash.slice(0, 8)}\`${what}${sends}.`, needs, approvedText(view)]
    .filter((one) => one !== '')
    .join('\n');
}

/** Who has agreed, and who broke the glass. */
function approvedText({ approvals }: RunView): string {
  return approvals
    .slice(-8)
    .map(({ by, breakGlass, reason }) => {
      const name = inline(by.name ?? by.id, 60);
      if (!breakGlass) return `Approved by ${name}.`;
      return `*Glass broken* by ${name}${reason === null ? '' : `: ${inline(reason, 200)}`}.`;
    })
    .join(' ');
}

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
function progressLines(view: RunView, room: number): string[] {
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
function printed(view: RunView): { step: string; log: string } | null {
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

/** A character that looks like a backtick and ends no code. */
const LOOKALIKE = '\u02cb';
const JOINER = '\u2060';
/** @returns one line of escaped text, at most `max` characters. */
export function inline(text: string, max: number): string {
  const plain = printable(text).replace(/\s+/g, ' ').trim();
  // A fence would swallow what stands behind it.
  return cut(escaped(plain.replace(/`{3,}/g, (run) => LOOKALIKE.repeat(run.length))), max);
}

/** @returns one line as inline code, which nothing in it can end. */
export function code(text: string, max: number): string {
  const shown = inline(text.replaceAll('`', LOOKALIKE), max - 2);
  return shown === '' ? '' : `\`${shown}\``;
}

/**
 * The end of what a step printed, as a code block that its content cannot break out of.
 * @param limit characters of the log; escaping may make more of them, but never more than twice as many
 * @returns '' for a log without a word
 */
export function tail(log: string, limit: number): string {
  const clean = printable(log.replace(/\r\n?/g, '\n')).trim();
  if (clean === '') return '';
  for (let size = limit; size > 0; size = Math.floor(size / 2)) {
    const end = clean.length <= size ? clean : `…${ending(clean, size - 1)}`;
    // A backtick that follows another one could close the block.
    const shown = escaped(end).replace(/`(?=`)/g, `\`${JOINER}`);
    if (shown.length <= 2 * limit) return `\`\`\`\n${shown}\n\`\`\``;
  }
  return '';
}

function ending(text: string, size: number): string {
  const from = text.length - size;
  const unit = text.charCodeAt(from);
  // Never half a character.
  return text.slice(unit >= 0xdc00 && unit <= 0xdfff ? from + 1 : from);
}

/** @returns a moment that Slack shows in the reader's own zone; old clients get UTC. */
export function moment(at: string, form: '{time}' | '{time_secs}' | '{date_short_pretty} {time}'): string {
  const ms = Date.parse(at);
  const utc = new Date(ms).toISOString();
  const seconds = form === '{time_secs}' ? utc.slice(11, 19) : utc.slice(11, 16);
  const day = form.startsWith('{date') ? `${utc.slice(0, 10)} ` : '';
  return `<!date^${Math.floor(ms / 1000)}^${form}|${day}${seconds} UTC>`;
}

/** Begins every id under which Slack tells us that a button of a run was clicked. */
export const RUN_ACTIONS = /^run:/;

/** Answers of one question that get a button; the others are typed. */
const ANSWERS = 10;

/** The buttons that make sense as the run stands; none: nothing is to be decided. */
function runButtons(view: RunView, incident: number): Block[] {
  const { state } = view;
  const carried: CarriedRun = { incident, run: state.run, mark: markOf(state, view.endedAt) };
  const button = (what: string, label: string, more: Partial<CarriedRun> = {}, style?: 'primary') => {
    const value = packed({ ...carried, ...more });
    return value === null || label.trim() === '' ? null : buttonOf(`run:${what}`, label, value, style);
  };
  /** Asks once more before it counts. */
  const confirmed = (what: string, label: string, text: string, word: string) => {
    const title = plain(`${label} ${runRef(state.run)}`);
    const words = { title, text: plain(text), confirm: plain(word), deny: plain('Go back') };
    const made = button(what, label);
    return made && { ...made, confirm: { ...words, style: 'danger' as const } };
  };
  const stays = 'What was done stays done; it can be undone afterwards.';
  const cancel = () => (state.cancelled ? null : confirmed('cancel', 'Cancel', stays, 'Stop it'));
  const takesBack = 'Takes back what it did, the last step first.';
  const undo = () => (undoable(view) ? confirmed('undo', 'Undo', takesBack, 'Undo it') : null);
  const elements = (() => {
    switch (state.status) {
      case 'planning':
      case 'running':
      case 'undoing':
        return [cancel()];
      case 'waiting': {
        if (state.planOnly) return [];
        const open = !state.granted && state.approvals.length < (state.approvers?.required ?? 0);
        if (!open || state.cancelled) return [cancel()];
        const approve = button('approve', 'Approve', {}, 'primary');
        return [approve, button('reject', 'Reject'), cancel()];
      }
      case 'asking': {
        if (state.cancelled) return [];
        if (state.asked?.why !== 'question')
          return [button('retry', 'Retry'), button('skip', 'Skip'), undo(), cancel()];
        const choices = state.asked.choices.slice(0, ANSWERS);
        const answers = choices.map((choice, i) => button(`answer:${i}`, choice, { choice }));
        return [...answers, undo(), cancel()];
      }
      case 'ended':
        return [undo()];
    }
  })().filter((one) => one !== null);
  return elements.length > 0 ? [{ type: 'actions', elements }] : [];
}

/** May the run be undone now? A step must have begun that changes something, can be taken back, and was not yet. */
function undoable({ state, steps, plan }: RunView): boolean {
  if (!state.started || state.end === 'undone' || state.asked?.phase === 'undo') return false;
  return [...steps.entries()].some(([id, { run, undo }]) => {
    const planned = plan?.steps.find((one) => one.id === id);
    const takesBack = planned === undefined || (planned.effect !== 'read' && planned.undo !== null);
    return takesBack && (run?.startedAt ?? null) !== null && undo?.outcome !== 'done';
  });
}

/** What a button under a run brings back. `mark`: see `markOf`; `choice`: one of the answers to a question. */
export const RUN_VALUE = z.object({
  incident: z.number().int().positive(),
  run: z.number().int().positive(),
  mark: z.string(),
  choice: z.string().optional(),
});

export type CarriedRun = z.infer<typeof RUN_VALUE>;

/**
 * Names what a button is shown under: this plan (`HASH/UNTIL`), this question (`run/add/2`), this end, or a status.
 * The same button later has the same name, another plan's or another attempt's has not.
 */
export function markOf(state: RunState, endedAt: string | null): string {
  const { asked, status, hash, approvers, end } = state;
  if (asked) return `${asked.phase}/${asked.step}/${asked.attempt}`;
  if (status === 'waiting') return `${hash ?? ''}/${approvers?.expiresAt ?? ''}`;
  return status === 'ended' ? `${end ?? ''}/${endedAt ?? ''}` : status;
}
