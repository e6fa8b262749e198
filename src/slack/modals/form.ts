import type { types } from '@slack/bolt';
import { z } from 'zod';
import type { Exporting } from '#answer/answer.js';
import { type ReadTime, readTimeAhead, readTimeAlone, type TimeContext } from '#domain/command/time/time.js';
import { type FormName, verbNamed } from '#domain/command/verbs.js';
import type { ActionItem } from '#domain/incident/action.js';
import type { TypedIntent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { type Refusal, refuse } from '#domain/refusal.js';
import type { Runbook } from '#domain/run/runbook.js';
import { COMPONENT_STATES } from '#domain/status/page.js';
import { SEVERITIES } from '#domain/words.js';
import { cut, plain, section } from '../blocks/text.js';

/**
 * What a modal remembers of the place it was opened from. `reply`: where its receipt goes. `post`: of a public post that was
 * previewed before and is being changed; absent: it is new.
 */
const FROM = z.object({
  incident: z.number().int().nullable(),
  channel: z.string().nullable(),
  reply: z.string().nullable(),
  post: z
    .object({
      /** Of what was typed first: whatever is changed and clicked, one question is one post. */
      key: z.string().nullable(),
      /** The entry whose words it replaces. */
      corrects: z.number().int().nullable(),
      /** The receipt takes the place of the message that `reply` belongs to. */
      replaces: z.boolean(),
      components: z.array(z.string()),
      states: z.array(z.object({ component: z.string(), state: z.enum(COMPONENT_STATES) })),
    })
    .optional(),
  /** What it showed of the incident: what somebody has changed since is not changed unseen. */
  seen: z
    .object({
      entry: z.number().int().nullable(),
      severity: z.enum(SEVERITIES).nullable(),
      lead: z.string().nullable(),
      open: z.boolean(),
    })
    .optional()
    .catch(undefined),
  /** The runbook whose inputs it asks for. */
  runbook: z.string().optional(),
  /** The message that an incident is opened from, as its shortcut carries it. */
  message: z.unknown().optional(),
  /** It was opened in the Home tab, which shows what came of it. */
  home: z.literal(true).optional(),
});
export type From = z.infer<typeof FROM>;
export type Begun = NonNullable<From['post']>;

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
  /** null: there is nothing to send. */
  submit: string | null;
  /** What it remembers; Slack carries at most 3,000 characters. */
  from: string;
  blocks: types.KnownBlock[];
}): types.ModalView {
  return {
    type: 'modal',
    callback_id: options.callbackId,
    // Slack's limit on these three is 24 characters.
    title: plain(cut(options.title, 24)),
    ...(options.submit !== null && { submit: plain(options.submit) }),
    close: plain(options.submit === null ? 'Close' : 'Cancel'),
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
  'Empty means now. 14:32 in your zone, ~14:32 for about, -12m, yesterday 23:50, 2024-11-10 01:41 UTC.';

const VALUE = z.object({
  value: z.string().nullish(),
  selected_option: z.object({ value: z.string() }).nullish(),
  selected_options: z.array(z.object({ value: z.string() })).nullish(),
  selected_user: z.string().nullish(),
  selected_date: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d$/)
    .nullish(),
});

export interface Values {
  text(id: string): string;
  /** Values of the options that were chosen in a select or in checkboxes; the id of a person. */
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
    const {
      selected_option: one,
      selected_options: many,
      selected_user: user,
      selected_date: day,
    } = field(id);
    const picked = user || day;
    return [
      ...[...(one ? [one] : []), ...(many ?? [])].map(({ value }) => value),
      ...(picked ? [picked] : []),
    ];
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

/**
 * The same form with what was typed and chosen in it, where a field of that name is still there: what goes on from a form that
 * was sent loses nothing.
 */
export function refilled(view: types.ModalView, values: Values): types.ModalView {
  const blocks = view.blocks.map((block) => {
    if (block.type !== 'input' || !('element' in block) || block.block_id === undefined) return block;
    const element = filled(block.element, values, block.block_id);
    return element ? { ...block, element } : block;
  });
  return { ...view, blocks };
}

function filled(
  element: types.InputBlock['element'],
  values: Values,
  id: string,
): types.InputBlock['element'] | null {
  const [chosen] = values.chosen(id);
  switch (element.type) {
    case 'plain_text_input': {
      const { initial_value: _, ...bare } = element;
      return values.text(id) === '' ? bare : { ...bare, initial_value: cut(values.text(id), FIELD) };
    }
    case 'static_select': {
      const option = element.options?.find(({ value }) => value === chosen);
      return option ? { ...element, initial_option: option } : null;
    }
    case 'users_select':
      return chosen === undefined ? null : { ...element, initial_user: chosen };
    case 'datepicker':
      return chosen === undefined ? null : { ...element, initial_date: chosen };
    default:
      return null;
  }
}

/** Takes the place of a form whose receipt has nowhere else to go, or says what cannot be said anywhere else. `text` is escaped. */
export function receiptModal(text: string, title = 'Done'): types.ModalView {
  return {
    type: 'modal',
    title: plain(title),
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
  /** What the form remembers of the post that it changes. */
  readonly post?: From['post'];
  /** What it showed. */
  readonly seen?: From['seen'];
}

/** What a submitted form asks for. `notes`: remarks for the receipt. */
export interface Meant {
  intent: TypedIntent;
  notes: string[];
}

/** What a form may show, beside what it remembers. */
export interface Shown {
  /** Who looks at it, and their zone. */
  by: string;
  zone: string;
  now: Date;
  /** Components that the organisation knows. */
  components: readonly string[];
  /** The incident as it is; null: it is not known, or there is none yet. */
  of: IncidentState | null;
  /** Its action items that are not done. */
  items: readonly ActionItem[];
  /** What can be run. */
  runbooks: ReadonlyArray<{ name: string; title: string }>;
  /** The one that was chosen. */
  runbook: Runbook | null;
  /** Stands in the field of the title, and what the form says of the message that it is opened from. */
  title?: string;
  about?: string;
  /** Why it is shown again; escaped. */
  problem?: string;
}

/** Everything about a form that a verb opens where nothing is typed behind it. */
export interface FormKind {
  view(from: From, shown: Shown): types.ModalView;
  /** What it asks for when it is sent. */
  meant(values: Values, context: FormContext): Meant | { ask: Exporting['ask'] } | Wrong;
  /** The field at which it is said what is wrong with all of it. */
  main: string;
  /** How the same is typed, for when it cannot be shown. */
  line: string;
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

export function missing(form: FormName, what: string, context: FormContext): Refusal {
  return refuse('MISSING_ARGUMENT', { verb: form, what, form: formOf(form, context) });
}

/** How the same is typed on a line. */
export function formOf(form: FormName, { command }: FormContext): string {
  return `${command} ${verbNamed(form)?.form}`;
}

export const LINE_BREAK = /[\r\n\u2028\u2029]/;

/** Slack's limit on what stands in a field. */
export const FIELD = 3_000;

const AHEAD = 'Write 30m, 1h30m, 14:30 or 2024-11-10 14:30 UTC, and nothing else.';

/** By when another post is promised; null: it is not. */
export function aheadIn(values: Values, context: TimeContext): ReadTime | Wrong | null {
  const typed = values.text('next').trim();
  if (typed === '') return null;
  const read = readTimeAhead(typed, context);
  if (read === null) return wrong('next', refuse('TIME_UNKNOWN', { got: typed, next: AHEAD }));
  return 'refused' in read ? wrong('next', read) : read;
}
