import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerRunIntent } from '#domain/run/intent.js';
import type { Next } from '#domain/run/next.js';
import type { Call, Json } from '#domain/run/runbook.js';
import { couldBe, fill, holds, TemplateFailed, UNKNOWN, whyLeftOut } from '#domain/run/template.js';
import { runViewOf } from '#domain/run/view.js';
import {
  type ActionContext,
  ActionFailed,
  Lost,
  type Output,
  type RunContext,
  type StepResult,
} from '#runbooks/action.js';
import type { Scrub } from '#runbooks/scrub.js';
import { abortable, type HeldRun, Moved, NotKept, type StepContext } from './context.js';
import { checked, effectOf, type ReadyCall, readyCall, scopeOf } from './plan.js';

/** A step that ends its worker must not end all of them, one after the other, for ever. */
const TAKEN_MOST = 10;

type Doing = Extract<Next, { do: 'start' | 'resume' }>;

/** One attempt at a step of a run. */
export function stepOf(
  run: HeldRun,
  { spec, phase, attempt }: Pick<Doing, 'spec' | 'phase' | 'attempt'>,
): StepContext {
  const { fence } = run.lease.hold;
  return { ...run, spec, at: { run: run.view.state.run, step: spec.id, phase, attempt, fence } };
}

/** Does a step, or goes on with one that somebody began, and records what came of it. @throws Moved | NotKept | Lost */
export async function doStep(run: HeldRun, next: Doing): Promise<void> {
  const step = stepOf(run, next);
  const { spec, at } = step;
  const call = await prepared(step, next);
  if (call === null) return;
  const unsafe = effectOf(call.action, call.input, at.phase === 'run' ? spec.effect : null) === 'unsafe';

  if (next.do === 'resume') {
    // First of all: whatever the earlier worker still says of this step counts no more.
    await step.tell({ type: 'TakeStep', ...at });
    const taken = step.view.steps.get(at.step)?.[at.phase]?.taken ?? 0;
    if (taken + 1 >= TAKEN_MOST) {
      const question = `${taken + 1} workers in a row were lost at it, and it may be what ends them`;
      return ask(step, 'unknown', question);
    }
    if (unsafe) return lookWhetherItHappened(step, 'the worker that was at it is gone');
  } else {
    const changed = at.phase === 'run' ? unlikeThePlan(step, call.given) : null;
    if (changed !== null) return ask(step, 'failed', changed);
    const captured = await capture(step, call);
    if (captured === FAILED) return;
    const now = step.world.now().toISOString();
    await step.tell({ type: 'StartStep', ...at, at: now, captured }).catch(async (error) => {
      // Written after all, though nobody could tell us so: a fence is ours alone.
      await reread(step);
      if (!(error instanceof Moved) || !isOurs(step)) throw error;
    });
  }
  await reread(step);
  await perform(step, call, unsafe);
}

/** Ends a step that was cancelled while it ran, and whose worker is gone. */
export async function abandonStep(step: StepContext): Promise<void> {
  await step.tell({ type: 'TakeStep', ...step.at });
  await failed(step, new ActionFailed('cancelled while it ran, and its worker is gone: look at what it did'));
}

/** @returns the call, ready to be made; null: the step is over already, which is recorded */
async function prepared(step: StepContext, next: Doing): Promise<ReadyCall | null> {
  const { spec, at } = step;
  try {
    const scope = scopeOf(step.view, step.incident);
    if (at.phase === 'run' && next.do === 'start' && spec.when !== null && !holds(spec.when, scope)) {
      await finish(step, { outcome: 'skipped', startedAt: null, summary: whyLeftOut(spec.when) });
      return null;
    }
    const ready = readyCall(at.phase === 'undo' ? (spec.undo as Call) : spec, scope, step.world.actions);
    if (at.phase === 'undo') return ready;
    const given = inputAsApproved(step, ready.given, scope);
    return given === ready.given ? ready : checked(ready.action, given, ready.written);
  } catch (error) {
    if (!(error instanceof ActionFailed) && !(error instanceof TemplateFailed)) throw error;
    if (next.do === 'start') await neverBegan(step, error);
    else await failed(step, new ActionFailed(error.message));
    return null;
  }
}

