import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Json } from '#domain/run/runbook.js';
import {
  type Action,
  type ActionContext,
  ActionFailed,
  type RunContext,
  type StepPlan,
  type StepResult,
} from '../action.js';
import type { Pair } from '../keystores/keystore.js';
import type { Secret } from '../secret.js';
import {
  accept,
  acceptedId,
  accepts,
  captured,
  done,
  drain,
  drainFor,
  foreign,
  type Holder,
  idsOf,
  isHalfway,
  mint,
  mustAllAccept,
  mustAllUse,
  mustBeSteady,
  mustNotAccept,
  prove,
  proveAccepted,
  proveRefused,
  proveThrough,
  type Rotation,
  readRotation,
  readUnderWay,
  settle,
  shown,
  switchOver,
  uses,
} from './rotation.js';
import { change } from './touch.js';

/** Under which ids each acceptor held the old key before any of them lost it. */
const capturedRetiring = z.object({ accepted: z.record(z.string(), z.array(z.string())) });

function capturedForRetiring(rotation: Rotation, context: ActionContext): Json {
  const ids = rotation.acceptors.map((acceptor) => [acceptor.store.name, idsOf(acceptor, rotation.current)]);
  return { ...shown(rotation, context), accepted: Object.fromEntries(ids) };
}

/**
 * P8: no acceptor takes the old key any more. What stores say of senders may be wrong, and only now it shows: so each
 * removal is proved by requests through the gateway, and the key is put back at once when they fail.
 */
async function retire(name: string, context: RunContext): Promise<StepResult> {
  const first = await readUnderWay(name, context);
  const old = first.current;
  if (old.equals(first.pending))
    throw new ActionFailed(`${first.pair.truth} has settled already: nothing is to be retired`);
  // An earlier attempt may have died between a removal and its proof.
  await mustDoWithout(name, context);
  for (const { store } of first.acceptors) {
    const now = await readUnderWay(name, context);
    mustAllUse(now, now.pending, context);
    mustAllAccept(now, now.pending, context);
    const acceptor = now.acceptors.find((one) => one.store.name === store.name);
    const ids = acceptor ? idsOf(acceptor, old) : [];
    if (ids.length === 0) continue;
    const output = shown(now, context);
    try {
      for (const id of ids) {
        await change(context, () => store.remove(id, old, context.signal), output);
        context.say(`${store.name} refuses ${context.fingerprint(old)} (${id})`);
      }
    } catch (error) {
      // Some places may have lost the old key, and would refuse senders that use it until the next attempt.
      if (error instanceof ActionFailed) await mustDoWithout(name, context);
      throw error;
    }
    await mustDoWithout(name, context);
  }
  const after = await readUnderWay(name, context);
  mustNotAccept(after.acceptors, old, context);
  await proveAccepted(after.pair, 'pending', after.pending, context);
  await proveRefused(after.pair, old, context);
  // Proved once more, because a service may have read its keys anew only a moment ago.
  await mustDoWithout(name, context);
  return done(after, context, `${context.fingerprint(old)} is refused everywhere`);
}

/** Every acceptor that `retire` has taken the old key from takes it again. Refuses once the truth has settled. */
async function unretire(name: string, context: RunContext): Promise<StepResult> {
  const rotation = await readRotation(name, context);
  mustNotBeSettled(rotation, context);
  const { current } = rotation;
  await putBack(rotation, context.undoing?.captured ?? null, context);
  const after = await readRotation(name, context);
  mustAllAccept(after, current, context);
  await proveAccepted(after.pair, 'current', current, context);
  return done(after, context, `${context.fingerprint(current)} is accepted everywhere`);
}

/**
 * Proves that requests are answered well without the old key, as far as it is gone; else puts it back.
 * @throws ActionFailed then, too
 */
