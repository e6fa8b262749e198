import { setTimeout as sleep } from 'node:timers/promises';
import type { Next } from '#domain/run/next.js';
import type { Call, Json, StepSpec } from '#domain/run/runbook.js';
import { couldBe, fill, holds, TemplateFailed, UNKNOWN, whyLeftOut } from '#domain/run/template.js';
import { type RunView, runViewOf } from '#domain/run/view.js';
import { ActionFailed, Lost, type Output, type RunContext, type StepResult } from '#runbooks/action.js';
import {
  type At,
  abortable,
  Cancelled,
  CHOICES,
  type Finisher,
  finisher,
  Moved,
  messageOf,
  NotKept,
  readingContext,
  type ScrubStream,
  type StepContext,
} from './context.js';
import { checked, effectOf, type ReadyCall, readyCall, scopeOf } from './plan.js';

/** A step that ends whoever does it must not end them all, one after the other, for ever. */
const TAKEN_MOST = 10;

type Doing = Extract<Next, { do: 'start' | 'resume' }>;

/** Does a step, or goes on with one that somebody began, and records what came of it. @throws Moved | NotKept | Lost */
export async function doStep(desk: StepContext, next: Doing): Promise<void> {
  const { spec, phase } = next;
  const at: At = { run: desk.view.state.run, step: spec.id, phase, attempt: next.attempt };
  const finish = finisher(desk, at);
  const ready = await prepared(desk, next, finish);
  if (ready === null) return;
  const unsafe = effectOf(ready.action, ready.input, phase === 'run' ? spec.effect : null) === 'unsafe';
  const { fence } = desk.lease.hold;

  if (next.do === 'resume') {
    // First of all: whatever the earlier worker still says of this step counts no more.
    await desk.tell({ type: 'TakeStep', ...at, fence });
    const taken = desk.view.steps.get(at.step)?.[phase]?.taken ?? 0;
    if (taken + 1 >= TAKEN_MOST) {
      const question = `${taken + 1} workers in a row were lost at it, and it may be what ends them`;
      return desk.tell({ type: 'AskStep', ...at, fence, why: 'unknown', question, choices: CHOICES });
    }
    if (unsafe) {
      return lookWhetherItHappened(desk, spec, at, finish, 'the worker that was at it is gone');
    }
  } else {
    const changed = phase === 'run' ? unlikeThePlan(desk.view, spec, ready.given) : null;
    if (changed !== null) {
      return desk.tell({ type: 'AskStep', ...at, fence, why: 'failed', question: changed, choices: CHOICES });
    }
    const captured = await capture(desk, spec, ready, at, finish);
    if (captured === FAILED) return;
    const now = desk.world.now().toISOString();
    await desk.tell({ type: 'StartStep', ...at, fence, at: now, captured }).catch(async (error) => {
      // Written after all, though nobody could tell us so: a fence is ours alone.
      await reread(desk);
      if (!(error instanceof Moved) || !isOurs(desk, at)) throw error;
    });
  }
  await reread(desk);
  await perform(desk, spec, ready, unsafe, at, finish);
}

/** @returns the call, ready to be made; null: the step is over already, which is recorded */
async function prepared(desk: StepContext, next: Doing, finish: Finisher): Promise<ReadyCall | null> {
  const { spec, phase } = next;
  const call = phase === 'undo' ? (spec.undo as Call) : spec;
  try {
    const scope = scopeOf(desk.view, desk.incident);
    const asks = phase === 'run' && next.do === 'start' && spec.when !== null;
    if (asks && !holds(spec.when as string, scope)) {
      await finish.skipped(whyLeftOut(spec.when as string));
      return null;
    }
    const ready = readyCall(call, scope, desk.world.actions);
    if (phase === 'undo') return ready;
    const given = inputAsApproved(desk.view, spec, ready.given, scope);
    return given === ready.given ? ready : checked(ready.action, given, ready.written);
  } catch (error) {
    if (!(error instanceof ActionFailed) && !(error instanceof TemplateFailed)) throw error;
    if (next.do === 'start') await finish.neverBegan(error.message);
    else await finish.failed(null, new ActionFailed(error.message));
    return null;
  }
}

