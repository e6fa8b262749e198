import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type Action, type ActionContext, ActionFailed, type RunContext, stepPlan } from '../action.js';
import { isTemplate } from '../definition/templates.js';
import { type Asked, NoAnswer } from '../exchange.js';
import type { KeyProbe, Pair } from '../keystores/keystore.js';
import { Secret } from '../secret.js';
import { count } from './key-diff.js';
import { type Answer, at, send } from './request.js';
import { duration, readPlace } from './touch.js';

const input = z.strictObject({
  store: z.string().min(1),
  /** Whose addresses are asked, in place of the store's own. */
  pair: z.string().min(1).optional(),
  keys: z.array(z.string()).optional(),
  /** In place of what tocsin.yml says. */
  negative: z.boolean().optional(),
  timeout: duration.default(5_000),
});

type Input = z.infer<typeof input>;

// A probe is to be quick, and no load: of more keys than this, some are tried, and it is said which.
const SAMPLE = 50;

/**
 * `keys.probe`: does every instance accept the keys of a store, and refuse a key that nobody has?
 * Proved by a real request per key and instance; a store may say what it likes. It sends live keys, so where to is
 * never said by a step, or by whoever asks for it: tocsin.yml does.
 */
export const keysProbe: Action<Input> = {
  name: 'keys.probe',
  does: 'tries the keys of a store against every instance, and a wrong one',
  effect: 'read',
  sends: () => true,
  gone: Object.fromEntries(
    ['url', 'urls', 'header', 'status', 'refused'].map((member) => [member, standsElsewhere]),
  ),
  input,
  outputs: ['probed', 'instances'],
  async plan(given, context) {
    const { store, keys } = given;
    const { urls: instances, negative } = proofOf(given, context);
    const what = keys ? count(keys.length) : 'every key';
    const random = negative ? ' and a random one' : '';
    // Not asked yet: what earlier steps do may be what makes it succeed.
    return stepPlan(`tries ${what} of ${store}${random} against ${instances.map(at).join(', ')}`);
  },
  async run(given, context) {
    const { store: name, keys: only } = given;
    const { urls: instances, ...how } = proofOf(given, context);
    const { keys } = await readPlace(context.store(name), context.signal);
    const unknown = (only ?? []).filter((id) => !keys.has(id));
    if (unknown.length > 0) throw new ActionFailed(`${name} has no key ${unknown.join(', ')}`);
    const all = only ?? [...keys.keys()].sort();
    if (all.length === 0) throw new ActionFailed(`${name} holds no key: nothing can be proved`);
    const probed = sample(all);
    if (probed.length < all.length) {
      context.say(`${probed.length} of ${all.length} keys are tried: ${probed.join(', ')}`);
    }
    const tried = probed.map((id) => ({ id, value: keys.get(id) as Secret }));
    const faults = await Promise.all(
      instances.map((instance) => probeInstance(instance, tried, how, context)),
    );
    const found = faults.flat();
    if (found.length > 0) {
      const more = found.length > 5 ? ` and ${found.length - 5} more` : '';
      throw new ActionFailed(found.slice(0, 5).join('; ') + more);
    }
    const refused = how.negative ? ', a random key is refused' : '';
    const everywhere = instances.length === 1 ? '' : ` by each of ${instances.length} instances`;
    return {
      kind: 'done',
      output: { probed, instances: instances.map(at) },
      summary: `${count(probed.length)} of ${name} accepted${everywhere}${refused}`,
    };
  },
};

/** What a good and a bad answer are. */
interface Proof extends Omit<KeyProbe, 'urls'> {
  /** For each request, in milliseconds. */
  timeout: number;
}

/** @throws ActionFailed when there is no such store, or tocsin.yml does not say where its keys may be sent */
function proofOf({ store, pair: name, negative, timeout }: Input, context: ActionContext): Proof & KeyProbe {
  context.store(store);
  if (name === undefined) {
    const probe = context.storeProbe(store);
    return { ...probe, negative: negative ?? probe.negative, timeout };
  }
  const pair = context.pair(name);
  // The instances of a pair are its acceptors': keys of other stores are none of their business.
  if (!pair.acceptors.includes(store))
    throw new ActionFailed(
      `${store} is no acceptor of the pair ${name}; its acceptors are ${pair.acceptors.join(', ')}`,
    );
  return { ...pair.probe, negative: negative ?? true, timeout };
}

