import { printable } from '#domain/printable.js';
import type { InputSpec, Runbook, StepSpec } from '#domain/runbook.js';
import { changesOf, type PlannedStep, type RunPlan, sendingOf } from '#domain/runbook-plan.js';
import { durationInWords } from '#render/when.js';
import { ACTIONS } from '#runbooks/actions.js';

/** A text on one line of a terminal: what a program printed must neither move the cursor nor colour what follows. */
export function plain(text: string): string {
  return printable(text.replace(/\s+/g, ' ')).trim();
}

/** A runbook, for people who may run it. */
export function runbookText({ runbook, file }: { runbook: Runbook; file: string }): string {
  const { name, title, description, inputs, target, steps, onFailure } = runbook;
  const given = Object.entries(inputs);
  const blocks = [
    [`${name}  ${title}`, file],
    description ? [description.trimEnd()] : [],
    given.length > 0 ? ['Inputs', ...given.map(([input, spec]) => inputText(input, spec))] : [],
    ['Steps', ...steps.flatMap((step, i) => stepText(step, i + 1))],
    [
      `Target: ${target ?? name} (one run at a time)`,
      `Approval: ${approvalText(runbook)}`,
      onFailure === 'undo'
        ? 'When a step fails: what was done is undone'
        : 'When a step fails: a person is asked',
    ],
    [`tocsin runbook plan ${name}${wantedText(given)}`],
  ];
  const text = blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${text.join('\n\n')}\n`;
}

function inputText(name: string, { type, description, default: usual, enum: allowed }: InputSpec): string {
  const says = [
    type as string,
    ...(allowed ? [`one of ${allowed.join(', ')}`] : []),
    usual === undefined ? 'must be given' : `default ${usual === '' ? 'empty' : usual}`,
  ];
  return `  ${name}  (${says.join(', ')})${description ? `  ${plain(description)}` : ''}`;
}

function stepText(step: StepSpec, n: number): string[] {
  const own = ACTIONS.get(step.uses)?.effect;
  const effect = step.effect ?? (typeof own === 'string' ? own : 'unsafe unless it only reads');
  const undo = step.undo ? `undo: ${step.undo.uses}` : 'cannot be undone';
  return [
    `  ${n}. ${step.id}  ${step.title}`,
    `       ${[
      step.uses,
      effect,
      ...(step.when ? [`when ${step.when}`] : []),
      ...(effect === 'read' ? [] : [undo]),
    ].join(' · ')}`,
  ];
}

/** Who must agree, in words: `1 person of lead or @sre, other than whoever asks, within 15 min`. */
export function approvalText({ approval: { required, from, self, expiresS } }: Runbook): string {
  if (required === 0) return 'nobody has to agree';
  const who = from.length > 0 ? ` of ${from.join(' or ')}` : '';
  const many = required === 1 ? '1 person' : `${required} people`;
  return `${many}${who}${self ? '' : ', other than whoever asks'}, within ${durationInWords(expiresS)}`;
}

function wantedText(given: Array<[string, InputSpec]>): string {
  return given
    .filter(([, spec]) => spec.default === undefined)
    .map(([name]) => ` ${name}=…`)
    .join('');
}

/** A plan, for people who want nothing but the plan. */
export function planText(runbook: Runbook, plan: RunPlan): string {
  const lines = [
    `${runbook.name} on ${plain(plan.target)}: ${changesText(plan)}`,
    ...planLines(plan),
    `Approval: ${approvalText(runbook)}`,
    'Nothing was changed.',
  ];
  return `${lines.join('\n')}\n`;
}

/** What a run would do, step by step. @returns lines without line breaks */
export function planLines(plan: RunPlan): string[] {
  return plan.steps.flatMap((step, i) => plannedText(step, i + 1));
}

function plannedText(step: PlannedStep, n: number): string[] {
  const { id, does, title, when, touches, current, desired, effect, sends, undo } = step;
  const words = plain(does || title);
  const maybe = when === 'maybe' && words !== 'known when it runs';
  const head = `${n}. ${id}  ${maybe ? `perhaps: ${words}` : words}`;
  if (when === 'left out') return [head];
  const change =
    current === null && desired === null
      ? []
      : [`now ${plain(current ?? 'nothing')} → then ${plain(desired ?? 'nothing')}`];
  const more = [
    ...(touches.length > 0 ? [`touches ${plain(touches.join(', '))}`] : []),
    ...change,
    effect === 'read'
      ? sends
        ? 'sends secrets, changes nothing'
        : 'only reads'
      : undo === null
        ? 'cannot be undone'
        : `undo: ${plain(undo)}`,
  ];
  return [head, ...more.map((line) => `     ${line}`)];
}

/** `2 of its 5 steps would change something`. */
export function changesText(plan: RunPlan): string {
  const changes = changesOf(plan).length;
  const steps = plan.steps.length === 1 ? 'its one step' : `its ${plan.steps.length} steps`;
  const sending = sendingOf(plan).length;
  const sends = sending === 0 ? '' : `, ${sending} would send secrets out`;
  return changes === 0
    ? `none of ${steps} would change anything${sends}`
    : `${changes} of ${steps} would change something${sends}`;
}