const FAILED = Symbol('capture failed');

/** What stands there before the first attempt: later ones may see their own traces, so they keep the first's. */
async function capture(
  desk: StepContext,
  { retry }: StepSpec,
  { action, input, written }: ReadyCall,
  at: At,
  finish: Finisher,
): Promise<string | null | typeof FAILED> {
  const before = desk.view.steps.get(at.step)?.[at.phase];
  if (!action.capture || (before?.startedAt ?? null) !== null) return null;
  for (let tries = 1; ; tries++) {
    const signal = AbortSignal.any([desk.lease.signal, desk.cancelled, AbortSignal.timeout(CAPTURE_MS)]);
    try {
      const seen = await abortable(signal, async () =>
        action.capture?.(input, readingContext(desk, at, written, signal)),
      );
      return JSON.stringify(seen ?? null);
    } catch (error) {
      if (desk.lease.signal.aborted) throw new Lost();
      // Nothing was begun: that the run is cancelled is recorded already.
      if (desk.cancelled.aborted) return FAILED;
      if (tries >= retry.attempts) {
        await finish.neverBegan(messageOf(error));
        return FAILED;
      }
    }
    const ms = Math.min(retry.backoffS * 1_000 * 2 ** (tries - 1), CAPTURE_PAUSE_MS);
    await sleep(ms, undefined, { signal: AbortSignal.any([desk.lease.signal, desk.cancelled]) }).catch(
      () => {},
    );
  }
}

/** The longest pause between two looks: the run is in hand meanwhile. */
const CAPTURE_PAUSE_MS = 5_000;
const CAPTURE_MS = 30_000;

/** Did we ourselves begin this attempt, and nobody has said anything of it since? */
function isOurs({ view, lease }: StepContext, { step, phase, attempt }: At): boolean {
  const mark = view.state.steps[step]?.[phase];
  const began = view.steps.get(step)?.[phase];
  return mark?.state === 'running' && mark.attempt === attempt && began?.fence === lease.hold.fence;
}

/** The start that was just recorded, with what was captured, belongs to what the action is given. */
async function reread(desk: StepContext): Promise<void> {
  const { team, number } = desk.incident;
  const facts = await desk.world.facts(team, number, desk.view.state.run);
  desk.view = runViewOf(facts, desk.view.state.run) ?? desk.view;
}

/**
 * What was approved is what is done. The incident may get another title or severity while a run is under way: a step
 * that mentions them says and does what the plan said.
 * @param given the step's input as it would be now
 * @returns the input to use
 */
function inputAsApproved(view: RunView, spec: StepSpec, given: Json, scope: Record<string, unknown>): Json {
  const planned = plannedStep(view, spec);
  if (!planned || planned.when === 'left out' || JSON.stringify(planned.input) === JSON.stringify(given))
    return given;
  // As a plan would keep it, had nothing been known of the incident.
  const open = JSON.parse(JSON.stringify(fill(spec.with, { ...scope, incident: UNKNOWN }))) as Json;
  return couldBe(open, planned.input) && couldBe(open, given) ? planned.input : given;
}

/**
 * Held to the plan wherever it could know what a step would be given.
 * @returns what to ask; null: it is as planned, or a person has said *retry* and so saw how things stand
 */
function unlikeThePlan(view: RunView, spec: StepSpec, given: Json): string | null {
  const planned = plannedStep(view, spec);
  if (!planned || (planned.effect === 'read' && !planned.sends)) return null;
  if (view.steps.get(spec.id)?.run?.answer?.choice === 'retry') return null;
  // Only a step that the plan could not know in full has anything open: a value that reads so by chance has not.
  const same = JSON.stringify(planned.input) === JSON.stringify(given);
  if (same ? planned.when !== 'left out' : planned.when === 'maybe' && couldBe(planned.input, given))
    return null;
  return 'it would now do something else than what was approved';
}

function plannedStep(view: RunView, spec: StepSpec) {
  return view.plan?.steps.find(({ id }) => id === spec.id) ?? null;
}

