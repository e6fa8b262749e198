import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Json } from '#domain/run/runbook.js';
import {
  type Action,
  type ActionContext,
  ActionFailed,
  type Output,
  type RunContext,
  type StepPlan,
  type StepResult,
  stepPlan,
} from '../action.js';
import type { KeyStore, Pair } from '../keystores/keystore.js';
import { Secret } from '../secret.js';
import { anywhere } from './key-diff.js';
import { proveAccepted, proveRefused, proveThrough } from './keys-probe.js';
import { change, readPlace, spoken } from './touch.js';

interface Phase {
  run(pair: string, context: RunContext): Promise<StepResult>;
  does(pair: Pair): string;
  /** Stores that it writes. */
  writes(pair: Pair): readonly string[];
}

/** In the order of a rotation, then the ways back. */
const PHASES = {
  mint: {
    run: mint,
    does: ({ truth }) => `makes a new key, pending in ${truth}`,
    writes: ({ truth }) => [truth],
  },
  accept: {
    run: accept,
    does: ({ acceptors }) => `has ${acceptors.join(', ')} accept the pending key too`,
    writes: ({ acceptors }) => acceptors,
  },
  prove: {
    run: prove,
    does: ({ probe: { urls } }) =>
      `tries the pending key, and a random one, at ${urls.length} instance${urls.length === 1 ? '' : 's'}`,
    writes: () => [],
  },
  switch: {
    run: switchOver,
    does: ({ senders }) => `has ${senders.join(', ')} use the pending key`,
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
      `has ${acceptors.join(', ')} refuse the old key${through === null ? '' : ', and puts it back when requests through the gateway fail without it'}`,
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
    does: ({ acceptors }) => `has ${acceptors.join(', ')} accept the old key again`,
    writes: ({ acceptors }) => acceptors,
  },
  unswitch: {
    run: unswitch,
    does: ({ senders }) => `has ${senders.join(', ')} use the old key again`,
    writes: ({ senders }) => senders,
  },
  unaccept: {
    run: unaccept,
    does: ({ acceptors }) =>
      `has ${acceptors.join(', ')} refuse the pending key, after requests with it have ended`,
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
    const plan = stepPlan(does(pair), { touches });
    if (phase === 'mint') return planMint(name, plan, context);
    return phase === 'accept' ? planAccept(name, plan, context) : plan;
  },
  async capture({ pair, phase }, context): Promise<Json> {
    const rotation = await readRotation(pair, context);
    const found = shown(rotation, context);
    if (phase !== 'retire') return found;
    const { acceptors, current } = rotation;
    const accepted = acceptors.map((acceptor) => [acceptor.store.name, idsOf(acceptor, current)]);
    return { ...found, accepted: Object.fromEntries(accepted) };
  },
  run: ({ pair, phase }, context) => PHASES[phase].run(pair, context),
};

