import type { types } from '@slack/bolt';
import { z } from 'zod';
import { type ReadTime, readTimeAlone, type TimeContext } from '#domain/command/time/time.js';
import { verbNamed } from '#domain/command/verbs.js';
import type { TypedIntent } from '#domain/incident/intent.js';
import { type Refusal, refuse } from '#domain/refusal.js';
import { cut, plain, section } from '../blocks/text.js';

/** What a modal remembers of the place it was opened from. `reply`: where its receipt goes. */
const FROM = z.object({
  incident: z.number().int().nullable(),
  channel: z.string().nullable(),
  reply: z.string().nullable(),
});
export type From = z.infer<typeof FROM>;

/** Slack carries at most 3,000 characters. */
export function remembered(from: From): string {
  return JSON.stringify(from);
}

export function rememberedIn(view: { private_metadata: string }): From {
  try {
    return FROM.parse(JSON.parse(view.private_metadata));
  } catch {
    return { incident: null, channel: null, reply: null };
  }
}

export function modal(options: {
  callbackId: string;
  title: string;
  submit: string;
  from: string;
  blocks: types.KnownBlock[];
}): types.ModalView {
  return {
    type: 'modal',
    callback_id: options.callbackId,
    // Slack's limit on these three is 24 characters.
    title: plain(cut(options.title, 24)),
    submit: plain(options.submit),
    close: plain('Cancel'),
    private_metadata: options.from,
    blocks: options.blocks,
  };
}

/** An input; its block and its element share one id, under which the value comes back. */
export function input(
  id: string,
  label: string,
  element: types.InputBlock['element'],
  more: { hint?: string; optional?: boolean } = {},
): types.InputBlock {
  return {
    type: 'input',
    block_id: id,
    label: plain(label),
    element: { ...element, action_id: id },
    ...(more.hint && { hint: plain(cut(more.hint, 2_000)) }),
    ...(more.optional && { optional: true }),
  };
}

export function line(more: Partial<types.PlainTextInput> = {}): types.PlainTextInput {
  return { type: 'plain_text_input', ...more };
}

export const TIME_HINT =
  'Empty means now. 14:32, ~14:32 for about, -12m, yesterday 23:50 or 2024-11-10 01:41 UTC; without a zone it is yours.';

const VALUE = z.object({
  value: z.string().nullish(),
  selected_option: z.object({ value: z.string() }).nullish(),
  selected_options: z.array(z.object({ value: z.string() })).nullish(),
});

export interface Values {
  text(id: string): string;
  /** Values of the options that were chosen in a select or in checkboxes. */
  chosen(id: string): string[];
  /** Everything that was typed or chosen, a line for each field: for a form that is gone. */
  all(): string;
}

/** Reads a submitted view; an untouched or unknown field is empty. */
export function valuesOf(view: { state?: { values?: Record<string, Record<string, unknown>> } }): Values {
  const field = (id: string) => {
    const read = VALUE.safeParse(view.state?.values?.[id]?.[id]);
    return read.success ? read.data : {};
  };
  const text = (id: string) => field(id).value ?? '';
  const chosen = (id: string) => {
    const { selected_option: one, selected_options: many } = field(id);
    return [...(one ? [one] : []), ...(many ?? [])].map((option) => option.value);
  };
  return {
    text,
    chosen,
    all() {
      const fields = Object.keys(view.state?.values ?? {}).map((id) => text(id) || chosen(id).join(', '));
      return fields.filter((typed) => typed !== '').join('\n');
    },
  };
}

export type Form = 'open' | 'note' | 'log';

/** Takes the place of a form whose receipt has nowhere else to go. `text` is escaped. */
export function receiptModal(text: string): types.ModalView {
  return {
    type: 'modal',
    title: plain('Done'),
    close: plain('Close'),
    blocks: [section(cut(text, 2_900))],
  };
}

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
