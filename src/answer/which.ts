import type { Parsed } from '#domain/command/parse.js';
import { verbNamed } from '#domain/command/verbs.js';
import type { Asking } from '#domain/intent.js';
import { type Refusal, refuse } from '#domain/refusal.js';
import { refOf } from '#domain/state.js';
import type { Read } from '#read.js';

/** How many open incidents an answer offers. */
const OFFERED = 8;

/**
 * Which incident a line is about: the one it names, the channel's, or the only one that is open.
 * @returns null where the verb is about none
 */
export async function whichIncident(
  read: Read,
  said: Parsed,
  typed: { implied: number | null; asking: Asking },
): Promise<number | null | Refusal> {
  if (!verbNamed(said.verb)?.incident) return null;
  if (said.ref !== null) return said.ref;
  if (typed.implied !== null) return typed.implied;
  const open = await read.open(typed.asking);
  const [only] = open;
  if (!only) return refuse('NO_OPEN_INCIDENT', { verb: said.verb });
  if (open.length === 1) return only.number;
  const offered = open
    .slice(-OFFERED)
    .reverse()
    .map(({ number, title }) => ({ ref: refOf(number), title }));
  return refuse('WHICH_INCIDENT', { verb: said.verb, open: offered });
}
