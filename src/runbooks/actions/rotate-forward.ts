import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import {
  type ActionContext,
  ActionFailed,
  type Output,
  type RunContext,
  type StepResult,
} from '../action.js';
import { Secret } from '../secret.js';
import { spoken } from './duration.js';
import { proveAccepted, proveThrough } from './rotate-prove.js';
import {
  accepts,
  isHalfway,
  mustAllAccept,
  mustAllUse,
  mustNotAccept,
  type Rotation,
  readRotation,
  readUnderWay,
  shown,
  uses,
} from './rotation.js';
import { change } from './touch.js';

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
    await change(
      context,
      () => acceptor.store.put(id, pending, null, context.signal),
      () => output,
    );
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
    await change(
      context,
      () => store.put(now.pair.key, now.pending, now.current, context.signal),
      () => output,
    );
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
  // Last of all, since this is what is said of it. Nothing tells which key a sender really sends: `retire` sees to that.
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

/** Counted from now, which is after the last sender has changed. */
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
      await change(
        context,
        () => truth.store.put('previous', current, previous, signal),
        () => output,
      );
      await change(
        context,
        () => truth.store.put('current', pending, current, signal),
        () => output,
      );
    }
    await change(
      context,
      () => truth.store.remove('pending', pending, signal),
      () => output,
    );
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
