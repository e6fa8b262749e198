import type { Asking, TypedIntent } from '#domain/intent.js';
import type { Rules } from '#domain/permission.js';
import type { Refusal } from '#domain/refusal.js';
import { Unavailable } from '#store/outcome.js';
import { type Admission, createAdmission, type People } from './handle/admission.js';
import type { Recorded } from './handle/recorded.js';
import { refusalOf } from './handle/write.js';
import { Writer, type WriterOptions } from './handle/writer.js';

export type { Recorded } from './handle/recorded.js';

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

export function createHandle(options: WriterOptions & { store: People; rules?: Rules }): Handle {
  const writer = new Writer(options);
  const admit = createAdmission(options.store, options.rules ?? {});
  return async (intent, target, asking, notes = []) => {
    let admission: Admission;
    try {
      const looked = admit(intent, target, asking);
      admission = looked instanceof Promise ? await looked : looked;
    } catch (error) {
      // Nothing was begun.
      if (!(error instanceof Unavailable)) options.onError(error);
      return refusalOf(error);
    }
    return writer.write(intent, target, asking, notes, admission);
  };
}
