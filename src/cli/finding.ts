import type { Condition } from '#domain/words.js';

/** One thing that `doctor` looked at. `fix`: what to do when it is not well. */
export interface Finding {
  what: string;
  ok: boolean;
  detail: string;
  fix?: string;
}

/** The same as a condition says it. */
export function findingOf(what: string, { state, reason = state, fix }: Condition): Finding {
  return { what, ok: state === 'ok', detail: state === 'refusing' ? `refuses: ${reason}` : reason, fix };
}