/** Runs an action within its time, and records how it ended. @throws Moved | NotKept | Lost */
async function perform(
  desk: StepContext,
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
    result = await abortable(signal, () => action.run(input, context));
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

function plannedOutput({ view }: StepContext, step: string): Json {
  const planned = view.plan?.steps.find(({ id }) => id === step);
  return planned && planned.when !== 'left out' ? (planned.output ?? null) : null;
}

/** What the step that is being undone was given; null where that can no longer be told. */
function inputOf(desk: StepContext, spec: StepSpec): Json {
  try {
    return fill(spec.with, scopeOf(desk.view, desk.incident));
  } catch {
    return null;
  }
}

function runContext(
  desk: StepContext,
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
  desk: StepContext,
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
  desk: StepContext,
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

/** Characters of a step's printed output that are kept: its beginning and its end. */
const HEAD = 4_000;
const TAIL = 28_000;

/**
 * What a step prints, in little memory however much it is.
 * Scrubbed before anything is cut off: half a secret would not be recognised as one.
 */
class RunOutput {
  readonly #scrub: ScrubStream | undefined;
  #head = '';
  #tail = '';
  #dropped = 0;

  constructor(scrub?: ScrubStream) {
    this.#scrub = scrub;
  }

  say(line: string): void {
    const text = `${line}\n`;
    this.#keep(this.#scrub ? this.#scrub.write(text) : text);
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
    if (this.#scrub) this.#keep(this.#scrub.end());
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

/** Did a step that was done take effect? @throws ActionFailed it did not; what it did is with the error, for the undo */
async function verify(desk: StepContext, spec: StepSpec, output: Output, signal: AbortSignal): Promise<void> {
  const scope = scopeOf(desk.view, desk.incident);
  const own = { ...scope, steps: { ...(scope.steps as object), [spec.id]: output } };
  try {
    await readOnly(desk, spec.verify as Call, own, signal);
  } catch (error) {
    if (error instanceof Lost) throw error;
    throw new ActionFailed(`done, but it did not take effect: ${messageOf(error)}`, { output });
  }
}

/**
 * Of an unsafe step nobody knows how it ended: its check says so, or a person does. It is never done again by itself,
 * not even when the check says that it has not happened: what was sent may still arrive.
 */
async function lookWhetherItHappened(
  desk: StepContext,
  spec: StepSpec,
  at: At,
  finish: Finisher,
  why: string,
): Promise<void> {
  let known = `nobody knows whether it happened: ${why}`;
  if (spec.check && at.phase === 'run') {
    const limit = AbortSignal.any([desk.lease.signal, AbortSignal.timeout(spec.timeoutS * 1_000)]);
    try {
      await readOnly(desk, spec.check, scopeOf(desk.view, desk.incident), limit);
      return await finish.adopted();
    } catch (error) {
      if (desk.lease.signal.aborted || error instanceof Lost) throw new Lost();
      if (!isOutcome(error)) throw error;
      known =
        error instanceof ActionFailed && !error.unsure
          ? `it has not happened, says its check (${error.message}); ${why}`
          : `${known}, and its check cannot tell: ${messageOf(error)}`;
    }
  }
  const fence = desk.lease.hold.fence;
  await desk.tell({ type: 'AskStep', ...at, fence, why: 'unknown', question: known, choices: CHOICES });
}

/** What an action threw, and not what recording did. */
function isOutcome(error: unknown): boolean {
  return !(error instanceof Moved || error instanceof NotKept);
}

/** Runs a call that must only read (`check`, `verify`). @throws what the action throws */
async function readOnly(
  desk: StepContext,
  call: Call,
  scope: Record<string, unknown>,
  signal: AbortSignal,
): Promise<void> {
  const { action, input, written } = readyCall(call, scope, desk.world.actions);
  if (effectOf(action, input, null) !== 'read') throw new ActionFailed(`${call.uses} does not only read`);
  const at: At = { run: desk.view.state.run, step: call.uses, phase: 'run', attempt: 0 };
  const context: RunContext = {
    ...readingContext(desk, at, written, signal),
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
