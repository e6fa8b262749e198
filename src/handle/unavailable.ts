import { type Refusal, refuse } from '#domain/refusal.js';
import { troubleOf } from '#store/trouble.js';

/** @returns what whoever wanted something recorded is told: nothing was, and why the database would not */
export function nothingKept(error: unknown): Refusal {
  const { state, reason, fix } = troubleOf(error);
  if (state === 'refusing') return refuse('DATABASE_REFUSES', { why: reason, fix });
  return refuse('NOT_RECORDED', { why: 'the database does not answer' });
}

/** @returns what whoever only asked is told */
export function notRead(error: unknown): Refusal {
  const { state, reason } = troubleOf(error);
  const why =
    state === 'refusing' ? `the database answers, but refuses: ${reason}` : 'the database does not answer';
  return refuse('NOT_READ', { why });
}