const FAILED = Symbol('capture failed');

/** What stands there before the first attempt: later ones may see their own traces, so they keep the first's. */
async function capture(
  step: StepContext,
  { action, input, written }: ReadyCall,
): Promise<string | null | typeof FAILED> {
  const { lease, cancelled, at, spec } = step;
  const before = step.view.steps.get(at.step)?.[at.phase];
  if (!action.capture || (before?.startedAt ?? null) !== null) return null;
  const ended = AbortSignal.any([lease.signal, cancelled]);
  for (let tries = 1; ; tries++) {
    const signal = AbortSignal.any([ended, AbortSignal.timeout(CAPTURE_MS)]);
    try {
      const seen = await abortable(signal, async () =>
        action.capture?.(input, readingContext(step, written, signal)),
      );
      return JSON.stringify(seen ?? null);
    } catch (error) {
      if (lease.signal.aborted) throw new Lost();
      // Nothing was begun: that the run is cancelled is recorded already.
      if (cancelled.aborted) return FAILED;
      if (tries >= spec.retry.attempts) {
        await neverBegan(step, error);
        return FAILED;
      }
    }
    const ms = Math.min(spec.retry.backoffS * 1_000 * 2 ** (tries - 1), CAPTURE_PAUSE_MS);
    await sleep(ms, undefined, { signal: ended }).catch(() => {});
  }
}

/** The longest pause between two looks: the run is in hand meanwhile. */
const CAPTURE_PAUSE_MS = 5_000;
const CAPTURE_MS = 30_000;

/** Did we ourselves begin this attempt, and nobody has said anything of it since? */
function isOurs({ view, at }: StepContext): boolean {
  const mark = view.state.steps[at.step]?.[at.phase];
  const began = view.steps.get(at.step)?.[at.phase];
  return mark?.state === 'running' && mark.attempt === at.attempt && began?.fence === at.fence;
}

/** The start that was just recorded, with what was captured, belongs to what the action is given. */
async function reread(step: StepContext): Promise<void> {
  const { team, number } = step.incident;
  step.view = runViewOf(await step.world.facts(team, number, step.at.run), step.at.run) ?? step.view;
}

/**
 * What was approved is what is done. The incident may get another title or severity while a run is under way: a step
 * that mentions them says and does what the plan said.
 * @param given the step's input as it would be now
 * @returns the input to use
 */
function inputAsApproved(step: StepContext, given: Json, scope: Record<string, unknown>): Json {
  const planned = plannedStep(step);
  if (!planned || planned.when === 'left out' || JSON.stringify(planned.input) === JSON.stringify(given))
    return given;
  // As a plan would keep it, had nothing been known of the incident.
  const open = JSON.parse(JSON.stringify(fill(step.spec.with, { ...scope, incident: UNKNOWN }))) as Json;
  return couldBe(open, planned.input) && couldBe(open, given) ? planned.input : given;
}

/**
 * Held to the plan wherever it could know what a step would be given.
 * @returns what to ask; null: it is as planned, or a person has said *retry* and so saw how things stand
 */
function unlikeThePlan(step: StepContext, given: Json): string | null {
  const planned = plannedStep(step);
  if (!planned || (planned.effect === 'read' && !planned.sends)) return null;
  if (step.view.steps.get(step.spec.id)?.run?.answer?.choice === 'retry') return null;
  // Only a step that the plan could not know in full has anything open: a value that reads so by chance has not.
  const same = JSON.stringify(planned.input) === JSON.stringify(given);
  if (same ? planned.when !== 'left out' : planned.when === 'maybe' && couldBe(planned.input, given))
    return null;
  return 'it would now do something else than what was approved';
}

function plannedStep({ view, spec }: StepContext) {
  return view.plan?.steps.find(({ id }) => id === spec.id) ?? null;
}

