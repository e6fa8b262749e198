import { z } from 'zod';
import { type Action, ActionFailed, type RunContext } from '../action.js';
import type { Keys } from '../keystores/keystore.js';
import { canPut, count, mustAgree, named, prints, readBoth, versions } from './key-diff.js';
import { change, readPlace } from './touch.js';

const input = z
  .strictObject({
    from: z.string().min(1),
    to: z.string().min(1),
    keys: z.array(z.string().min(1)).transform((ids) => [...new Set(ids)].sort()),
  })
  .refine(({ from, to }) => from !== to, { message: 'from and to are the same store', path: ['to'] });

const captured = z.object({
  /** Ids that `to` lacked everywhere before the first attempt: only these are ours to take away again. */
  absent: z.array(z.string()),
  /** Fingerprints of what `to` had under the other ids. */
  there: z.record(z.string(), z.string()),
  /** Fingerprints of what `from` had: a value that has changed since is not the one that was approved. */
  fingerprints: z.record(z.string(), z.string()),
});

/** `keys.add`: copies keys from one store to another. Adds only: another value under the same id is left alone. */
export const keysAdd: Action<z.infer<typeof input>> = {
  name: 'keys.add',
  does: 'copies keys from one store to another',
  effect: 'conditional',
  input,
  outputs: ['added', 'fingerprints'],
  async plan({ from, to, keys }, context) {
    const target = context.store(to);
    const [source, there] = await readBoth(from, to, context);
    check(keys, from, source, to, there);
    const fps = prints(keys, source, context);
    const added = keys.filter((id) => isAbsent(id, there));
    const mended = keys.filter((id) => there.apart?.has(id));
    const parts = [
      ...(added.length > 0 ? [`adds ${count(added.length)} to ${to} (${named(added, fps)})`] : []),
      ...(mended.length > 0 ? [`has every place of ${to} hold ${named(mended, fps)}, as some do`] : []),
    ];
    return {
      does: parts.join(', and ') || `adds nothing to ${to}`,
      touches: [...target.places],
      current: count(there.keys.size),
      desired: count(there.keys.size + added.length + mended.length),
      versions: versions({ [from]: source, [to]: there }),
      output: { added, fingerprints: prints([...added, ...mended], source, context) },
    };
  },
  async capture({ from, to, keys }, context) {
    const [source, there] = await readBoth(from, to, context);
    return {
      absent: keys.filter((id) => isAbsent(id, there)),
      there: prints(keys, there, context),
      fingerprints: prints(keys, source, context),
    };
  },
  async run({ from, to, keys }, context) {
    const before = captured.parse(context.captured);
    const target = context.store(to);
    const [source, there] = await readBoth(from, to, context).catch((error) => {
      if (!(error instanceof ActionFailed)) throw error;
      // An earlier attempt may have added these: the undo takes away only what is there with that fingerprint.
      const { absent, fingerprints } = before;
      const put = Object.fromEntries(Object.entries(fingerprints).filter(([id]) => absent.includes(id)));
      throw new ActionFailed(error.message, { output: { added: absent, fingerprints: put } });
    });
    const had = keys.filter((id) => before.absent.includes(id) && there.keys.has(id));
    const done = (ids: string[]) => ({
      added: [...ids].sort(),
      fingerprints: prints(ids, source, context),
    });
    const ours = had.filter((id) => sameIn(source, there, id));
    try {
      check(keys, from, source, to, there);
      asApproved(keys, source, from, context);
      for (const [id, fp] of Object.entries(prints(keys, source, context))) {
        if (fp !== before.fingerprints[id])
          throw new ActionFailed(`key ${id} of ${from} has changed since: plan again`);
      }
    } catch (error) {
      if (!(error instanceof ActionFailed)) throw error;
      // The undo must also see what an earlier attempt wrote in some of the places.
      const half = before.absent.filter((id) => isSomewhere(source, there, id));
      throw new ActionFailed(error.message, { output: done([...ours, ...half]) });
    }
    const mended: string[] = [];
    for (const id of keys) {
      const value = source.keys.get(id);
      if (!value || there.keys.has(id)) continue;
      // A key that some place had before this step is written to the others, and does not count as ours: an undo would take it
      // from whoever uses it.
      const own = before.absent.includes(id) ? [id] : [];
      // A key counts as added also where that is not known: the undo removes it only where it is this value.
      await change(
        context,
        () => target.put(id, value, null, context.signal),
        (happened) => done(happened ? [...ours, ...own] : ours),
      );
      ours.push(...own);
      if (own.length === 0) mended.push(id);
      context.say(`${id} ${context.fingerprint(value)} added to ${to}`);
    }
    const after = await readPlace(target, context.signal);
    const wrong = keys.filter((id) => !sameIn(source, after, id));
    if (wrong.length > 0) {
      const message = `${to} does not hold what was put there: ${wrong.join(', ')}`;
      throw new ActionFailed(message, { unsure: true, output: done(ours) });
    }
    const output = done(ours);
    const what = named(output.added, output.fingerprints);
    const parts = [
      ...(ours.length > 0 ? [`added ${count(ours.length)} to ${to} (${what})`] : []),
      ...(mended.length > 0 ? [`every place of ${to} holds ${mended.join(', ')} now`] : []),
    ];
    return { kind: 'done', output, summary: parts.join('; ') || `${to} had them already` };
  },
};

/** People agreed to these values, by fingerprint: another one that stands there since is none of them. */
function asApproved(ids: readonly string[], source: Keys, from: string, context: RunContext): void {
  const approved = z.object({ fingerprints: z.record(z.string(), z.string()) }).safeParse(context.planned);
  if (!approved.success) return;
  for (const [id, fp] of Object.entries(prints(ids, source, context))) {
    const agreed = Object.hasOwn(approved.data.fingerprints, id) ? approved.data.fingerprints[id] : fp;
    if (agreed !== fp) {
      throw new ActionFailed(
        `key ${id} of ${from} is ${fp} now, and ${agreed} was approved: plan again with a new run`,
      );
    }
  }
}

/** @throws ActionFailed when a key is not there to be copied, or would overwrite another */
function check(ids: readonly string[], from: string, source: Keys, to: string, there: Keys): void {
  const torn = [
    ...ids.flatMap((id) => source.apart?.get(id) ?? []),
    ...ids.flatMap((id) => (canPut(there, id, source.keys.get(id)) ? [] : (there.apart?.get(id) ?? []))),
  ];
  if (torn.length > 0) throw new ActionFailed(mustAgree(torn));
  const unknown = ids.filter((id) => !source.keys.has(id));
  if (unknown.length > 0) throw new ActionFailed(`${from} has no key ${unknown.join(', ')}`);
  const other = ids.filter((id) => there.keys.has(id) && !sameIn(source, there, id));
  if (other.length > 0)
    throw new ActionFailed(`${to} has another value under ${other.join(', ')}: left alone`);
}

/** Does a part of the places hold the key that `from` has? */
function isSomewhere(source: Keys, { apart }: Keys, id: string): boolean {
  const value = source.keys.get(id);
  return value !== undefined && apart?.get(id)?.keys.some((key) => key.equals(value)) === true;
}

function isAbsent(id: string, { keys, apart }: Keys): boolean {
  return !keys.has(id) && !apart?.has(id);
}

function sameIn(source: Keys, there: Keys, id: string): boolean {
  const value = source.keys.get(id);
  return value !== undefined && there.keys.get(id)?.equals(value) === true;
}
