import type { z } from 'zod';
import type { PlannedStep } from '#domain/run/plan.js';
import type { Json, StepEffect } from '#domain/run/runbook.js';
import type { KeyProbe, KeyStore, Pair } from './keystores/keystore.js';
import type { Host } from './reach.js';
import type { Route, RouteProbe } from './routes/route.js';
import type { Fingerprint, Secret } from './secret.js';

/** What later steps may read as `steps.ID.member`, and what is recorded: ids and fingerprints, never values. */
export type Output = Record<string, Json>;

/** What one step would do, found out by reading only. */
export interface StepPlan extends Pick<PlannedStep, 'does' | 'touches' | 'current' | 'desired'> {
  /** Versions that this rests on, by place: when one of them has changed, the approval is void. */
  versions: Record<string, string>;
  /** What the step's output would be, for the plans of later steps; null: not known before it runs. */
  output: Output | null;
}

/** The plan of a step that touches nothing, rests on nothing and foretells nothing, but for what is said in `more`. */
export const stepPlan = (does: string, more: Partial<StepPlan> = {}): StepPlan => ({
  does,
  touches: [],
  current: null,
  desired: null,
  versions: {},
  output: null,
  ...more,
});

export type StepResult =
  | { kind: 'done'; output: Output; summary: string }
  /** Come back then; `run` is called again with `context.waited`. */
  | { kind: 'wait'; until: Date; summary: string }
  /** A person is to choose; `run` is called again with `context.answer`. */
  | { kind: 'ask'; question: string; choices: string[] };

/** What an action may use. Everything that is said or thrown is scrubbed of known secrets by whoever called. */
export interface ActionContext {
  /** Ends with the step's timeout, a cancellation, or when another worker has taken over. Hand it to every call. */
  signal: AbortSignal;
  /** Names this step of this run, the same in every attempt: for targets that know idempotency keys. */
  key: string;
  /** @throws ActionFailed when there is no such store, route, pair, command or secret; the message lists those there are */
  store(name: string): KeyStore;
  route(name: string): Route;
  pair(name: string): Pair;
  /** Where the keys of a store may be tried. @throws ActionFailed also when tocsin.yml does not say, with what to write there */
  storeProbe(name: string): KeyProbe;
  /** Where one sees from outside that a route works. @throws as storeProbe */
  routeProbe(name: string): RouteProbe;
  /** A command that tocsin.yml allows, by name: program and arguments. */
  command(name: string): ShellCommand;
  /**
   * Resolves `env:NAME` or `file:/path` (allowed in tocsin.yml under `secrets:` by name), and has it scrubbed from then on.
   * @param url where it is to be sent
   * @throws ActionFailed also when tocsin.yml does not let it go there
   */
  secretFor(name: string, url: string): Secret;
  /** Those that templates may reach. */
  hosts: readonly Host[];
  /**
   * What the call says in its definition, templates not filled in: what stands there is its author's word, and what a
   * template filled in is the word of whoever asked.
   */
  written: Json;
  fingerprint: Fingerprint;
  now(): Date;
}

export interface RunContext extends ActionContext {
  /**
   * The right to change the world: call it directly before every change.
   * @throws Lost another worker has this run now
   */
  secure(): Promise<void>;
  /** What `capture` saw before the first attempt: previous values, by fingerprint or as they are where they are no secrets. */
  captured: Json;
  /** What the approved plan said that this step would give; null: it could not tell. */
  planned: Json;
  /** In an undo: what the step that is being undone captured, was given and gave. Undo only what is still as it left it. */
  undoing: { captured: Json; input: Json; output: Output } | null;
  /** After `wait`: until when it waited. */
  waited: Date | null;
  /** After `ask`: what was chosen, and by whom: id, and the name where it was known. */
  answer: { choice: string; by: string; name: string | null } | null;
  /** A line of output: kept as the step's tail, scrubbed, and sent as a file when it is long. */
  say(line: string): void;
  /** Asks Tocsin to post a message in Slack, exactly once for this step, when Slack can take it. @param channel null: the incident's */
  post(text: string, channel: string | null): Promise<void>;
}

