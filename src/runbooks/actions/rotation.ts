import { type ActionContext, ActionFailed, type Output } from '../action.js';
import type { KeyStore } from '../keystore.js';
import type { Pair } from '../pair.js';
import type { Secret } from '../secret.js';
import { anywhere } from './key-diff.js';
import { look } from './touch.js';

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
    const read = await look(store, context.signal);
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
