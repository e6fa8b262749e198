import { z } from 'zod';
import type { Json } from '#domain/run/runbook.js';
import { type Action, ActionFailed, type Output } from '../action.js';
import type { Keys } from '../keystores/keystore.js';
import { anywhere, count, mustAgree, named, prints, some, versions } from './key-diff.js';
import { change, readPlace } from './touch.js';

const input = z.strictObject({
  store: z.string().min(1),
  keys: z.array(z.string().min(1)).transform((ids) => [...new Set(ids)].sort()),
});

const withPrints = z.object({ fingerprints: z.record(z.string(), z.string()) });

/**
 * `keys.remove`: takes keys out of a store. What may go is fixed beforehand by fingerprint: as an undo, what the undone
 * step added; otherwise what was there before the first attempt. Everything else is left alone, and said.
 * `removed`: what it took away, by an earlier attempt too. Such a one may have died before it could say so: what was
 * there when the step began and is gone now counts, so that an undo puts it back, but the summary does not claim it.
 * `absent`: what was not there any more when the step began.
 */
export const keysRemove: Action<z.infer<typeof input>> = {
  name: 'keys.remove',
  does: 'takes keys out of a store',
  effect: 'conditional',
  input,
  outputs: ['removed', 'absent', 'fingerprints'],
  async plan({ store: name, keys }, context) {
    const store = context.store(name);
    const there = anywhere(await readPlace(store, context.signal));
    const torn = keys.flatMap((id) => (holdsSeveral(there, id) ? (there.apart?.get(id) ?? []) : []));
    if (torn.length > 0) throw new ActionFailed(mustAgree(torn));
    const fingerprints = prints(keys, there, context);
    const removed = Object.keys(fingerprints);
    const what =
      removed.length === 0 ? 'nothing' : `${count(removed.length)} (${named(removed, fingerprints)})`;
    const apart = keys.flatMap((id) => there.apart?.get(id)?.told ?? []);
    const now = apart.length > 0 ? `; now ${some(apart, '; ')}` : '';
    return {
      does: `removes ${what} from ${name}${now}`,
      touches: [...store.places],
      current: count(there.keys.size),
      desired: count(there.keys.size - removed.length),
      versions: versions({ [name]: there }),
      output: { removed, absent: [], fingerprints },
    };
  },
  async capture({ store, keys }, context) {
    return {
      fingerprints: prints(keys, anywhere(await readPlace(context.store(store), context.signal)), context),
    };
  },
  async run({ store: name, keys }, context) {
    const store = context.store(name);
    const before = known(context.captured) ?? new Map<string, string>();
    // What people agreed to, by fingerprint, where the plan could tell; else what stood there when this began.
    const agreed = known(context.planned) ?? before;
    const ours = context.undoing ? (known(context.undoing.output) ?? new Map<string, string>()) : agreed;
    const there = anywhere(await readPlace(store, context.signal));
    const now = new Map(Object.entries(prints(keys, there, context)));
    const foreign = keys.filter(
      (id) => now.has(id) && (now.get(id) !== ours.get(id) || holdsSeveral(there, id)),
    );
    const missing = keys.filter((id) => !now.has(id) && ours.has(id));
    const gone = missing.filter((id) => before.get(id) === ours.get(id));
    const absent = missing.filter((id) => !gone.includes(id));
    const removed: string[] = [];
    const done = (maybe: string[] = []): Output => {
      const away = [...gone, ...removed, ...maybe].sort();
      return {
        removed: away,
        absent,
        fingerprints: Object.fromEntries(away.map((id) => [id, ours.get(id) as string])),
      };
    };
    const told = (): string[] => {
      const list = (ids: string[]) => named(ids, Object.fromEntries(ours));
      return [
        ...(removed.length > 0 ? [`removed ${list(removed)} from ${name}`] : []),
        ...(gone.length > 0
          ? [`gone since the step began, by an earlier attempt or by others: ${list(gone)}`]
          : []),
        ...(absent.length > 0 ? [`was not there any more: ${list(absent)}`] : []),
      ];
    };
    for (const id of keys) {
      const value = there.keys.get(id);
      if (!value || foreign.includes(id)) continue;
      await change(
        context,
        () => store.remove(id, value, context.signal),
        (happened) => done(happened ? [id] : []),
      );
      removed.push(id);
      context.say(`${id} ${now.get(id)} removed from ${name}`);
    }
    const after = anywhere(await readPlace(store, context.signal));
    const still = removed.filter((id) => after.keys.has(id));
    if (still.length > 0) {
      throw new ActionFailed(`${name} still holds ${still.join(', ')}`, { unsure: true, output: done() });
    }
    if (foreign.length > 0) {
      const left = `${name} has other keys by now, left alone: ${named(foreign, Object.fromEntries(now))}`;
      throw new ActionFailed([left, ...told()].join('; '), { output: done() });
    }
    const nothing = missing.length > 0 ? `removed nothing from ${name}` : `nothing to remove from ${name}`;
    const summary = [...(removed.length === 0 ? [nothing] : []), ...told()].join('; ');
    return { kind: 'done', output: done(), summary };
  },
};

/** Do places hold different keys under an id? Then one of them at least is not the one that is meant. */
function holdsSeveral({ apart }: Keys, id: string): boolean {
  const [first, ...others] = apart?.get(id)?.keys ?? [];
  return first !== undefined && others.some((key) => !key.equals(first));
}

/** @returns fingerprints by id; null: none are kept there */
function known(from: Json): Map<string, string> | null {
  const { data } = withPrints.safeParse(from);
  return data ? new Map(Object.entries(data.fingerprints)) : null;
}