/** A program, and what it is started with. */
export interface Program {
  file: string;
  args: string[];
  cwd: string | null;
  env: Record<string, string>;
}

/** One that tocsin.yml lets steps run. */
export interface ShellCommand extends Program {
  /** Is it given secrets? */
  secret: boolean;
  /** What an argument that a template fills in may be beside a secret, each the whole of it; null: tocsin.yml does not say. */
  takes: readonly RegExp[] | null;
}

/**
 * A kind of thing that a step does. One file each in actions/, one line in actions.ts.
 * `I`: what `with` holds once the templates are filled in; checked by `input` when the runbook is read (as far as there
 * are no templates in it), when it is planned, and before it runs.
 */
export interface Action<I = unknown> {
  name: string;
  /** What it does, in a few words, for the list of actions. */
  does: string;
  /** At its worst. */
  effect: StepEffect;
  /** Where it rests on the input: what running it with this one does. */
  effectOf?(input: I): StepEffect;
  /** May an author declare a weaker effect? Only where we cannot know what it does (`shell`, `http` that writes). */
  authorKnows?: boolean;
  input: z.ZodType<I>;
  /** Every member that the output of a finished step may have: what templates of later steps may name. */
  outputs: readonly string[];
  /** Which members of `with` are addresses. */
  addresses?: readonly string[];
  /**
   * Does it send a secret out? Such a step acts, also where it changes nothing: it is approved like one that does, and
   * `plan` sends nothing.
   * @param given `with`, filled in or as written, where a template counts as the worst that it could be
   * @param systems null where tocsin.yml is not at hand: the worst, again
   */
  sends?(given: Readonly<Record<string, unknown>>, systems: Pick<ActionContext, 'command'> | null): boolean;
  /** Members that it once took, each with what to write instead. */
  gone?: Readonly<Record<string, (given: Readonly<Record<string, unknown>>) => string>>;
  /** Does it always wait, or ask somebody, before it is done? As a `check` or `verify` it would have no answer. */
  pauses?: boolean;
  /**
   * Reads only.
   * @param foreseen what earlier steps of the plan would leave, by place (their `touches`, their `desired`); null: it is not
   *   known whether, or what
   * @throws ActionFailed when it would certainly fail
   */
  plan(input: I, context: ActionContext, foreseen?: ReadonlyMap<string, string | null>): Promise<StepPlan>;
  /** Reads what is there before the first change: recorded with the start of the step, handed to every attempt and to the undo. */
  capture?(input: I, context: ActionContext): Promise<Json>;
  /** @throws ActionFailed; anything else thrown counts as one whose outcome is not known */
  run(input: I, context: RunContext): Promise<StepResult>;
}

/** Those that steps may use, by name. */
export type Actions = ReadonlyMap<string, Action>;

type How = { unsure?: boolean; partly?: boolean; final?: boolean; output?: Output };

/** The step did not do what it should. */
export class ActionFailed extends Error {
  override name = 'ActionFailed';
  /** May its effect have happened all the same? Of an `unsafe` step a person is then asked. */
  readonly unsure: boolean;
  /** It has failed, but was begun, and may have done a part: an `unsafe` step is then not tried again by itself. */
  readonly partly: boolean;
  /** Would another attempt by itself do harm? Then a person is asked at once, whatever its `retry` says. */
  readonly final: boolean;
  /** What was done of it, for the undo and for the record. */
  readonly output: Output;

  constructor(message: string, { unsure = false, partly = false, final = false, output = {} }: How = {}) {
    super(message);
    this.unsure = unsure;
    this.partly = partly;
    this.final = final;
    this.output = output;
  }
}

/** Another worker has this run, or this lane: change nothing more, not even the row. */
export class Lost extends Error {
  override name = 'Lost';
  constructor() {
    super('another worker has taken this over');
  }
}
