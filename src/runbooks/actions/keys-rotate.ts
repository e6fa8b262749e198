import { z } from 'zod';
import type { Json } from '#domain/runbook.js';
import type { Action, ActionContext, RunContext, StepPlan, StepResult } from '../action.js';
import type { Pair } from '../pair.js';
import { unaccept, unmint, unswitch } from './rotate-back.js';
import { accept, drain, mint, mustBeSteady, prove, settle, switchOver } from './rotate-forward.js';
import { capturedForRetiring, retire, unretire } from './rotate-retire.js';
import { idsOf, readRotation, shown } from './rotation.js';

interface Phase {
  run(pair: string, context: RunContext): Promise<StepResult>;
  does(pair: Pair): string;
  /** Stores that it writes. */
  writes(pair: Pair): readonly string[];
}

const list = (names: readonly string[]) => names.join(', ');

/** In the order of a rotation, then the ways back. */
const PHASES = {
  mint: {
    run: mint,
    does: ({ truth }) => `makes a new key, pending in ${truth}`,
    writes: ({ truth }) => [truth],
  },
  accept: {
    run: accept,
    does: ({ acceptors }) => `has ${list(acceptors)} accept the pending key too`,
    writes: ({ acceptors }) => acceptors,
  },
  prove: {
    run: prove,
    does: ({ probe }) =>
      `tries the pending key, and a random one, at ${count(probe.urls.length, 'instance')}`,
    writes: () => [],
  },
  switch: {
    run: switchOver,
    does: ({ senders }) => `has ${list(senders)} use the pending key`,
    writes: ({ senders }) => senders,
  },
  drain: {
    run: drain,
    does: ({ drainMs }) => `waits ${drainMs} ms for requests with the old key to end`,
    writes: () => [],
  },
  retire: {
    run: retire,
    does: ({ acceptors, through }) =>
      `has ${list(acceptors)} refuse the old key${through === null ? '' : ', and puts it back when requests through the gateway fail without it'}`,
    writes: ({ acceptors }) => acceptors,
  },
  settle: {
    run: settle,
    does: ({ truth }) =>
      `records the pending key as current in ${truth}, and the old one as previous; from there on there is only forward`,
    writes: ({ truth }) => [truth],
  },
  unretire: {
    run: unretire,
    does: ({ acceptors }) => `has ${list(acceptors)} accept the old key again`,
    writes: ({ acceptors }) => acceptors,
  },
  unswitch: {
    run: unswitch,
    does: ({ senders }) => `has ${list(senders)} use the old key again`,
    writes: ({ senders }) => senders,
  },
  unaccept: {
    run: unaccept,
    does: ({ acceptors }) =>
      `has ${list(acceptors)} refuse the pending key, after requests with it have ended`,
    writes: ({ acceptors }) => acceptors,
  },
  unmint: {
    run: unmint,
    does: ({ truth }) => `forgets the pending key in ${truth}`,
    writes: ({ truth }) => [truth],
  },
} as const satisfies Record<string, Phase>;

type PhaseName = keyof typeof PHASES;

const input = z.strictObject({
  pair: z.string().min(1),
  phase: z.enum(Object.keys(PHASES) as [PhaseName, ...PhaseName[]]),
});

/**
 * `keys.rotate`: one phase of replacing the key that two services share. At every moment each sender's key is accepted
 * by every acceptor; each phase can be run again from wherever a crash has left it; and up to `settle` all can be undone.
 */
export const keysRotate: Action<z.infer<typeof input>> = {
  name: 'keys.rotate',
  does: 'takes one phase of replacing a shared key',
  effect: 'conditional',
  effectOf: ({ phase }) => (phase === 'prove' || phase === 'drain' ? 'read' : 'conditional'),
  // Most of its phases try keys at the pair's instances.
  sends: ({ phase }) => phase !== 'drain',
  input,
  outputs: ['current', 'pending', 'previous'],
  async plan({ pair: name, phase }, context) {
    const pair = context.pair(name);
    const { does, writes }: Phase = PHASES[phase];
    const touches = writes(pair).flatMap((store) => [...context.store(store).places]);
    const plan = { does: does(pair), touches, current: null, desired: null, versions: {}, output: null };
    if (phase === 'mint') return planMint(name, plan, context);
    return phase === 'accept' ? planAccept(name, plan, context) : plan;
  },
  async capture({ pair, phase }, context): Promise<Json> {
    const rotation = await readRotation(pair, context);
    return phase === 'retire' ? capturedForRetiring(rotation, context) : shown(rotation, context);
  },
  run: ({ pair, phase }, context) => PHASES[phase].run(pair, context),
};

/** The first phase is where a rotation is decided on, so it rests on how everything stands; later ones on this one. */
async function planMint(name: string, plan: StepPlan, context: ActionContext): Promise<StepPlan> {
  const rotation = await readRotation(name, context);
  mustBeSteady(rotation, context);
  const { truth, senders, acceptors, current } = rotation;
  const versions = [truth, ...senders, ...acceptors].map(({ store, version }) => [
    `keys:${store.name}`,
    version,
  ]);
  return {
    ...plan,
    does: `${plan.does}, to replace ${context.fingerprint(current)}`,
    versions: Object.fromEntries(versions),
  };
}

/** Acceptors keep the new key under an id of its own, and a service may know its client by that: whoever agrees should know. */
async function planAccept(name: string, plan: StepPlan, context: ActionContext): Promise<StepPlan> {
  const { acceptors, current } = await readRotation(name, context);
  const ids = acceptors.flatMap((acceptor) =>
    idsOf(acceptor, current).map((id) => `${id} in ${acceptor.store.name}`),
  );
  const now = ids.length > 0 ? ` (now ${ids.join(', ')})` : '';
  return { ...plan, does: `${plan.does}; the client is called tocsin-… there from then on${now}` };
}

function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`;
}
