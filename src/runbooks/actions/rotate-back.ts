import { z } from 'zod';
import { ActionFailed, type RunContext, type StepResult } from '../action.js';
import { captured, done, drainFor, foreign } from './rotate-forward.js';
import { proveThrough } from './rotate-prove.js';
import {
  idsOf,
  isHalfway,
  mustAllAccept,
  mustAllUse,
  mustNotAccept,
  type Rotation,
  readRotation,
  shown,
  uses,
} from './rotation.js';
import { change } from './touch.js';

const minted = z.object({ pending: z.string() });

/** Every sender uses the current key again. Refuses when an acceptor takes it no more: `unretire` comes first. */
export async function unswitch(name: string, context: RunContext): Promise<StepResult> {
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
    await change(
      context,
      () => store.put(pair.key, current, pending, context.signal),
      () => output,
    );
    context.say(`${store.name} uses ${context.fingerprint(current)} again`);
  }
  const after = await readRotation(name, context);
  mustAllUse(after, after.current, context);
  await proveThrough(after.pair, context);
  return done(after, context, `every sender uses ${context.fingerprint(after.current)}`);
}

/** No acceptor takes the next key any more, once requests with it are over. Refuses while a sender uses it. */
export async function unaccept(name: string, context: RunContext): Promise<StepResult> {
  const first = await readRotation(name, context);
  mustNotBeSettled(first, context);
  const { pending } = first;
  if (!pending || !first.acceptors.some((acceptor) => idsOf(acceptor, pending).length > 0)) {
    return done(first, context, 'no acceptor takes a pending key');
  }
  mustBeUnused(first, context);
  // A sender may have used it a moment ago, and what it sent then is still to be answered.
  if (!context.waited) return drainFor(first, context);
  for (const { store } of first.acceptors) {
    const now = await readRotation(name, context);
    mustBeUnused(now, context);
    const acceptor = now.acceptors.find((one) => one.store.name === store.name);
    for (const id of acceptor ? idsOf(acceptor, pending) : []) {
      const output = shown(now, context);
      await change(
        context,
        () => store.remove(id, pending, context.signal),
        () => output,
      );
      context.say(`${store.name} accepts ${context.fingerprint(pending)} no more (${id})`);
    }
  }
  const after = await readRotation(name, context);
  mustNotAccept(after.acceptors, pending, context);
  return done(after, context, `${context.fingerprint(pending)} is accepted nowhere`);
}

/** The truth forgets the next key. Refuses while anybody has it. */
export async function unmint(name: string, context: RunContext): Promise<StepResult> {
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
  await change(
    context,
    () => truth.store.remove('pending', pending, context.signal),
    () => output,
  );
  return done(await readRotation(name, context), context, `${fp} is forgotten`);
}

/** @throws ActionFailed when a sender uses another key than the current one */
function mustBeUnused(rotation: Rotation, context: RunContext): void {
  mustNotBeSettled(rotation, context);
  mustAllUse(rotation, rotation.current, context);
}

/** @throws ActionFailed when the truth calls the next key current already: taking it away would be an outage */
export function mustNotBeSettled({ pair, current, pending }: Rotation, context: RunContext): void {
  const before = captured.safeParse(context.undoing?.captured).data;
  const now = context.fingerprint(current);
  if (!pending?.equals(current) && (!before || before.current === now)) return;
  throw new ActionFailed(`${pair.truth} has settled on ${now}: there is only forward, by another rotation`);
}