async function mustDoWithout(name: string, context: RunContext): Promise<void> {
  const now = await readUnderWay(name, context);
  try {
    mustAllUse(now, now.pending, context);
    await proveThrough(now.pair, context);
  } catch (error) {
    if (!(error instanceof ActionFailed) || context.signal.aborted) throw error;
    if (lacking(now, context.captured, context).length === 0) throw error;
    throw await afterPuttingBack(now, error, context);
  }
}

/** Puts the old key back. @returns what to say of it */
async function afterPuttingBack(
  now: Rotation,
  { message }: ActionFailed,
  context: RunContext,
): Promise<ActionFailed> {
  const fp = context.fingerprint(now.current);
  const output = shown(now, context);
  const why = `${message} once ${fp} was gone`;
  try {
    await putBack(now, context.captured, context);
  } catch (error) {
    if (!(error instanceof ActionFailed)) throw error;
    const { unsure } = error;
    return new ActionFailed(`${why}; putting it back failed: ${error.message}`, { unsure, output });
  }
  // The step is not repeated by itself: each attempt would cost requests, until somebody has found that sender.
  const final = { final: true, output };
  if (now.pair.through === null) return new ActionFailed(`${why}; it was put back`, final);
  const still = await answersAgain(now, context);
  if (still) return new ActionFailed(`${why}; it was put back, which did not help: ${still.message}`, final);
  return new ActionFailed(
    `${why}; it was put back, and requests are answered again: some sender still uses it, whatever its store says`,
    final,
  );
}

const LOOKS = 5;
const PAUSE_MS = 1_000;

/**
 * Waits until requests are answered again, because a service may read its keys anew only every few seconds.
 * @returns what is still wrong after that; null: nothing
 */
async function answersAgain({ pair }: Rotation, context: RunContext): Promise<ActionFailed | null> {
  for (let look = 1; ; look += 1) {
    try {
      await proveThrough(pair, context);
      return null;
    } catch (error) {
      if (!(error instanceof ActionFailed)) throw error;
      if (look === LOOKS || context.signal.aborted) return error;
    }
    await sleep(PAUSE_MS, undefined, { signal: context.signal }).catch(() => {});
  }
}

/** Puts the old key back at all acceptors at once: as long as one lacks it, requests may fail. @throws ActionFailed once all were tried */
async function putBack(rotation: Rotation, before: Json, context: RunContext): Promise<void> {
  const old = rotation.current;
  const output = shown(rotation, context);
  const tried = lacking(rotation, before, context).map(async ({ store, ids }) => {
    for (const id of ids) {
      await change(context, () => store.put(id, old, null, context.signal), output);
      context.say(`${store.name} accepts ${context.fingerprint(old)} again (${id})`);
    }
  });
  const failed = (await Promise.allSettled(tried)).find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
}

/** @returns the acceptors that had the old key and do not take it now, with the ids to put it back under */
function lacking(rotation: Rotation, before: Json, context: ActionContext) {
  const { acceptors, current } = rotation;
  return acceptors
    .filter((acceptor) => !accepts(acceptor, current))
    .map((acceptor) => ({ store: acceptor.store, ids: idsToPutBack(acceptor, current, before, context) }))
    .filter(({ ids }) => ids.length > 0);
}

/** None where the key was gone before this run began: it was taken away on purpose. */
function idsToPutBack(acceptor: Holder, old: Secret, before: Json, context: ActionContext): string[] {
  const own = acceptedId(old, context);
  const had = capturedRetiring.safeParse(before).data?.accepted[acceptor.store.name] ?? [own];
  const taken = (id: string) => acceptor.anywhere.get(id)?.equals(old) === false;
  const free = had.filter((id) => !taken(id));
  return free.length > 0 || had.length === 0 ? free : [own];
}

const minted = z.object({ pending: z.string() });

