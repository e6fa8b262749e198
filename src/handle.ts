import type { Asking, TypedIntent } from '#domain/intent.js';
import type { Refusal } from '#domain/refusal.js';
import type { Recorded } from './handle/recorded.js';
import { Writer, type WriterOptions } from './handle/writer.js';

export type { Recorded } from './handle/recorded.js';
export { nothingKept, notRead } from './handle/unavailable.js';

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

export function createHandle(options: WriterOptions): Handle {
  const writer = new Writer(options);
  return (intent, target, asking, notes = []) => writer.write(intent, target, asking, notes);
}
