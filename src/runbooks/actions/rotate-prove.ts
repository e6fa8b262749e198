import { ActionFailed, type RunContext } from '../action.js';
import type { Pair } from '../pair.js';
import type { Secret } from '../secret.js';
import { type Proof, probeInstance, statusFor } from './keys-probe.js';
import { at, NoAnswer, readFrom } from './request.js';

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