/** The first phase is where a rotation is decided on, so it rests on how everything stands; later ones on this one. */
async function planMint(name: string, plan: StepPlan, context: ActionContext): Promise<StepPlan> {
  const rotation = await readRotation(name, context);
  mustBeSteady(rotation, context);
  const { truth, senders, acceptors, current } = rotation;
  const holders = [truth, ...senders, ...acceptors];
  const versions = Object.fromEntries(holders.map(({ store, version }) => [`keys:${store.name}`, version]));
  return { ...plan, does: `${plan.does}, to replace ${context.fingerprint(current)}`, versions };
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

/** P2: the truth gets a fresh key, which nobody uses or accepts yet. */
async function mint(name: string, context: RunContext): Promise<StepResult> {
  const before = captured.parse(context.captured);
  const rotation = await readRotation(name, context);
  if (before.pending !== null) throw underWay(rotation.pair.truth, before.pending);
  // There was none when this step began, so one that is there now is ours, from before a crash.
  if (!rotation.pending) {
    mustBeSteady(rotation, context);
    const { store } = rotation.truth;
    const fresh = new Secret(randomBytes(32).toString('base64url'));
    await change(
      context,
      () => store.put('pending', fresh, null, context.signal),
      (happened): Output => (happened ? { pending: context.fingerprint(fresh) } : {}),
    );
  }
  const made = await readUnderWay(name, context);
  return done(
    made,
    context,
    `${context.fingerprint(made.pending)} is pending, ${context.fingerprint(made.current)} in use`,
  );
}

/** P3: every acceptor takes the next key beside the current one. */
async function accept(name: string, context: RunContext): Promise<StepResult> {
  const rotation = await readUnderWay(name, context);
  const { pending, acceptors } = rotation;
  for (const acceptor of acceptors) {
    if (accepts(acceptor, pending)) continue;
    // Derived from the key, so that a repeat finds its own.
    const id = acceptedId(pending, context);
    const output = shown(rotation, context);
    await change(context, () => acceptor.store.put(id, pending, null, context.signal), output);
    context.say(`${acceptor.store.name} accepts ${context.fingerprint(pending)} as ${id}`);
  }
  const after = await readUnderWay(name, context);
  mustAllAccept(after, pending, context);
  return done(after, context, `${context.fingerprint(pending)} is accepted by ${names(after.acceptors)}`);
}

/** Under which id an acceptor gets a key. */
function acceptedId(key: Secret, { fingerprint }: ActionContext): string {
  return `tocsin-${fingerprint(key).slice('fp:'.length)}`;
}

/** P4: every instance of an acceptor answers the next key well, and refuses a random one. */
async function prove(name: string, context: RunContext): Promise<StepResult> {
  const rotation = await readUnderWay(name, context);
  mustAllAccept(rotation, rotation.pending, context);
  await proveAccepted(rotation.pair, 'pending', rotation.pending, context);
  return done(rotation, context, `${context.fingerprint(rotation.pending)} works at every instance`);
}

/** P5 and P6: every sender uses the next key. */
async function switchOver(name: string, context: RunContext): Promise<StepResult> {
  const first = await readUnderWay(name, context);
  for (const { store } of first.senders) {
    // Read anew each time: an acceptor that has lost the key meanwhile would refuse this sender.
    const now = await readUnderWay(name, context);
    mustAllAccept(now, now.pending, context);
    if (await useInstead(now, store, now.pending, now.current, context))
      context.say(`${store.name} uses ${context.fingerprint(now.pending)}`);
  }
  const after = await readUnderWay(name, context);
  mustAllUse(after, after.pending, context);
  await proveThrough(after.pair, context);
  return done(after, context, whoUse(after, after.pending, context));
}

/**
 * Has one sender use a key in place of another.
 * @returns whether it did not use it already
 * @throws ActionFailed also when it uses neither
 */
async function useInstead(
  now: Rotation,
  store: KeyStore,
  wanted: Secret,
  other: Secret | null,
  context: RunContext,
): Promise<boolean> {
  const { pair } = now;
  const sender = now.senders.find((one) => one.store.name === store.name);
  if (!sender || uses(now, sender, wanted)) return false;
  if (!other || !(uses(now, sender, other) || isHalfway(now, sender))) {
    const used = sender.keys.get(pair.key);
    const what = used ? `uses ${context.fingerprint(used)}` : 'has no key';
    throw new ActionFailed(`${store.name} ${what}, which is no key of ${pair.name}: left alone`);
  }
  mustAllAccept(now, wanted, context);
  const output = shown(now, context);
  await change(context, () => store.put(pair.key, wanted, other, context.signal), output);
  return true;
}

/** P7: waits until requests with the old key are over, and senders still use the next one. */
async function drain(name: string, context: RunContext): Promise<StepResult> {
  const rotation = await readUnderWay(name, context);
  mustAllUse(rotation, rotation.pending, context);
  if (!context.waited) return drainFor(rotation, context);
  await proveThrough(rotation.pair, context);
  // This reading is the last, because the outcome is told from it. No store can tell which key a sender really sends: `retire`
  // finds out.
  const after = await readUnderWay(name, context);
  mustAllUse(after, after.pending, context);
  const { pair, pending, current } = after;
  const through = pair.through === null ? '' : ', and requests through the gateway are answered';
  return done(
    after,
    context,
    `waited ${spoken(pair.drainMs)}: ${whoUse(after, pending, context)}, as read back${through}; nothing counts uses of ${context.fingerprint(current)}`,
  );
}

/** The drain counts from now, which is after the last sender has changed. */
function drainFor({ pair }: Rotation, context: RunContext): StepResult {
  const until = new Date(context.now().getTime() + pair.drainMs);
  return { kind: 'wait', until, summary: `requests that are under way have ${spoken(pair.drainMs)} to end` };
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

/** Under which ids each acceptor held the old key before any of them lost it. */
const capturedRetiring = z.object({ accepted: z.record(z.string(), z.array(z.string())) });

/** None where the key was gone before this run began: it was taken away on purpose. */
function idsToPutBack(acceptor: Holder, old: Secret, before: Json, context: ActionContext): string[] {
  const own = acceptedId(old, context);
  const had = capturedRetiring.safeParse(before).data?.accepted[acceptor.store.name] ?? [own];
  const taken = (id: string) => acceptor.anywhere.get(id)?.equals(old) === false;
  const free = had.filter((id) => !taken(id));
  return free.length > 0 || had.length === 0 ? free : [own];
}

/** P9: the truth calls the next key current, and the old one previous. */
async function settle(name: string, context: RunContext): Promise<StepResult> {
  const before = captured.parse(context.captured);
  const rotation = await readRotation(name, context);
  const { pair, truth, current, pending, previous } = rotation;
  const { signal } = context;
  if (pending) {
    mustAllUse(rotation, pending, context);
    mustAllAccept(rotation, pending, context);
    const output = shown(rotation, context);
    // In this order each state between two writes can be told from the others, and no key is lost in any.
    if (!current.equals(pending)) {
      mustNotAccept(rotation.acceptors, current, context);
      await change(context, () => truth.store.put('previous', current, previous, signal), output);
      await change(context, () => truth.store.put('current', pending, current, signal), output);
    }
    await change(context, () => truth.store.remove('pending', pending, signal), output);
  } else if (context.fingerprint(current) !== before.pending) {
    throw new ActionFailed(
      `${pair.truth} holds no pending key, and current is not the one it held: left alone`,
    );
  }
  const after = await readRotation(name, context);
  mustBeSteady(after, context);
  return done(after, context, `${context.fingerprint(after.current)} is the current key of ${pair.name}`);
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

/** Every sender uses the current key again. Refuses when an acceptor takes it no more: `unretire` comes first. */
async function unswitch(name: string, context: RunContext): Promise<StepResult> {
  const first = await readRotation(name, context);
  mustNotBeSettled(first, context);
  for (const { store } of first.senders) {
    const now = await readRotation(name, context);
    if (await useInstead(now, store, now.current, now.pending, context))
      context.say(`${store.name} uses ${context.fingerprint(now.current)} again`);
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

const minted = z.object({ pending: z.string() });

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

/** A store and what it held when it was read. */
interface Holder {
  store: KeyStore;
  keys: ReadonlyMap<string, Secret>;
  /** With those that only some places of the store hold. */
  anywhere: ReadonlyMap<string, Secret>;
  version: string;
}

/** A pair of services as it stands: who sends which key, who accepts which. */
interface Rotation {
  pair: Pair;
  truth: Holder;
  senders: Holder[];
  acceptors: Holder[];
  current: Secret;
  /** Null: no rotation is under way. */
  pending: Secret | null;
  previous: Secret | null;
}

/** @throws ActionFailed when a store cannot be read, or there is no current key */
async function readRotation(name: string, context: ActionContext): Promise<Rotation> {
  const pair = context.pair(name);
  const hold = async (from: string): Promise<Holder> => {
    const store = context.store(from);
    const read = await readPlace(store, context.signal);
    return { store, keys: read.keys, anywhere: anywhere(read).keys, version: read.version };
  };
  const [truth, senders, acceptors] = await Promise.all([
    hold(pair.truth),
    Promise.all(pair.senders.map(hold)),
    Promise.all(pair.acceptors.map(hold)),
  ]);
  const current = truth.keys.get('current');
  if (!current)
    throw new ActionFailed(`${pair.truth} holds no key under current: put the key in use there first`);
  return {
    pair,
    truth,
    senders,
    acceptors,
    current,
    pending: truth.keys.get('pending') ?? null,
    previous: truth.keys.get('previous') ?? null,
  };
}

/** The same, with the next key. @throws ActionFailed when there is none */
async function readUnderWay(name: string, context: ActionContext): Promise<Rotation & { pending: Secret }> {
  const found = await readRotation(name, context);
  if (!found.pending)
    throw new ActionFailed(`${found.pair.truth} holds no pending key: no rotation is under way`);
  return { ...found, pending: found.pending };
}

function uses({ pair }: Rotation, sender: Holder, key: Secret): boolean {
  return sender.keys.get(pair.key)?.equals(key) === true;
}

/** Its places differ, as after a write that was cut off. Writing it again with the key before makes sure of what they hold. */
function isHalfway({ pair }: Rotation, sender: Holder): boolean {
  return !sender.keys.has(pair.key) && sender.anywhere.has(pair.key);
}

function accepts(acceptor: Holder, key: Secret): boolean {
  return [...acceptor.keys.values()].some((value) => value.equals(key));
}

/** @returns under which ids a store holds a key, in any of its places: before we came somebody else chose them */
function idsOf({ anywhere }: Holder, key: Secret): string[] {
  return [...anywhere].filter(([, value]) => value.equals(key)).map(([id]) => id);
}

/** @throws ActionFailed naming the senders that use another key than this one */
function mustAllUse(rotation: Rotation, key: Secret, context: ActionContext): void {
  const others = rotation.senders.filter((sender) => !uses(rotation, sender, key));
  if (others.length === 0) return;
  const shown = others.map(({ store, keys }) => {
    const used = keys.get(rotation.pair.key);
    return `${store.name} (${used ? context.fingerprint(used) : 'no key'})`;
  });
  throw new ActionFailed(`not every sender uses ${context.fingerprint(key)}: ${shown.join(', ')}`);
}

/** @throws ActionFailed naming the acceptors that do not take this key: a sender that used it would be refused */
function mustAllAccept({ acceptors }: Rotation, key: Secret, context: ActionContext): void {
  const without = acceptors.filter((acceptor) => !accepts(acceptor, key)).map(({ store }) => store.name);
  if (without.length === 0) return;
  throw new ActionFailed(`${without.join(', ')} would refuse ${context.fingerprint(key)}`);
}

/** @throws ActionFailed naming those that still hold this key */
function mustNotAccept(holders: readonly Holder[], key: Secret, context: ActionContext): void {
  const holding = holders.filter((holder) => idsOf(holder, key).length > 0).map(({ store }) => store.name);
  if (holding.length === 0) return;
  throw new ActionFailed(
    `${holding.join(', ')} still hold${holding.length === 1 ? 's' : ''} ${context.fingerprint(key)}`,
  );
}

/** What a phase gives: fingerprints only. */
function shown({ current, pending, previous }: Rotation, { fingerprint }: ActionContext): Output {
  return {
    current: fingerprint(current),
    pending: pending && fingerprint(pending),
    previous: previous && fingerprint(previous),
  };
}

/** What the truth held before a phase began, by fingerprint. */
const captured = z.object({
  current: z.string(),
  pending: z.string().nullable(),
  previous: z.string().nullable(),
});

/** Is all well with the key in use, and no other on its way? @throws ActionFailed saying what is not */
function mustBeSteady(rotation: Rotation, context: ActionContext): void {
  const { pair, current, pending, previous, acceptors } = rotation;
  if (pending) throw underWay(pair.truth, context.fingerprint(pending));
  mustAllUse(rotation, current, context);
  mustAllAccept(rotation, current, context);
  // A third live key would come, and of three nobody knows which one is used.
  if (previous && !previous.equals(current)) mustNotAccept(acceptors, previous, context);
}

function underWay(truth: string, fp: string): ActionFailed {
  return new ActionFailed(
    `${truth} holds the pending key ${fp}: a rotation is under way or was left; undo that one first`,
  );
}

/** A phase that is over. */
function done(rotation: Rotation, context: ActionContext, summary: string): StepResult {
  return { kind: 'done', output: shown(rotation, context), summary };
}

function whoUse({ senders }: Rotation, key: Secret, { fingerprint }: ActionContext): string {
  return `${names(senders)} use${senders.length === 1 ? 's' : ''} ${fingerprint(key)}`;
}

function names(holders: Rotation['senders']): string {
  return holders.map(({ store }) => store.name).join(', ');
}
