import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import {
  type ActionContext,
  ActionFailed,
  type Output,
  type RunContext,
  type StepResult,
} from '../action.js';
import type { KeyStore, Pair } from '../keystores/keystore.js';
import { Secret } from '../secret.js';
import { anywhere } from './key-diff.js';
import { type Proof, probeInstance, statusFor } from './keys-probe.js';
import { at, NoAnswer, readFrom } from './request.js';
import { change, readPlace, spoken } from './touch.js';

/** A store and what it held when it was read. */
export interface Holder {
  store: KeyStore;
  keys: ReadonlyMap<string, Secret>;
  /** With those that only some places of the store hold. */
  anywhere: ReadonlyMap<string, Secret>;
  version: string;
}

/** A pair of services as it stands: who sends which key, who accepts which. */
export interface Rotation {
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
export async function readRotation(name: string, context: ActionContext): Promise<Rotation> {
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
export async function readUnderWay(
  name: string,
  context: ActionContext,
): Promise<Rotation & { pending: Secret }> {
  const found = await readRotation(name, context);
  if (!found.pending)
    throw new ActionFailed(`${found.pair.truth} holds no pending key: no rotation is under way`);
  return { ...found, pending: found.pending };
}

export function uses({ pair }: Rotation, sender: Holder, key: Secret): boolean {
  return sender.keys.get(pair.key)?.equals(key) === true;
}

/** Its places differ, as after a write that was cut off. Writing it again with the key before makes sure of what they hold. */
export function isHalfway({ pair }: Rotation, sender: Holder): boolean {
  return !sender.keys.has(pair.key) && sender.anywhere.has(pair.key);
}

export function accepts(acceptor: Holder, key: Secret): boolean {
  return [...acceptor.keys.values()].some((value) => value.equals(key));
}

/** @returns under which ids a store holds a key, in any of its places: before we came somebody else chose them */
export function idsOf({ anywhere }: Holder, key: Secret): string[] {
  return [...anywhere].filter(([, value]) => value.equals(key)).map(([id]) => id);
}

/** @throws ActionFailed naming the senders that use another key than this one */
export function mustAllUse(rotation: Rotation, key: Secret, context: ActionContext): void {
  const others = rotation.senders.filter((sender) => !uses(rotation, sender, key));
  if (others.length === 0) return;
  const shown = others.map(({ store, keys }) => {
    const used = keys.get(rotation.pair.key);
    return `${store.name} (${used ? context.fingerprint(used) : 'no key'})`;
  });
  throw new ActionFailed(`not every sender uses ${context.fingerprint(key)}: ${shown.join(', ')}`);
}

/** @throws ActionFailed naming the acceptors that do not take this key: a sender that used it would be refused */
export function mustAllAccept({ acceptors }: Rotation, key: Secret, context: ActionContext): void {
  const without = acceptors.filter((acceptor) => !accepts(acceptor, key)).map(({ store }) => store.name);
  if (without.length === 0) return;
  throw new ActionFailed(`${without.join(', ')} would refuse ${context.fingerprint(key)}`);
}

/** @throws ActionFailed naming those that still hold this key */
export function mustNotAccept(holders: readonly Holder[], key: Secret, context: ActionContext): void {
  const holding = holders.filter((holder) => idsOf(holder, key).length > 0).map(({ store }) => store.name);
  if (holding.length === 0) return;
  throw new ActionFailed(
    `${holding.join(', ')} still hold${holding.length === 1 ? 's' : ''} ${context.fingerprint(key)}`,
  );
}

/** What a phase gives: fingerprints only. */
export function shown({ current, pending, previous }: Rotation, { fingerprint }: ActionContext): Output {
  return {
    current: fingerprint(current),
    pending: pending && fingerprint(pending),
    previous: previous && fingerprint(previous),
  };
}

/** What the truth held before a phase began, by fingerprint. */
export const captured = z.object({
  current: z.string(),
  pending: z.string().nullable(),
  previous: z.string().nullable(),
});

/** Is all well with the key in use, and no other on its way? @throws ActionFailed saying what is not */
export function mustBeSteady(rotation: Rotation, context: ActionContext): void {
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

/** P2: the truth gets a fresh key, which nobody uses or accepts yet. */
export async function mint(name: string, context: RunContext): Promise<StepResult> {
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
export async function accept(name: string, context: RunContext): Promise<StepResult> {
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
export function acceptedId(key: Secret, { fingerprint }: ActionContext): string {
  return `tocsin-${fingerprint(key).slice('fp:'.length)}`;
}

/** P4: every instance of an acceptor answers the next key well, and refuses a random one. */
export async function prove(name: string, context: RunContext): Promise<StepResult> {
  const rotation = await readUnderWay(name, context);
  mustAllAccept(rotation, rotation.pending, context);
  await proveAccepted(rotation.pair, 'pending', rotation.pending, context);
  return done(rotation, context, `${context.fingerprint(rotation.pending)} works at every instance`);
}

/** P5 and P6: every sender uses the next key. */
export async function switchOver(name: string, context: RunContext): Promise<StepResult> {
  const first = await readUnderWay(name, context);
  for (const { store } of first.senders) {
    // Read anew each time: an acceptor that has lost the key meanwhile would refuse this sender.
    const now = await readUnderWay(name, context);
    mustAllAccept(now, now.pending, context);
    const sender = now.senders.find((one) => one.store.name === store.name);
    if (!sender || uses(now, sender, now.pending)) continue;
    if (!uses(now, sender, now.current) && !isHalfway(now, sender))
      throw foreign(now, store.name, sender.keys.get(now.pair.key), context);
    const output = shown(now, context);
    await change(context, () => store.put(now.pair.key, now.pending, now.current, context.signal), output);
    context.say(`${store.name} uses ${context.fingerprint(now.pending)}`);
  }
  const after = await readUnderWay(name, context);
  mustAllUse(after, after.pending, context);
  await proveThrough(after.pair, context);
  return done(after, context, whoUse(after, after.pending, context));
}

export function foreign(
  rotation: Rotation,
  store: string,
  used: Secret | undefined,
  { fingerprint }: ActionContext,
): ActionFailed {
  const what = used ? `uses ${fingerprint(used)}` : 'has no key';
  return new ActionFailed(`${store} ${what}, which is no key of ${rotation.pair.name}: left alone`);
}

/** P7: waits until requests with the old key are over, and senders still use the next one. */
export async function drain(name: string, context: RunContext): Promise<StepResult> {
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
export function drainFor({ pair }: Rotation, context: RunContext): StepResult {
  const until = new Date(context.now().getTime() + pair.drainMs);
  return { kind: 'wait', until, summary: `requests that are under way have ${spoken(pair.drainMs)} to end` };
}

/** P9: the truth calls the next key current, and the old one previous. */
export async function settle(name: string, context: RunContext): Promise<StepResult> {
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

/** A phase that is over. */
export function done(rotation: Rotation, context: ActionContext, summary: string): StepResult {
  return { kind: 'done', output: shown(rotation, context), summary };
}

function whoUse({ senders }: Rotation, key: Secret, { fingerprint }: ActionContext): string {
  return `${names(senders)} use${senders.length === 1 ? 's' : ''} ${fingerprint(key)}`;
}

function names(holders: Rotation['senders']): string {
  return holders.map(({ store }) => store.name).join(', ');
}

const TIMEOUT_MS = 5_000;

function proofOf({ probe }: Pair): Proof {
  return { ...probe, negative: true, timeout: TIMEOUT_MS };
}

/** Every instance must accept this key, and refuse one that nobody has. @throws ActionFailed naming the instance */
export async function proveAccepted(
  pair: Pair,
  id: string,
  value: Secret,
  context: RunContext,
): Promise<void> {
  const proof = proofOf(pair);
  if (pair.probe.urls.length === 0)
    throw new ActionFailed(`${pair.name} has no address to try a key at: nothing is proved`);
  const faults = await Promise.all(
    pair.probe.urls.map((url) => probeInstance(url, [{ id, value }], proof, context)),
  );
  if (faults.flat().length > 0) throw new ActionFailed(faults.flat().join('; '));
}

/** Every instance must refuse this key. @throws ActionFailed naming the instance */
export async function proveRefused(pair: Pair, value: Secret, context: RunContext): Promise<void> {
  for (const url of pair.probe.urls) {
    const status = await statusFor(url, value, proofOf(pair), context).catch((error) => {
      throw error instanceof NoAnswer ? new ActionFailed(error.message) : error;
    });
    if (pair.probe.refused.includes(status)) continue;
    throw new ActionFailed(`${at(url)} still answers ${status} to ${context.fingerprint(value)}`);
  }
}

/** Most requests with which the ways through a gateway are tried. */
const WAYS = 20;

/**
 * Requests through the senders' gateway must be answered well. As many as there are ways from a sender to an instance,
 * since a single one may miss the way that fails.
 * @throws ActionFailed
 */
export async function proveThrough({ through, probe, senders }: Pair, context: RunContext): Promise<void> {
  if (through === null) return;
  const asked = { method: 'GET', url: through, headers: {} };
  const ways = Math.min(senders.length * Math.max(1, probe.urls.length), WAYS);
  await Promise.all(
    Array.from({ length: ways }, async () => {
      const { status } = await readFrom(asked, context.signal, TIMEOUT_MS);
      if (!probe.status.includes(status))
        throw new ActionFailed(`${at(through)} answered ${status} through the gateway`);
    }),
  );
}
