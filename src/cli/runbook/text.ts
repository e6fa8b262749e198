import { inputsText } from '#domain/incident/entry.js';
import type { Fact } from '#domain/incident/fact.js';
import type { Phase, RunFactBody } from '#domain/run/fact.js';
import { changesOf, type PlannedStep, type RunPlan, sendingOf } from '#domain/run/plan.js';
import type { InputSpec, Runbook, StepSpec } from '#domain/run/runbook.js';
import { hasChanged } from '#domain/run/state.js';
import type { RunView } from '#domain/run/view.js';
import { printable } from '#domain/text.js';
import { personLabel, runRef } from '#domain/words.js';
import { durationInWords, excerpt } from '#render/clock.js';
import { durationText, runStatusText } from '#render/runs.js';
import { ACTIONS } from '#runbooks/actions/actions.js';

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
    ['Steps', ...steps.flatMap(stepText)],
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

function stepText(step: StepSpec, index: number): string[] {
  const own = ACTIONS.get(step.uses)?.effect;
  const effect = step.effect ?? (typeof own === 'string' ? own : 'unsafe unless it only reads');
  const undo = step.undo ? `undo: ${step.undo.uses}` : 'cannot be undone';
  return [
    `  ${index + 1}. ${step.id}  ${step.title}`,
    `       ${[
      step.uses,
      effect,
      ...(step.when ? [`when ${step.when}`] : []),
      ...(effect === 'read' ? [] : [undo]),
    ].join(' · ')}`,
  ];
}

/** Who must agree, in words: `1 person of lead or @sre, other than whoever asks, within 15 min`. */
function approvalText({ approval: { required, from, self, expiresS } }: Runbook): string {
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
    ...plan.steps.flatMap(plannedText),
    `Approval: ${approvalText(runbook)}`,
    'Nothing was changed.',
  ];
  return `${lines.join('\n')}\n`;
}