/** Every sender uses the current key again. Refuses when an acceptor takes it no more: `unretire` comes first. */
async function unswitch(name: string, context: RunContext): Promise<StepResult> {
  const first = await readRotation(name, context);
  mustNotBeSettled(first, context);
  for (const { store } of first.senders) {
    const now = await readRotation(name, context);
    const { pair, current, pending } = now;
    const sender = now.senders.find((one) => one.store.name === store.name);
    if (!sender || uses(now, sender, current)) continue;
    if (!pending || !(uses(now, sender, pending) || isHalfway(now, sender)))
      throw foreign(now, store.name, sender.keys.get(pair.key), context);
    mustAllAccept(now, current, context);
    const output = shown(now, context);
    await change(context, () => store.put(pair.key, current, pending, context.signal), output);
    context.say(`${store.name} uses ${context.fingerprint(current)} again`);
  }
  const after = await readRotation(name, context);
  mustAllUse(after, after.current, context);
  await proveThrough(after.pair, context);
  return done(after, context, `every sender uses ${context.fingerprint(after.current)}`);
}

/** No acceptor takes the next key any more, once requests with it are over. Refuses while a sender uses it. */
async function unaccept(name: string, context: RunContext): Promise<StepResult> {
  const first = await readRotation(name, context);
  mustNotBeSettled(first, context);
  const { pending } = first;
  if (!pending || !first.acceptors.some((acceptor) => idsOf(acceptor, pending).length > 0)) {
    return done(first, context, 'no acceptor takes a pending key');
  }
  mustBeUnused(first, context);
  // A sender may have used the next key a moment ago, and that request is still to be answered.
  if (!context.waited) return drainFor(first, context);
  for (const { store } of first.acceptors) {
    const now = await readRotation(name, context);
    mustBeUnused(now, context);
    const acceptor = now.acceptors.find((one) => one.store.name === store.name);
    for (const id of acceptor ? idsOf(acceptor, pending) : []) {
      const output = shown(now, context);
      await change(context, () => store.remove(id, pending, context.signal), output);
      context.say(`${store.name} accepts ${context.fingerprint(pending)} no more (${id})`);
    }
  }
  const after = await readRotation(name, context);
  mustNotAccept(after.acceptors, pending, context);
  return done(after, context, `${context.fingerprint(pending)} is accepted nowhere`);
}

/** The truth forgets the next key. Refuses while anybody has it. */
async function unmint(name: string, context: RunContext): Promise<StepResult> {
  const rotation = await readRotation(name, context);
  const { pending, truth, senders, acceptors } = rotation;
  mustNotBeSettled(rotation, context);
  if (!pending) return done(rotation, context, `${truth.store.name} holds no pending key`);
  const before = captured.safeParse(context.undoing?.captured).data;
  const put = minted.safeParse(context.undoing?.output).data;
  const fp = context.fingerprint(pending);
  if (before?.pending || (put && put.pending !== fp)) {
    throw new ActionFailed(
      `the pending key ${fp} of ${truth.store.name} is not the one that was made here: left alone`,
    );
  }
  mustBeUnused(rotation, context);
  mustNotAccept([...senders, ...acceptors], pending, context);
  const output = shown(rotation, context);
  await change(context, () => truth.store.remove('pending', pending, context.signal), output);
  return done(await readRotation(name, context), context, `${fp} is forgotten`);
}

/** @throws ActionFailed when a sender uses another key than the current one */
function mustBeUnused(rotation: Rotation, context: RunContext): void {
  mustNotBeSettled(rotation, context);
  mustAllUse(rotation, rotation.current, context);
}

/** @throws ActionFailed when the truth calls the next key current already: taking it away would be an outage */
function mustNotBeSettled({ pair, current, pending }: Rotation, context: RunContext): void {
  const before = captured.safeParse(context.undoing?.captured).data;
  const now = context.fingerprint(current);
  if (!pending?.equals(current) && (!before || before.current === now)) return;
  throw new ActionFailed(`${pair.truth} has settled on ${now}: there is only forward, by another rotation`);
}

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
  // Keys are tried at the pair's instances in most phases.
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

/** Acceptors keep the new key under an id of its own, and a service may know its client by that id: approvers should know. */
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