/** A step was stopped from outside; `output` is what it had done by then, for the undo. */
class Cancelled extends ActionFailed {}

/** Runs an action within its time, and records how it ended. @throws Moved | NotKept | Lost */
async function perform(
  step: StepContext,
  { action, input, written }: ReadyCall,
  unsafe: boolean,
): Promise<void> {
  const { lease, cancelled, spec, at } = step;
  const printed = new RunOutput(step.world.scrub.stream?.());
  const posts: string[] = [];
  const timeout = AbortSignal.timeout(spec.timeoutS * 1_000);
  const signal = AbortSignal.any([lease.signal, cancelled, timeout]);
  const context = runContext(step, written, signal, printed, posts);
  let result: StepResult | null = null;
  try {
    result = await abortable(signal, () => action.run(input, context));
    if (result.kind === 'done' && at.phase === 'run' && spec.verify) {
      await verify(step, spec.verify, result.output, signal);
    }
  } catch (error) {
    if (lease.signal.aborted || error instanceof Lost) throw new Lost();
    const cause = cancelled.aborted
      ? new Cancelled(
          `cancelled while it ran: ${error instanceof ActionFailed ? error.message : 'look at what it did'}`,
          error instanceof ActionFailed ? { output: error.output } : {},
        )
      : timeout.aborted && !(error instanceof ActionFailed)
        ? new Error(`it took longer than ${spec.timeoutS} s`)
        : error;
    const failure = error instanceof ActionFailed ? error : null;
    // Done, though its verify failed, or begun: not safe to do again.
    const once = failure?.final || (unsafe && (result?.kind === 'done' || failure?.partly)) || false;
    return failedAttempt(step, cause, unsafe, once, printed.text());
  }
  switch (result.kind) {
    case 'done': {
      const { output, summary } = result;
      return finish(step, { outcome: 'done', output: kept(output), summary, log: printed.text(), posts });
    }
    case 'wait':
      return delay(step, result.until, null);
    case 'ask':
      return ask(step, 'question', result.question, result.choices);
  }
}

/** What the step that is being undone was given; null where that can no longer be told. */
function inputOf({ view, incident, spec }: StepContext): Json {
  try {
    return fill(spec.with, scopeOf(view, incident));
  } catch {
    return null;
  }
}

/** What an action that only reads may use. @param written what its call says in the definition */
function readingContext(
  { world, incident, at }: StepContext,
  written: Json,
  signal: AbortSignal,
  step = at.step,
): ActionContext {
  const key = `${incident.team}/${incident.number}/${at.run}/${step}/${at.phase}`;
  return { ...world.systems, key, written, signal, now: world.now };
}

function runContext(
  step: StepContext,
  written: Json,
  signal: AbortSignal,
  printed: RunOutput,
  posts: string[],
): RunContext {
  const { at } = step;
  const phases = step.view.steps.get(at.step);
  const own = phases?.[at.phase];
  const run = phases?.run;
  const planned = plannedStep(step);
  return {
    ...readingContext(step, written, signal),
    // An action that was left behind (out of time, or cancelled) may change nothing more, though the run is still ours.
    async secure() {
      signal.throwIfAborted();
      await step.lease.secure();
      signal.throwIfAborted();
    },
    captured: own?.captured ?? null,
    planned: at.phase === 'run' && planned?.when !== 'left out' ? (planned?.output ?? null) : null,
    undoing:
      at.phase === 'undo'
        ? { captured: run?.captured ?? null, input: inputOf(step), output: run?.output ?? {} }
        : null,
    // A wait that an error caused is the pause before another attempt, and no wait of the action's own.
    waited: own?.waitsUntil && own.waitedFor === 'time' ? new Date(own.waitsUntil) : null,
    answer: own?.answer
      ? { choice: own.answer.choice, by: own.answer.by.id, name: own.answer.by.name }
      : null,
    say: (line) => printed.say(line),
    async post(text, channel) {
      posts.push(JSON.stringify({ text, channel }));
    },
  };
}