/** What a step of a run would do. @returns lines without line breaks */
function plannedText(step: PlannedStep, index: number): string[] {
  const { id, does, title, when, touches, current, desired, effect, sends, undo } = step;
  const words = plain(does || title);
  const maybe = when === 'maybe' && words !== 'known when it runs';
  const head = `${index + 1}. ${id}  ${maybe ? `perhaps: ${words}` : words}`;
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
function changesText(plan: RunPlan): string {
  const changes = changesOf(plan).length;
  const steps = plan.steps.length === 1 ? 'its one step' : `its ${plan.steps.length} steps`;
  const sending = sendingOf(plan).length;
  const sends = sending === 0 ? '' : `, ${sending} would send secrets out`;
  return changes === 0
    ? `none of ${steps} would change anything${sends}`
    : `${changes} of ${steps} would change something${sends}`;
}

/** Where lines about a run appear, one after the other; on a terminal with one at the bottom that is written anew. */
export class Screen {
  #status = '';

  /**
   * @param write every text passes through here, scrubbed by whoever made it
   * @param width columns of the terminal; null: it is none, and there is no line at the bottom
   */
  constructor(
    private readonly write: (text: string) => void | Promise<void>,
    private readonly width: (() => number) | null,
  ) {}

  get live(): boolean {
    return this.width !== null;
  }

  async line(text: string): Promise<void> {
    await this.write(`${this.#away()}${text}\n`);
  }

  /** Says at the bottom how things stand now; '' takes it away. */
  async status(text: string): Promise<void> {
    if (this.width === null) return;
    // One column is left free: a full line would wrap, and could not be taken back.
    const shown = excerpt(text, Math.max(10, this.width() - 1));
    if (shown === this.#status) return;
    const away = this.#away();
    this.#status = shown;
    await this.write(away + shown);
  }

  #away(): string {
    if (this.#status === '') return '';
    this.#status = '';
    return '\r\u001b[2K';
  }
}

/** What the words about a run rest on besides its facts. */
export interface Telling {
  /** `INC-7`. */
  ref: string;
  /** Slack's slash command: `/incident`. */
  command: string;
  /** Names of people, by id. */
  names: ReadonlyMap<string, string>;
}

type RunFact = Fact & RunFactBody;

/** Lines of a step's own output that are shown when it failed. */
const TAIL = 10;

/**
 * What one more fact of a run tells: whoever follows a run reads one or a few lines per change.
 * @param view the run as it stands after that fact
 */
export function linesOf(fact: RunFact, view: RunView, telling: Telling): string[] {
  const run = runRef(fact.data.run);
  const by = plain(personLabel(fact.by));
  switch (fact.type) {
    case 'RunProposed':
      return [
        `${run} ${fact.data.runbook} asked for by ${by}: ${plain(inputsText(fact.texts.inputs ?? ''))}`,
      ];
    case 'RunPlanned':
      return planned(run, view, fact.data.again, telling);
    case 'RunApproved': {
      const { breakGlass } = fact.data;
      const why = fact.texts.reason ? `: ${plain(fact.texts.reason)}` : '';
      return [`${run} approved by ${by}${breakGlass ? `, who broke the glass${why}` : ''}`];
    }
    case 'RunStarted':
      return [`${run} begins`];
    case 'StepStarted': {
      const again = fact.data.attempt > 1 ? `, attempt ${fact.data.attempt}` : '';
      return [`${stepName(run, fact.data)}  running${again}`];
    }
    case 'StepTaken':
      return [`${stepName(run, fact.data)}  taken over: whoever was at it is gone`];
    case 'StepWaits': {
      const { error } = fact.texts;
      const until = `until ${new Date(fact.data.until).toISOString().slice(11, 19)} UTC`;
      return [
        `${stepName(run, fact.data)}  ${error ? `failed, waits ${until} to be tried again: ${short(error)}` : `waits ${until}`}`,
      ];
    }
    case 'StepFinished':
      return finished(run, fact, view);
    case 'StepAsked':
      return asked(run, fact, view, telling);
    case 'StepAnswered':
      return [`${stepName(run, fact.data)}  ${plain(fact.data.choice)}, says ${by}`];
    case 'RunCancelled':
      return [
        `${run} is being cancelled by ${by}${fact.texts.reason ? `: ${short(fact.texts.reason)}` : ''}`,
      ];
    case 'RunUndoing':
      return [`${run} undoes what was done${fact.data.why === 'failed' ? ', because a step failed' : ''}`];
    case 'RunEnded':
      return ended(run, view, telling);
    case 'RunAskedAgain':
    case 'RunShown':
      // That it is another plan is said with the plan.
      return [];
  }
}

const short = (text: string) => excerpt(plain(text), 300);

function stepName(run: string, { step, phase }: { step: string; phase: Phase }): string {
  return `${run} ${phase === 'undo' ? 'undo ' : ''}${step}`;
}

function planned(run: string, view: RunView, again: boolean, telling: Telling): string[] {
  const { plan, state } = view;
  if (!plan) return [`${run} plan ${state.hash?.slice(0, 8) ?? ''}`];
  const why = again ? ' (anew: the world has moved)' : '';
  return [
    `${run} plan ${state.hash?.slice(0, 8)}${why}: ${changesText(plan)}`,
    ...plan.steps.flatMap(plannedText).map((line) => `  ${line}`),
    ...(state.planOnly || state.approvers?.required === 0 ? [] : waitsFor(run, view, telling)),
  ];
}

/** `RUN-3 waits for approval by lead or @sre until 02:14 UTC (approve in Slack: /incident approve RUN-3)`. */
function waitsFor(run: string, { state }: RunView, { ref, command, names }: Telling): string[] {
  if (!state.approvers) return [];
  const { required, from, people, expiresAt } = state.approvers;
  const named = from.map((one) => plain(names.get(one) ?? one));
  const who = named.length > 0 ? ` by ${named.join(' or ')}` : '';
  const many = required === 1 ? 'approval' : `${required} approvals`;
  const until = `${new Date(expiresAt).toISOString().slice(11, 16)} UTC`;
  const groups = from.filter((one) => /^(@|S[A-Z0-9]+$)/.test(one));
  return [
    `${run} waits for ${many}${who} until ${until} (approve in Slack: ${command} approve ${ref} ${run})`,
    ...(groups.length > 0 && people.length === 0
      ? [
          `  Who ${groups.join(' and ')} is could not be found out here: set SLACK_BOT_TOKEN, “tocsin cancel ${ref} ${run}”, and run it again.`,
        ]
      : []),
  ];
}

function finished(run: string, fact: Extract<RunFact, { type: 'StepFinished' }>, view: RunView): string[] {
  const { step, phase, outcome, startedAt } = fact.data;
  const word = phase === 'undo' && outcome === 'done' ? 'undone' : outcome;
  const took = startedAt === null ? '' : ` ${durationText(startedAt, fact.recordedAt)}`;
  const said = fact.texts.error ?? fact.texts.summary ?? null;
  const log = outcome === 'failed' ? (view.steps.get(step)?.[phase]?.log ?? '') : '';
  const tail = log
    .split('\n')
    .map(plain)
    .filter((line) => line !== '');
  return [
    `${stepName(run, fact.data)}  ${word}${took}${said === null ? '' : `  ${short(said)}`}`,
    ...tail.slice(-TAIL).map((line) => `  | ${excerpt(line, 200)}`),
  ];
}

function asked(
  run: string,
  { data, texts }: Extract<RunFact, { type: 'StepAsked' }>,
  { state }: RunView,
  { ref }: Telling,
): string[] {
  const undo = data.phase === 'run' && hasChanged(state) ? [`tocsin undo ${ref} ${run}`] : [];
  const answers =
    data.why === 'question'
      ? data.choices.map((choice) => `tocsin answer ${ref} ${run} ${shellWord(choice)}`)
      : [`tocsin retry ${ref} ${run}`, `tocsin skip ${ref} ${run} REASON`, ...undo];
  return [
    `${stepName(run, data)}  asks: ${short(texts.question ?? '')}`,
    ...answers.map((line) => `  ${line}`),
  ];
}

/** As one types it: quoted where a shell would take it apart. */
function shellWord(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${plain(text).replaceAll("'", `'\\''`)}'`;
}

function ended(run: string, view: RunView, { ref }: Telling): string[] {
  const { end } = view.state;
  const why = view.summary === null ? '' : `: ${short(view.summary)}`;
  const undo = hasChanged(view.state) && (end === 'failed' || end === 'cancelled');
  return [
    `${run} ${runStatusText(view)}${why}`,
    ...(undo ? [`  tocsin undo ${ref} ${run}   takes back what was done`] : []),
  ];
}

/** What a run is doing now, for the line at the bottom of a terminal. @returns '' where there is nothing to say */
export function statusLine(view: RunView, now: Date): string {
  const run = runRef(view.state.run);
  const { status, steps, approvers } = view.state;
  const left = (until: string) => durationText(now.toISOString(), until);
  if (status === 'waiting' && approvers && !view.state.planOnly) {
    return `${run} waits for approval, ${left(approvers.expiresAt)} left`;
  }
  for (const [id, phases] of Object.entries(steps)) {
    for (const phase of ['run', 'undo'] as const) {
      const mark = phases[phase];
      const began = view.steps.get(id)?.[phase]?.startedAt ?? null;
      const name = stepName(run, { step: id, phase });
      if (mark?.state === 'running' && began) {
        return `${name}  running for ${durationText(began, now.toISOString())}`;
      }
      if (mark?.state === 'due' && mark.until) return `${name}  waits, ${left(mark.until)} left`;
    }
  }
  return status === 'ended' ? '' : `${run} ${runStatusText(view)}`;
}
