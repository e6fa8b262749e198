import type { Core } from '#compose/core.js';
import { proposeOf } from '#compose/propose.js';
import type { Config } from '#config.js';
import type { Asking } from '#domain/intent.js';
import { remarkOnOwner } from '#domain/permission.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import { runNumberOf, runRef } from '#domain/run-fact.js';
import { runsOf } from '#domain/run-state.js';
import { numberOf, refOf } from '#domain/state.js';
import type { Recorded } from '#handle.js';
import { askingHere, configWithSecret, readAsked, refusalText } from './runbook-asked.js';
import { withWatch } from './runbook-busy.js';
import { printPlan } from './runbook-plan-only.js';
import { Screen } from './runbook-screen.js';
import { LEFT, takeAlong } from './runbook-take.js';
import { type Io, Usage } from './verb.js';
import { withCore } from './with-core.js';

/**
 * `runbook run`: proposes a run, takes it along here, and shows how it goes; with `--plan` it ends with its plan.
 * @returns 0 only when it succeeded
 */
export async function runRunbook(args: string[], io: Io): Promise<number> {
  const asked = readAsked(args, 'run');
  const config = configWithSecret(io, 'database');
  return withCore(io, async (core) => {
    const no = (text: string) => {
      io.err(core.runbooks.scrub.text(text));
      return 1;
    };
    const asking = await askingHere(core, requestOf(asked), asked.owner);
    if (isRefusal(asking)) return no(refusalText(asking));
    // Before anything that may have changed since it was asked for: the runbook, which incidents are open.
    const before = asking.key === null ? null : await core.before(asking);
    const recorded = before ?? (await propose(core, asked, asking));
    if (typeof recorded === 'string') return no(recorded);
    if (isRefusal(recorded)) return no(refusalText(recorded));
    await io.out(`${recorded.receipt}\n`);
    const run = runOf(recorded);
    // The same key again: it may have named another request, or a run that is long forgotten.
    if (run === null) return no('That key was used before, and not for a run.\n');
    const at = { incident: recorded.incident, run };
    if (asked.planOnly) return printPlan(core, config, io, at);
    return follow(core, config, io, { ...at, known: recorded.repeated ? 0 : 1 });
  });
}

/** `runbook watch INC-7 RUN-3`: takes along and shows a run that somebody asked for before. */
export async function watchRun(args: string[], io: Io): Promise<number> {
  // A bare number would be a run's; the incident is always named in full.
  const [first = '', second = ''] = args;
  const [incident, run] =
    numberOf(first) === null
      ? [numberOf(second), runNumberOf(first)]
      : [numberOf(first), runNumberOf(second)];
  if (incident === null || run === null || args.length > 2) {
    throw new Usage('name the incident and the run, such as `INC-7 RUN-3`');
  }
  const config = configWithSecret(io, 'database');
  return withCore(io, async (core) => {
    const asking = await askingHere(core, null, null);
    const state = isRefusal(asking) ? asking : await core.read.incident(asking, incident);
    if (isRefusal(state)) {
      io.err(refusalText(state));
      return 1;
    }
    if (run > runsOf(state).count) {
      io.err(
        `${refOf(incident)} has no ${runRef(run)}. \`tocsin runs ${refOf(incident)}\` lists its runs.\n`,
      );
      return 1;
    }
    return follow(core, config, io, { incident, run, known: 0 });
  });
}

/** What makes it this request, as it was typed, and in whatever order. */
function requestOf({ runbook, inputs, incident, planOnly, key }: ReturnType<typeof readAsked>) {
  if (key === null) return null;
  return { key, request: ['runbook run', runbook, Object.entries(inputs).sort(), incident, planOnly] };
}

/** @returns what was recorded; a refusal; or what to tell when nobody can say in which incident */
async function propose(
  core: Core,
  asked: ReturnType<typeof readAsked>,
  asking: Asking,
): Promise<Recorded | Refusal | string> {
  const incident = asked.incident ?? (await onlyOpen(core, asking));
  if (typeof incident === 'string') return incident;
  const proposed = await proposeOf(core.runbooks)(asked);
  if (isRefusal(proposed)) return proposed;
  const { intent } = proposed;
  const notes = [...proposed.notes, ...(asked.planOnly ? [] : remarkOnOwner(asking))];
  const recorded = await core.handle(intent, incident, asking, notes);
  const busy = isRefusal(recorded) && recorded.code === 'RUN_TARGET_BUSY' && intent.type === 'ProposeRun';
  return busy ? withWatch(core, recorded, intent.target, asking) : recorded;
}

/** @returns the number of the only open incident; or what to tell when there is none, or more than one */
async function onlyOpen(core: Core, asking: Asking): Promise<number | string> {
  const open = await core.read.open(asking);
  const [only, another] = open;
  if (only && !another) return only.number;
  if (!only) {
    return 'No incident is open. Open one with `tocsin open TITLE`, or name an older one with `--incident INC-1`.\n';
  }
  const offered = open.slice(-8).map(({ number, title }) => `  ${refOf(number)}  ${title}\n`);
  return `Which incident? Name it with \`--incident ${refOf(only.number)}\`.\n${offered.join('')}`;
}

/** @returns the number of the run that was asked for, also when it had been asked for under that key before */
function runOf({ facts, receipt, repeated }: Recorded): number | null {
  const [fact] = facts;
  if (fact?.type === 'RunProposed') return fact.data.run;
  const [, said] = (repeated && /· (RUN-[0-9]+) will be planned/.exec(receipt)) || [];
  return said === undefined ? null : runNumberOf(said);
}

async function follow(
  core: Core,
  config: Config,
  io: Io,
  at: { incident: number; run: number; known: number },
): Promise<number> {
  const { scrub } = core.runbooks;
  const screen = new Screen((text) => io.out(scrub.text(text)), terminal(io));
  const ended = await takeAlong(core, config, io, at, screen);
  if (ended === null) return LEFT;
  const { end, planOnly } = ended.state;
  return end === 'succeeded' || (planOnly && end === 'planned') ? 0 : 1;
}

function terminal({ env }: Io): (() => number) | null {
  const live = process.stdout.isTTY && env.TERM !== 'dumb';
  return live ? () => process.stdout.columns || 80 : null;
}