/** @param once it must not be tried again @param log what it printed */
async function failedAttempt(
  step: StepContext,
  error: unknown,
  unsafe: boolean,
  once: boolean,
  log: string | null,
): Promise<void> {
  if (error instanceof Moved || error instanceof NotKept) throw error;
  const known = error instanceof ActionFailed && !error.unsure;
  if (unsafe && !known && !(error instanceof Cancelled)) return lookWhetherItHappened(step, messageOf(error));
  const { retry } = step.spec;
  const failures = step.view.steps.get(step.at.step)?.[step.at.phase]?.failures ?? 0;
  const more = failures + 1 < retry.attempts && !once && !(error instanceof Cancelled);
  if (!more) return failed(step, error, log);
  const ms = retry.backoffS * 1_000 * 2 ** Math.min(failures, 6);
  await delay(step, new Date(step.world.now().getTime() + ms), messageOf(error));
}

/** Did a step that was done take effect? @throws ActionFailed it did not; what it did is with the error, for the undo */
async function verify(step: StepContext, call: Call, output: Output, signal: AbortSignal): Promise<void> {
  const scope = scopeOf(step.view, step.incident);
  const own = { ...scope, steps: { ...(scope.steps as object), [step.spec.id]: output } };
  try {
    await readOnly(step, call, own, signal);
  } catch (error) {
    if (error instanceof Lost) throw error;
    throw new ActionFailed(`done, but it did not take effect: ${messageOf(error)}`, { output });
  }
}

/**
 * Of an unsafe step nobody knows how it ended: its check says so, or a person does. It is never done again by itself,
 * not even when the check says that it has not happened: what was sent may still arrive.
 */
async function lookWhetherItHappened(step: StepContext, why: string): Promise<void> {
  const { spec, at, lease } = step;
  let known = `nobody knows whether it happened: ${why}`;
  if (spec.check && at.phase === 'run') {
    const limit = AbortSignal.any([lease.signal, AbortSignal.timeout(spec.timeoutS * 1_000)]);
    try {
      await readOnly(step, spec.check, scopeOf(step.view, step.incident), limit);
      return await finish(step, { outcome: 'done', summary: 'found done by its check' });
    } catch (error) {
      if (lease.signal.aborted || error instanceof Lost) throw new Lost();
      // What recording threw is no answer of the check's.
      if (error instanceof Moved || error instanceof NotKept) throw error;
      known =
        error instanceof ActionFailed && !error.unsure
          ? `it has not happened, says its check (${error.message}); ${why}`
          : `${known}, and its check cannot tell: ${messageOf(error)}`;
    }
  }
  await ask(step, 'unknown', known);
}

/** Runs a call that must only read (`check`, `verify`). @throws what the action throws */
async function readOnly(
  step: StepContext,
  call: Call,
  scope: Record<string, unknown>,
  signal: AbortSignal,
): Promise<void> {
  const { action, input, written } = readyCall(call, scope, step.world.actions);
  if (effectOf(action, input, null) !== 'read') throw new ActionFailed(`${call.uses} does not only read`);
  const context: RunContext = {
    ...readingContext(step, written, signal, call.uses),
    async secure() {
      throw new ActionFailed(`${call.uses} is only to read here`);
    },
    captured: null,
    planned: null,
    undoing: null,
    waited: null,
    answer: null,
    say: () => undefined,
    post: async () => undefined,
  };
  const result = await abortable(signal, () => action.run(input, context));
  if (result.kind !== 'done') throw new ActionFailed(`${call.uses} gave no answer`);
}

/** What a person may say where a step failed, or nobody knows how it ended. */
const CHOICES = ['retry', 'skip', 'undo'];

/** The step waits for a person. */
export async function ask(
  step: StepContext,
  why: Extract<WorkerRunIntent, { type: 'AskStep' }>['why'],
  question: string,
  choices = CHOICES,
): Promise<void> {
  await step.tell({ type: 'AskStep', ...step.at, why, question, choices });
  count(step, 'asked');
}

