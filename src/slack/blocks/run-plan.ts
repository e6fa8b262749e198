import { changesOf, type PlannedStep, type RunPlan, sendingOf } from '#domain/runbook-plan.js';
import type { RunView } from '#domain/runbook-run.js';
import { code, inline, moment } from './run-text.js';

/** What a run would do, step by step, in at most `room` characters. @returns lines of escaped mrkdwn */
export function planLines(plan: RunPlan, room: number): string[] {
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
export function approvalText(view: RunView, nameOf: (id: string) => string | null): string {
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
export function approvedText({ approvals }: RunView): string {
  return approvals
    .slice(-8)
    .map(({ by, breakGlass, reason }) => {
      const name = inline(by.name ?? by.id, 60);
      if (!breakGlass) return `Approved by ${name}.`;
      return `*Glass broken* by ${name}${reason === null ? '' : `: ${inline(reason, 200)}`}.`;
    })
    .join(' ');
}
