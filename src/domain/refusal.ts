import { SENTENCES } from './refusal-codes.js';

/** A *no*: a value, not an exception. `sentence` says what is wrong, `next` what to type instead. */
export interface Refusal {
  readonly refused: true;
  readonly code: RefusalCode;
  readonly sentence: string;
  readonly next: string;
}

export type RefusalCode = keyof typeof SENTENCES;
type Params<C extends RefusalCode> = Parameters<(typeof SENTENCES)[C]>[0];

/**
 * @param code one of the codes of refusal-codes.ts, the only list there is
 * @param params what that code's sentence speaks of
 */
export function refuse<C extends RefusalCode>(code: C, params: Params<C>): Refusal {
  const { sentence, next } = (SENTENCES[code] as (p: Params<C>) => { sentence: string; next: string })(
    params,
  );
  return { refused: true, code, sentence, next };
}

/** A *no* that says nothing about what was asked for: the same may be taken in a moment, or when somebody has mended what is broken. */
const PASSING: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'NOT_RECORDED',
  'DATABASE_REFUSES',
  'NOT_CONFIRMED',
]);

/** Was it the database that could not, now, rather than we who would not? */
export function isPassing({ code }: Pick<Refusal, 'code'>): boolean {
  return PASSING.has(code);
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as { refused?: unknown }).refused === true;
}
