import { type ReadTime, readTimeAlone, type TimeContext } from '#domain/command/time.js';
import { verbNamed } from '#domain/command/verbs.js';
import type { TypedIntent } from '#domain/intent.js';
import { type Refusal, refuse } from '#domain/refusal.js';
import type { Form } from '../form.js';
import type { Values } from './frame.js';

/** What reading a submitted form needs to know. */
export interface FormContext extends TimeContext {
  /** The slash command, for examples in refusals. */
  readonly command: string;
  /** Components that the organisation knows. */
  readonly components: readonly string[];
}

/** What a submitted form asks for. `notes`: remarks for the receipt. */
export interface Meant {
  intent: TypedIntent;
  notes: string[];
}

/** What is wrong in it, and the id of the input that is at fault. */
export interface Wrong {
  wrong: Refusal;
  block: string;
}

export function wrong(block: string, refusal: Refusal): Wrong {
  return { wrong: refusal, block };
}

const FORMS =
  'Write 14:32, ~14:32 for about, -12m, yesterday 23:50 or 2024-11-10 01:41 UTC, and nothing else.';

/**
 * The time in the field *When?*. On a line, words that are no time are text; here they are a mistake.
 * @returns null when the field is empty
 */
export function timeIn(values: Values, context: TimeContext): ReadTime | Wrong | null {
  const typed = values.text('at').trim();
  if (typed === '') return null;
  const read = readTimeAlone(typed, context);
  if (read && 'refused' in read) return wrong('at', read);
  if (read === null || read.rest.trim() !== '')
    return wrong('at', refuse('TIME_UNKNOWN', { got: typed, next: FORMS }));
  return read;
}

export function missing(form: Form, what: string, context: FormContext): Refusal {
  return refuse('MISSING_ARGUMENT', { verb: form, what, form: formOf(form, context) });
}

/** How the same is typed on a line. */
export function formOf(form: Form, { command }: FormContext): string {
  return `${command} ${verbNamed(form)?.form}`;
}