/** What to write in tocsin.yml in place of what a step said before, word for word where the step spelt it out. */
function standsElsewhere({ store, url, urls, header }: Readonly<Record<string, unknown>>): string {
  const literal = (value: unknown) => typeof value === 'string' && !isTemplate(value) && value !== '';
  const name = literal(store) ? String(store) : 'NAME';
  const places = [url, urls].flat().filter(literal);
  const where =
    places.length > 1
      ? `urls: [${places.map((one) => JSON.stringify(one)).join(', ')}]`
      : `url: ${places.length === 1 ? JSON.stringify(places[0]) : 'https://…'}`;
  const key = literal(header) ? String(header) : 'X-Api-Key';
  return `is not said here any more: where keys are sent stands in tocsin.yml only; take it out, and write there, under keystores: ${name}: probe: { ${where}, header: ${key} }`;
}

/** Tries keys against one instance. @returns what was wrong, naming the instance and the key; empty: all is well */
async function probeInstance(
  url: string,
  keys: ReadonlyArray<{ id: string; value: Secret }>,
  proof: Proof,
  context: RunContext,
): Promise<string[]> {
  const faults: string[] = [];
  try {
    // The wrong key is tried first: if an instance takes any key, the other requests prove nothing.
    if (proof.negative) {
      const random = new Secret(randomBytes(32).toString('base64url'));
      const { status } = await answerTo(showing(url, random, proof), context.signal, proof.timeout);
      if (proof.status.includes(status)) return [`${at(url)} accepts any key: the probe proves nothing`];
      if (!proof.refused.includes(status)) {
        return [`${at(url)} answered ${status} to a random key instead of ${proof.refused.join(' or ')}`];
      }
    }
    for (const { id, value } of keys) {
      const { status } = await answerTo(showing(url, value, proof), context.signal, proof.timeout);
      if (proof.status.includes(status)) continue;
      faults.push(`${at(url)} answered ${status} to key ${id} ${context.fingerprint(value)}`);
    }
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    faults.push(error.message);
  }
  if (faults.length === 0) context.say(`${at(url)}: ${count(keys.length)} accepted`);
  return faults;
}

/** A way that is busy for a moment is no fault of a key, and no reason to wake anybody: who does not answer in time is asked so often. */
const TIMES = 3;

/** @throws NoAnswer */
async function answerTo(asked: Asked, signal: AbortSignal, timeoutMs: number): Promise<Answer> {
  for (let times = 1; ; times++) {
    try {
      return await send(asked, signal, timeoutMs);
    } catch (error) {
      if (!(error instanceof NoAnswer && error.late) || times >= TIMES) throw error;
    }
  }
}

const showing = (url: string, key: Secret, { header }: Pick<KeyProbe, 'header'>) => ({
  method: 'GET',
  url,
  headers: { [header]: key.reveal() },
});

/** @returns at most `SAMPLE` of them, spread evenly, the first and the last among them */
function sample(ids: readonly string[]): string[] {
  if (ids.length <= SAMPLE) return [...ids];
  return Array.from(
    { length: SAMPLE },
    (_, n) => ids[Math.round((n * (ids.length - 1)) / (SAMPLE - 1))] as string,
  );
}

/** For each request that proves something of a pair. */
const TIMEOUT_MS = 5_000;

/** @throws ActionFailed when no whole answer came */
async function readProof(asked: Asked, { signal }: RunContext): Promise<Answer> {
  try {
    return await answerTo(asked, signal, TIMEOUT_MS);
  } catch (error) {
    throw error instanceof NoAnswer ? new ActionFailed(error.message) : error;
  }
}

/** Every instance must accept this key, and refuse one that nobody has. @throws ActionFailed naming the instance */
export async function proveAccepted(
  pair: Pair,
  id: string,
  value: Secret,
  context: RunContext,
): Promise<void> {
  const proof = { ...pair.probe, negative: true, timeout: TIMEOUT_MS };
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
    const { status } = await readProof(showing(url, value, pair.probe), context);
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
      const { status } = await readProof(asked, context);
      if (!probe.status.includes(status))
        throw new ActionFailed(`${at(through)} answered ${status} through the gateway`);
    }),
  );
}
