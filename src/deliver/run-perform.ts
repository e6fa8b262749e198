import type { Json, StepSpec } from '#domain/runbook.js';
import { fill } from '#domain/template.js';
import { ActionFailed, Lost, type RunContext, type StepResult } from '#runbooks/action.js';
import type { ReadyCall } from './run-call.js';
import { lookWhetherItHappened, verify } from './run-check.js';
import { type At, Cancelled, messageOf, readingContext, type StepDesk, within } from './run-desk.js';
import type { Finisher } from './run-finish.js';
import { RunOutput } from './run-output.js';
import { scopeOf } from './run-scope.js';
import { Moved, NotKept } from './run-tell.js';

/** Runs an action within its time, and records how it ended. @throws Moved | NotKept | Lost */
export async function perform(
  desk: StepDesk,
  spec: StepSpec,
  { action, input, written }: ReadyCall,
  unsafe: boolean,
  at: At,
  finish: Finisher,
): Promise<void> {
  const { lease } = desk;
  const output = new RunOutput(desk.world.scrub.stream?.());
  const posts: string[] = [];
  const timeout = AbortSignal.timeout(spec.timeoutS * 1_000);
  const signal = AbortSignal.any([lease.signal, desk.cancelled, timeout]);
  const undone = at.phase === 'undo' ? inputOf(desk, spec) : null;
  const context = runContext(desk, at, written, undone, signal, output, posts);
  let result: StepResult | null = null;
  try {
    result = await within(signal, () => action.run(input, context));
    if (result.kind === 'done' && at.phase === 'run' && spec.verify) {
      await verify(desk, spec, result.output, signal);
    }
  } catch (error) {
    if (lease.signal.aborted || error instanceof Lost) throw new Lost();
    const cause = desk.cancelled.aborted
      ? new Cancelled(
          `cancelled while it ran: ${error instanceof ActionFailed ? error.message : 'look at what it did'}`,
          error instanceof ActionFailed ? { output: error.output } : {},
        )
      : timeout.aborted && !(error instanceof ActionFailed)
        ? new Error(`it took longer than ${spec.timeoutS} s`)
        : error;
    const failed = error instanceof ActionFailed ? error : null;
    // Done, though its verify failed, or begun: not safe to do again.
    const once = failed?.final || (unsafe && (result?.kind === 'done' || failed?.partly)) || false;
    return failedAttempt(desk, spec, at, cause, unsafe, finish, output.text(), once);
  }
  await settle(desk, at, result, finish, output.text(), posts);
}

function plannedOutput({ view }: StepDesk, step: string): Json {
  const planned = view.plan?.steps.find(({ id }) => id === step);
  return planned && planned.when !== 'left out' ? (planned.output ?? null) : null;
}

/** What the step that is being undone was given; null where that can no longer be told. */
function inputOf(desk: StepDesk, spec: StepSpec): Json {
  try {
    return fill(spec.with, scopeOf(desk.view, desk.incident));
  } catch {
    return null;
  }
}

function runContext(
  desk: StepDesk,
  at: At,
  written: Json,
  undone: Json,
  signal: AbortSignal,
  output: RunOutput,
  posts: string[],
): RunContext {
  const phases = desk.view.steps.get(at.step);
  const own = phases?.[at.phase];
  const run = phases?.run;
  return {
    ...readingContext(desk, at, written, signal),
    // An action that was left behind (out of time, or cancelled) may change nothing more, though the run is still ours.
    async secure() {
      signal.throwIfAborted();
      await desk.lease.secure();
      signal.throwIfAborted();
    },
    captured: own?.captured ?? null,
    planned: at.phase === 'run' ? plannedOutput(desk, at.step) : null,
    undoing:
      at.phase === 'undo'
        ? { captured: run?.captured ?? null, input: undone, output: run?.output ?? {} }
        : null,
    // A wait that an error caused is the pause before another attempt, and no wait of the action's own.
    waited: own?.waitsUntil && own.waitedFor === 'time' ? new Date(own.waitsUntil) : null,
    answer: own?.answer
      ? { choice: own.answer.choice, by: own.answer.by.id, name: own.answer.by.name }
      : null,
    say: (line) => output.say(line),
    async post(text, channel) {
      posts.push(JSON.stringify({ text, channel }));
    },
  };
}

async function settle(
  desk: StepDesk,
  at: At,
  result: StepResult,
  finish: Finisher,
  log: string | null,
  posts: string[],
): Promise<void> {
  const { fence } = desk.lease.hold;
  switch (result.kind) {
    case 'done':
      return finish.done(result, log, posts);
    case 'wait':
      return desk.tell({ type: 'DelayStep', ...at, fence, until: result.until.toISOString(), error: null });
    case 'ask': {
      const { question, choices } = result;
      return desk.tell({ type: 'AskStep', ...at, fence, why: 'question', question, choices });
    }
  }
}

async function failedAttempt(
  desk: StepDesk,
  spec: StepSpec,
  at: At,
  error: unknown,
  unsafe: boolean,
  finish: Finisher,
  log: string | null,
  once: boolean,
): Promise<void> {
  if (error instanceof Moved || error instanceof NotKept) throw error;
  const known = error instanceof ActionFailed && !error.unsure;
  if (unsafe && !known && !(error instanceof Cancelled)) {
    return lookWhetherItHappened(desk, spec, at, finish, messageOf(error));
  }
  const failures = desk.view.steps.get(at.step)?.[at.phase]?.failures ?? 0;
  const more = failures + 1 < spec.retry.attempts && !once && !(error instanceof Cancelled);
  if (!more) return finish.failed(log, error);
  const ms = spec.retry.backoffS * 1_000 * 2 ** Math.min(failures, 6);
  const until = new Date(desk.world.now().getTime() + ms).toISOString();
  const { fence } = desk.lease.hold;
  await desk.tell({ type: 'DelayStep', ...at, fence, until, error: messageOf(error) });
}
