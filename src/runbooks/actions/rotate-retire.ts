import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Json } from '#domain/runbook.js';
import { type ActionContext, ActionFailed, type RunContext, type StepResult } from '../action.js';
import type { Secret } from '../secret.js';
import { mustNotBeSettled } from './rotate-back.js';
import { acceptedId, done } from './rotate-forward.js';
import { proveAccepted, proveRefused, proveThrough } from './rotate-prove.js';
import {
  accepts,
  type Holder,
  idsOf,
  mustAllAccept,
  mustAllUse,
  mustNotAccept,
  type Rotation,
  readRotation,
  readUnderWay,
  shown,
} from './rotation.js';
import { change } from './touch.js';

/** Under which ids each acceptor held the old key before any of them lost it. */
const captured = z.object({ accepted: z.record(z.string(), z.array(z.string())) });

export function capturedForRetiring(rotation: Rotation, context: ActionContext): Json {
  const ids = rotation.acceptors.map((acceptor) => [acceptor.store.name, idsOf(acceptor, rotation.current)]);
  return { ...shown(rotation, context), accepted: Object.fromEntries(ids) };
}

/**
 * P8: no acceptor takes the old key any more. What stores say of senders may be wrong, and only now it shows: so each
 * removal is proved by requests through the gateway, and the key is put back at once when they fail.
 */
export async function retire(name: string, context: RunContext): Promise<StepResult> {
  const first = await readUnderWay(name, context);
  const old = first.current;
  if (old.equals(first.pending))
    throw new ActionFailed(`${first.pair.truth} has settled already: nothing is to be retired`);
  // Whoever was at it before may have died between a removal and its proof.
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
        await change(
          context,
          () => store.remove(id, old, context.signal),
          () => output,
        );
        context.say(`${store.name} refuses ${context.fingerprint(old)} (${id})`);
      }
    } catch (error) {
      // Some places may have lost it, and between two attempts they would refuse whoever needs it.
      if (error instanceof ActionFailed) await mustDoWithout(name, context);
      throw error;
    }
    await mustDoWithout(name, context);
  }
  const after = await readUnderWay(name, context);
  mustNotAccept(after.acceptors, old, context);
  await proveAccepted(after.pair, 'pending', after.pending, context);
  await proveRefused(after.pair, old, context);
  // Once more: a service may have read its keys anew only a moment ago.
  await mustDoWithout(name, context);
  return done(after, context, `${context.fingerprint(old)} is refused everywhere`);
}

/** Every acceptor that `retire` has taken the old key from takes it again. Refuses once the truth has settled. */
export async function unretire(name: string, context: RunContext): Promise<StepResult> {
  const rotation = await readRotation(name, context);
  mustNotBeSettled(rotation, context);
  const { current } = rotation;
  await putBack(rotation, context.undoing?.captured ?? null, context);
  const after = await readRotation(name, context);
  mustAllAccept(after, current, context);
  await proveAccepted(after.pair, 'current', current, context);
  return done(after, context, `${context.fingerprint(current)} is accepted everywhere`);
}

/** Do requests fare well as far as the old key is gone? Where not, it is put back. @throws ActionFailed then, too */
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

/** @returns what to say of it */
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
  // Not tried again by itself: each attempt would cost requests, until somebody has found that sender.
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

/** A service may read its keys anew only every few seconds. @returns what is still wrong after that; null: nothing */
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

/** All at the same time: as long as one of them lacks it, requests may fail. @throws ActionFailed once all were tried */
async function putBack(rotation: Rotation, before: Json, context: RunContext): Promise<void> {
  const old = rotation.current;
  const output = shown(rotation, context);
  const tried = lacking(rotation, before, context).map(async ({ store, ids }) => {
    for (const id of ids) {
      await change(
        context,
        () => store.put(id, old, null, context.signal),
        () => output,
      );
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

/** None where it was gone before we came: whoever took it away will have had a reason. */
function idsToPutBack(acceptor: Holder, old: Secret, before: Json, context: ActionContext): string[] {
  const own = acceptedId(old, context);
  const had = captured.safeParse(before).data?.accepted[acceptor.store.name] ?? [own];
  const taken = (id: string) => acceptor.anywhere.get(id)?.equals(old) === false;
  const free = had.filter((id) => !taken(id));
  return free.length > 0 || had.length === 0 ? free : [own];
}
