import type { Fact } from '#domain/fact.js';
import { personLabel } from '#domain/person.js';
import { inputsText } from '#domain/run-entry.js';
import { type Phase, type RunFactBody, runRef } from '#domain/run-fact.js';
import { hasChanged } from '#domain/run-state.js';
import type { RunView } from '#domain/runbook-run.js';
import { excerpt } from '#render/excerpt.js';
import { durationText, runStanding } from '#render/runs.js';
import { changesText, plain, planLines } from './runbook-text.js';

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
      const until = `until ${clock(fact.data.until)} UTC`;
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

/** `02:14`, or with the seconds where they count. Always UTC. */
function clock(at: string): string {
  return new Date(at).toISOString().slice(11, 19);
}

function planned(run: string, view: RunView, again: boolean, telling: Telling): string[] {
  const { plan, state } = view;
  if (!plan) return [`${run} plan ${state.hash?.slice(0, 8) ?? ''}`];
  const why = again ? ' (anew: the world has moved)' : '';
  return [
    `${run} plan ${state.hash?.slice(0, 8)}${why}: ${changesText(plan)}`,
    ...planLines(plan).map((line) => `  ${line}`),
    ...(state.planOnly || state.approvers?.required === 0 ? [] : waitsFor(run, view, telling)),
  ];
}

/** `RUN-3 waits for approval by lead or @sre until 02:14 UTC (approve in Slack: /incident approve RUN-3)`. */
export function waitsFor(run: string, { state }: RunView, { ref, command, names }: Telling): string[] {
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
    `${run} ${runStanding(view)}${why}`,
    ...(undo ? [`  tocsin undo ${ref} ${run}   takes back what was done`] : []),
  ];
}

/** What a run is at, for the line at the bottom of a terminal. @returns '' where there is nothing to say */
export function standingLine(view: RunView, now: Date): string {
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
  return status === 'ended' ? '' : `${run} ${runStanding(view)}`;
}
