import { z } from 'zod';
import { type Action, ActionFailed } from '../action.js';
import { count, diff, diffOutput, type KeyDiff, named, prints, versions } from './key-diff.js';

const input = z.strictObject({
  from: z.string().min(1),
  to: z.string().min(1),
  require: z.literal('none-missing').optional(),
});

/**
 * `keys.compare`: which keys of one store another one lacks, by fingerprint.
 * `require: none-missing` fails when a key of `from` is not accepted by `to`, whether it is absent or another value;
 * what `to` has beyond that does no harm.
 */
export const keysCompare: Action<z.infer<typeof input>> = {
  name: 'keys.compare',
  does: 'compares two key stores by fingerprint',
  effect: 'read',
  input,
  outputs: ['missing', 'extra', 'mismatched', 'same', 'empty', 'fingerprints'],
  async plan({ from, to, require }, context) {
    const found = await diff(from, to, context);
    const output = diffOutput(found, context);
    // An earlier step of the same runbook may add what is missing, so that this fails only when it runs.
    const refuses = require && lacks(found) ? ', and fails as long as that is so' : '';
    return {
      does: `compares ${from} with ${to}: now ${told(found, output.fingerprints as Record<string, string>)}${refuses}`,
      touches: [],
      current: null,
      desired: null,
      versions: versions({ [from]: found.from, [to]: found.to }),
      output,
    };
  },
  async run({ from, to, require }, context) {
    const found = await diff(from, to, context);
    const output = diffOutput(found, context);
    const summary = told(found, output.fingerprints as Record<string, string>);
    const theirs = prints(found.mismatched, found.to, context);
    for (const id of found.mismatched) {
      context.say(`${id}: ${prints([id], found.from, context)[id]} in ${from}, ${theirs[id]} in ${to}`);
    }
    if (require && lacks(found))
      throw new ActionFailed(`${to} lacks keys of ${from}: ${summary}`, { output });
    return { kind: 'done', output, summary };
  },
};

function lacks({ missing, mismatched }: KeyDiff): boolean {
  return missing.length + mismatched.length > 0;
}

function told({ missing, extra, mismatched, same }: KeyDiff, fps: Record<string, string>): string {
  const part = (ids: string[], what: string) =>
    ids.length > 0 ? [`${ids.length} ${what} (${named(ids, fps)})`] : [];
  const parts = [...part(missing, 'missing'), ...part(mismatched, 'mismatched'), ...part(extra, 'extra')];
  if (parts.length === 0)
    return same === 0 ? 'no keys on either side' : `nothing differs, ${count(same)} the same`;
  return `${parts.join(', ')}${same > 0 ? `, ${count(same)} the same` : ''}`;
}
