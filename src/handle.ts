import { createHash } from 'node:crypto';
import type { Asking, TypedIntent } from '#domain/intent.js';
import type { Rules } from '#domain/permission.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import { Unavailable } from '#store/outcome.js';
import { type Admission, createAdmission, type People } from './handle/admission.js';
import { bareIn, type GroupNamed, withGroups } from './handle/lookups.js';
import type { Recorded } from './handle/recorded.js';
import { refusalOf } from './handle/write.js';
import { Writer, type WriterOptions } from './handle/writer.js';

export type { Recorded } from './handle/recorded.js';
export { nothingKept, notRead } from './handle/write.js';

/**
 * The only way to change an incident: load, decide, append.
 * @param target the number in INC-n; null for OpenIncident
 * @param notes remarks for the receipt ("your time zone is not known: read as UTC")
 * @returns what was recorded, after the commit; or a refusal: nothing was recorded (NOT_CONFIRMED: that is not known)
 */
export type Handle = (
  intent: TypedIntent,
  target: number | null,
  asking: Asking,
  notes?: string[],
) => Promise<Recorded | Refusal>;

/**
 * Whether a request was recorded before, for those that come no further than to a look or a *no* this time.
 * @returns its first receipt; a refusal when that key names another request; null: nothing was recorded under it
 * @throws {Unavailable} when the database cannot be asked
 */
export type Before = (asking: Asking) => Promise<Recorded | Refusal | null>;

export function createHandle(
  options: WriterOptions & { store: People; rules?: Rules; groupNamed?: GroupNamed },
): Handle & { before: Before } {
  const writer = new Writer(options);
  const admit = createAdmission(options.store, options.rules ?? {});
  const { groupNamed = async () => ({ unsaid: 'no Slack here' }) } = options;
  const look = { ...options.store, groupNamed };
  const handle: Handle = async (intent, target, asking, notes = []) => {
    let admission: Admission;
    let meant = intent;
    try {
      if (bareIn(intent).length > 0) {
        const named = await withGroups(look, intent, asking.team);
        if (isRefusal(named)) return named;
        meant = named;
      }
      const looked = admit(intent, target, asking);
      admission = looked instanceof Promise ? await looked : looked;
    } catch (error) {
      // Nothing was begun.
      if (!(error instanceof Unavailable)) options.onError(error);
      return refusalOf(error);
    }
    return writer.write(meant, target, asking, notes, admission);
  };
  return Object.assign(handle, { before: (asking: Asking) => writer.before(asking) });
}

/** @param request everything that makes it this request and no other, as JSON. @returns its fingerprint, for `Asking.asked` */
export function askedOf(request: unknown): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex');
}
