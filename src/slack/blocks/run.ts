import { personLabel } from '#domain/person.js';
import { runRef } from '#domain/run-fact.js';
import type { RunView } from '#domain/runbook-run.js';
import { runStanding } from '#render/runs.js';
import { type Block, context, MAX, type Message, section } from './block.js';
import { cut } from './cut.js';
import { ANSWERS, runButtons, undoable } from './run-buttons.js';
import { approvalText, approvedText, planLines } from './run-plan.js';
import { printed, progressLines } from './run-progress.js';
import { code, inline, moment, tail } from './run-text.js';

/** Characters that plan or progress may take; head, question, log and buttons have the rest. */
const LINES = 4_800;
const LOG = 600;

export interface RunMessageOptions {
  incident: number;
  /** The runbook's title, where it is known. */
  title: string | null;
  /** @returns the name of a Slack id, for approvers; null: not known, or no id at all */
  nameOf: (id: string) => string | null;
}

/** The one message of a run: what it is, what it would do or has done, and what is to be decided. */
export function runMessage(view: RunView, options: RunMessageOptions): Message {
  const { state } = view;
  const name = `*${runRef(state.run)} ${inline(state.runbook, 80)}*`;
  const blocks: Block[] = [section(head(view, name, options.title)), ...body(view, options)];
  const buttons = runButtons(view, options.incident);
  const text = `${runRef(state.run)} ${inline(state.runbook, 80)} ${summary(view)}`;
  return { text: cut(text, MAX.text), blocks: [...blocks, ...buttons].slice(0, MAX.blocks) };
}

/** For notifications and screen readers: everything that matters, in a sentence or two. */
function summary(view: RunView): string {
  const { asked, hash, status } = view.state;
  const by = `asked for by ${inline(personLabel(view.by), 60)}`;
  const question = asked && questionOf(view);
  if (question) return `${standing(view)}: ${cut(question.replaceAll('\n', ' '), 1_200)} (${by})`;
  const plan = status === 'waiting' && hash ? `, plan ${hash.slice(0, 8)}` : '';
  const why = status === 'ended' && view.summary ? `: ${inline(view.summary, 500)}` : '';
  return `${standing(view)}${plan}${why} (${by})`;
}

function standing(view: RunView): string {
  return inline(runStanding(view), 120);
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
    `${name}${title === null ? '' : ` ${inline(title, 200)}`}`,
    `It *${standing(view)}*${view.summary && endedAt ? `: ${inline(view.summary, 600)}` : ''}`,
    `${times.join(' · ')}`,
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
    // Of what nobody agreed to, the record has the plan; the channel need not read it for ever.
    const shown = waits || state.planOnly ? (plan ? planLines(plan, LINES) : ['The plan was erased.']) : [];
    const approval = waits ? approvalText(view, nameOf) : approvedText(view);
    return [...sections(shown), ...(approval === '' ? [] : sections([approval]))];
  }
  const approved = approvedText(view);
  return [
    ...sections(progressLines(view, LINES)),
    ...log(view),
    ...question(view),
    ...(approved === '' ? [] : [context(cut(approved, 1_000))]),
  ];
}

function question(view: RunView): Block[] {
  const text = questionOf(view);
  return text === null ? [] : [section(text)];
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