/** The step waits for a time. @param error what it is tried again after */
export function delay({ tell, at }: StepContext, until: Date, error: string | null): Promise<void> {
  return tell({ type: 'DelayStep', ...at, until: until.toISOString(), error });
}

type Ending = Extract<WorkerRunIntent, { type: 'FinishStep' }>;

/** The step is over. */
async function finish(
  step: StepContext,
  how: Pick<Ending, 'outcome'> & Partial<Omit<Ending, 'outcome' | keyof StepContext['at']>>,
): Promise<void> {
  const { tell, at, view } = step;
  const startedAt = view.steps.get(at.step)?.[at.phase]?.startedAt ?? null;
  const nothing = { output: null, summary: null, error: null, log: null, posts: [] };
  await tell({ type: 'FinishStep', ...at, startedAt, ...nothing, ...how });
  count(step, how.outcome);
}

/** Once it is recorded: what was told twice is one. */
function count({ world, view, spec, at }: StepContext, outcome: Ending['outcome'] | 'asked'): void {
  const { uses } = (at.phase === 'undo' && spec.undo) || spec;
  world.metrics?.stepEnded(view.state.runbook, uses, outcome);
}

function neverBegan(step: StepContext, error: unknown): Promise<void> {
  return finish(step, { outcome: 'failed', startedAt: null, error: messageOf(error) });
}

function failed(step: StepContext, error: unknown, log: string | null = null): Promise<void> {
  const output = error instanceof ActionFailed ? kept(error.output) : null;
  return finish(step, { outcome: 'failed', output, error: messageOf(error), log });
}

/** The whole of it: what is cut before it is scrubbed may end with half a secret. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Characters of one step's output: every later step reads it, and every reader of the run. */
const OUTPUT = 65_536;

/** What is too long is left out by its members, the longest first: `left_out` says which. */
function kept(output: Output): string {
  const whole = JSON.stringify(output);
  if (whole.length <= OUTPUT) return whole;
  const members = Object.entries(output).map(([name, value]) => ({
    name,
    value,
    json: JSON.stringify(value),
  }));
  const left: string[] = [];
  let length = whole.length;
  for (const { name, json } of members.toSorted((a, b) => b.json.length - a.json.length)) {
    if (length <= OUTPUT) break;
    left.push(name);
    length -= json.length + name.length;
  }
  const short = members.filter(({ name }) => !left.includes(name)).map(({ name, value }) => [name, value]);
  return JSON.stringify({ ...Object.fromEntries(short), left_out: left.slice(0, 20) });
}

/** Characters of a step's printed output that are kept: its beginning and its end. */
const HEAD = 4_000;
const TAIL = 28_000;

/**
 * What a step prints, in little memory however much it is.
 * Scrubbed before anything is cut off: half a secret would not be recognised as one.
 */
class RunOutput {
  #head = '';
  #tail = '';
  #dropped = 0;

  constructor(private readonly scrub?: ReturnType<Scrub['stream']>) {}

  say(line: string): void {
    const text = `${line}\n`;
    this.#keep(this.scrub ? this.scrub.write(text) : text);
  }

  #keep(text: string): void {
    if (this.#head.length + text.length <= HEAD && this.#tail === '') {
      this.#head += text;
      return;
    }
    this.#tail += text;
    if (this.#tail.length > 2 * TAIL) this.#cut();
  }

  /** @returns what is kept, or null when nothing was printed */
  text(): string | null {
    if (this.scrub) this.#keep(this.scrub.end());
    if (this.#tail.length > TAIL) this.#cut();
    const gap = this.#dropped > 0 ? `… ${this.#dropped.toLocaleString('en')} characters left out …\n` : '';
    const text = `${this.#head}${gap}${this.#tail}`;
    return text === '' ? null : text;
  }

  #cut(): void {
    const excess = this.#tail.length - TAIL;
    // Not inside a pair of surrogates: half a character cannot be kept.
    const at = /[\udc00-\udfff]/.test(this.#tail[excess] ?? '') ? excess + 1 : excess;
    this.#dropped += at;
    this.#tail = this.#tail.slice(at);
  }
}
