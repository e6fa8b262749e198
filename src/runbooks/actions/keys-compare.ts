import { z } from 'zod';
import { type Action, type ActionContext, ActionFailed } from '../action.js';
import {
  count,
  diff,
  diffOutput,
  type KeyDiff,
  mustAgree,
  named,
  prints,
  some,
  toldOf,
  versions,
} from './key-diff.js';

const input = z
  .strictObject({
    from: z.string().min(1),
    to: z.string().min(1),
    require: z.enum(['none-missing', 'none-mismatched']).optional(),
  })
  .refine(({ from, to }) => from !== to, { message: 'from and to are the same store', path: ['to'] });

type Input = z.infer<typeof input>;

/**
 * `keys.compare`: which keys of one store another one lacks, by fingerprint.
 * `require: none-missing` fails when a key of `from` is not accepted by `to`, whether it is absent or another value, or
 * when that cannot be told: `from` holds none, or places disagree. What `to` has beyond that does no harm.
 * `require: none-mismatched` fails when adding what is missing would not be enough; the plan of it, too.
 */
export const keysCompare: Action<Input> = {
  name: 'keys.compare',
  does: 'compares two key stores by fingerprint',
  effect: 'read',
  input,
  outputs: ['missing', 'extra', 'mismatched', 'disagreeing', 'same', 'empty', 'fingerprints'],
  async plan(given, context, foreseen) {
    const { from, to, require } = given;
    const found = await diff(from, to, context);
    const output = diffOutput(found, context);
    const wrong = against(given, found, context);
    const places = [from, to].flatMap((name) => context.store(name).places);
    // What earlier steps of the same runbook add may be what is missing, so that none-missing fails only when it runs.
    if (wrong && require === 'none-mismatched' && !places.some((place) => foreseen?.has(place)))
      throw new ActionFailed(wrong);
    const refuses = wrong ? ', and fails as long as that is so' : '';
    return {
      does: `compares ${from} with ${to}: now ${told(found, output.fingerprints)}${refuses}`,
      touches: [],
      current: null,
      desired: null,
      versions: versions({ [from]: found.from, [to]: found.to }),
      output,
    };
  },
  async run(given, context) {
    const { from, to } = given;
    const found = await diff(from, to, context);
    const output = diffOutput(found, context);
    for (const line of bothValues(given, found, context)) context.say(line);
    for (const line of found.disagreeing) context.say(line.told);
    const wrong = against(given, found, context);
    if (wrong) throw new ActionFailed(wrong, { output });
    return { kind: 'done', output, summary: told(found, output.fingerprints) };
  },
};

/** @returns what stands against what is required; null: nothing */
function against(given: Input, found: KeyDiff, context: ActionContext): string | null {
  const { from, to, require } = given;
  const { missing, mismatched, disagreeing } = found;
  if (!require) return null;
  const wrong: string[] = [];
  if (require === 'none-missing' && found.from.keys.size === 0) {
    const why = found.from.note ? ` (${found.from.note})` : '';
    wrong.push(`${from} holds no key${why}: nothing to compare with`);
  }
  if (require === 'none-missing' && missing.length > 0) {
    const what = named(missing, prints(missing, found.from, context));
    wrong.push(`${to} lacks keys of ${from}: ${missing.length} missing (${what})`);
  }
  if (mismatched.length > 0) {
    const mend = ', which adding leaves alone: mend it by hand, or replace the key on all sides (key-rotate)';
    const what = some(bothValues(given, found, context));
    wrong.push(`${to} has another value under ${what}${require === 'none-mismatched' ? mend : ''}`);
  }
  const apart = disagreeing.filter(({ mendable }) => require === 'none-missing' || !mendable);
  if (apart.length > 0) wrong.push(mustAgree(apart));
  return wrong.length > 0 ? wrong.join('; ') : null;
}

/** Of each mismatched key, what either side has. */
function bothValues({ from, to }: Input, found: KeyDiff, context: ActionContext): string[] {
  const [ours, theirs] = [found.from, found.to].map((side) => prints(found.mismatched, side, context));
  return found.mismatched.map((id) => `${id}: ${ours?.[id]} in ${from}, ${theirs?.[id]} in ${to}`);
}

function told(found: KeyDiff, fps: Record<string, string>): string {
  const { missing, extra, mismatched, disagreeing, same } = found;
  const part = (ids: string[], what: string) =>
    ids.length > 0 ? [`${ids.length} ${what} (${named(ids, fps)})`] : [];
  const parts = [...part(missing, 'missing'), ...part(mismatched, 'mismatched'), ...part(extra, 'extra')];
  if (parts.length + disagreeing.length === 0)
    return same === 0 ? 'no keys on either side' : `nothing differs, ${count(same)} the same`;
  const counted = [...parts, ...(same > 0 ? [`${count(same)} the same`] : [])].join(', ');
  return [...(counted ? [counted] : []), ...(disagreeing.length > 0 ? [toldOf(disagreeing)] : [])].join('; ');
}
