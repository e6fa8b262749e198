import type { types } from '@slack/bolt';
import { z } from 'zod';
import { remarksOn } from '#answer/answer.js';
import { checkText, plain as typedPlainly } from '#domain/command/entered.js';
import { parseCommand } from '#domain/command/parse.js';
import { severityOf, severityRemark } from '#domain/command/severity.js';
import { type ReadTime, readTime, readTimeAlone, type TimeContext } from '#domain/command/time/time.js';
import { verbNamed, zoneRemark } from '#domain/command/verbs.js';
import type { TypedIntent } from '#domain/incident/intent.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { LIMITS } from '#domain/text.js';
import { refOf, SEVERITIES } from '#domain/words.js';
import { cut, plain, section } from '../blocks/text.js';

/** What a modal remembers of the place it was opened from. `reply`: where its receipt goes. */
const FROM = z.object({
  incident: z.number().int().nullable(),
  channel: z.string().nullable(),
  reply: z.string().nullable(),
});
export type From = z.infer<typeof FROM>;

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
  /** What it remembers; Slack carries at most 3,000 characters. */
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

function line(more: Partial<types.PlainTextInput> = {}): types.PlainTextInput {
  return { type: 'plain_text_input', ...more };
}

const TIME_HINT =
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
interface FormContext extends TimeContext {
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

function wrong(block: string, refusal: Refusal): Wrong {
  return { wrong: refusal, block };
}

const FORMS =
  'Write 14:32, ~14:32 for about, -12m, yesterday 23:50 or 2024-11-10 01:41 UTC, and nothing else.';

/**
 * The time in the field *When?*. On a line, words that are no time are text; here they are a mistake.
 * @returns null when the field is empty
 */
function timeIn(values: Values, context: TimeContext): ReadTime | Wrong | null {
  const typed = values.text('at').trim();
  if (typed === '') return null;
  const read = readTimeAlone(typed, context);
  if (read && 'refused' in read) return wrong('at', read);
  if (read === null || read.rest.trim() !== '')
    return wrong('at', refuse('TIME_UNKNOWN', { got: typed, next: FORMS }));
  return read;
}

function missing(form: Form, what: string, context: FormContext): Refusal {
  return refuse('MISSING_ARGUMENT', { verb: form, what, form: formOf(form, context) });
}

/** How the same is typed on a line. */
function formOf(form: Form, { command }: FormContext): string {
  return `${command} ${verbNamed(form)?.form}`;
}

/** How a form looks. */
export function formView(form: Form, from: From, components: readonly string[]): types.ModalView {
  if (form === 'open') return openModal(from, components);
  return form === 'note' ? noteModal(from) : logModal(from);
}

/** What a submitted form asks for, or what is wrong in it. */
export function meantBy(form: Form, values: Values, context: FormContext): Meant | Wrong {
  if (form === 'open') return meantByOpen(values, context);
  return form === 'note' ? meantByNote(values, context) : meantByLog(values, context);
}

const LINE_BREAK = /[\r\n\u2028\u2029]/;

/** Opens an incident. The components that the organisation knows are offered; others can be typed. */
function openModal(from: From, components: readonly string[]): types.ModalView {
  const severities = SEVERITIES.map((severity) => ({ text: plain(severity), value: severity }));
  // An option's value holds 150 characters; a longer name can still be typed.
  const known = [...new Set(components)].filter((name) => name.length <= 150).slice(0, 100);
  return modal({
    callbackId: 'open',
    title: 'Open an incident',
    submit: 'Open',
    from: JSON.stringify(from),
    blocks: [
      input('title', 'What is wrong?', line({ max_length: LIMITS.title, focus_on_load: true })),
      input(
        'severity',
        'Severity',
        { type: 'static_select', placeholder: plain('Not known yet'), options: severities },
        { optional: true },
      ),
      ...(known.length > 0
        ? [
            input(
              'known',
              'Components',
              {
                type: 'multi_static_select',
                placeholder: plain('What is affected?'),
                options: known.map((name) => ({ text: plain(cut(name, 75)), value: name })),
              },
              { optional: true },
            ),
          ]
        : []),
      input('components', known.length > 0 ? 'Other components' : 'Components', line({ multiline: true }), {
        hint: 'One on each line.',
        optional: true,
      }),
      input('at', 'Since when?', line(), { hint: TIME_HINT, optional: true }),
      input(
        'options',
        'Options',
        {
          type: 'checkboxes',
          options: [
            { text: plain('Private: only those who are invited can see it'), value: 'private' },
            { text: plain('Drill: this is an exercise'), value: 'drill' },
          ],
        },
        { optional: true },
      ),
    ],
  });
}

/** Each field is taken as it stands: nothing in it is a flag, and no quote ends it. */
function meantByOpen(values: Values, context: FormContext): Meant | Wrong {
  const title = values.text('title').trim();
  const refusal = titleRefused(title, context);
  if (refusal) return wrong('title', refusal);
  const typed = namesIn(values.text('components'));
  const components = [...new Set([...values.chosen('known'), ...typed])];
  const unfit = componentsRefused(components);
  if (unfit) return wrong(typed.length > 0 ? 'components' : 'known', unfit);
  const time = timeIn(values, context);
  if (time && 'wrong' in time) return time;
  if (time?.moment.until) return wrong('at', refuse('TIME_UNKNOWN', { got: time.typed }));
  const options = values.chosen('options');
  const severity = severityOf(values.chosen('severity')[0] ?? '');
  return {
    intent: {
      type: 'OpenIncident',
      title,
      severity,
      components,
      private: options.includes('private'),
      drill: options.includes('drill'),
      moment: time?.moment ?? null,
    },
    notes: [
      ...(time ? zoneRemark(time) : []),
      ...(severity ? [] : severityRemark(title)),
      ...remarksOn(components, context.components),
    ],
  };
}

function titleRefused(title: string, context: FormContext): Refusal | null {
  if (title === '') return missing('open', 'a title', context);
  if (LINE_BREAK.test(title)) {
    const form = formOf('open', context);
    return refuse('BAD_ARGUMENT', { what: 'a title of one line', got: cut(title, 80), form });
  }
  return checkText(title, LIMITS.title, 'The title');
}

function namesIn(lines: string): string[] {
  return lines
    .split(LINE_BREAK)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function componentsRefused(components: readonly string[]): Refusal | null {
  for (const name of components) {
    const refusal = checkText(name, LIMITS.component, 'The name');
    if (refusal) return refusal;
  }
  const { length: count } = components;
  if (count <= LIMITS.components) return null;
  const next = 'Name the most important ones.';
  return refuse('TOO_MANY', { what: 'components', count, limit: LIMITS.components, next });
}

function noteModal(from: From): types.ModalView {
  return modal({
    callbackId: 'note',
    title: from.incident === null ? 'Note' : `Note for ${refOf(from.incident)}`,
    submit: 'Record',
    from: JSON.stringify(from),
    blocks: [
      input('text', 'What happened?', line({ multiline: true, max_length: 3_000, focus_on_load: true })),
      input('at', 'When?', line(), { hint: TIME_HINT, optional: true }),
    ],
  });
}

/** The text stays as it was typed, also when it begins like a time. */
export function meantByNote(values: Values, context: FormContext): Meant | Wrong {
  const text = values.text('text');
  const refusal = text.trim() === '' ? missing('note', 'a text', context) : checkText(text);
  if (refusal) return wrong('text', refusal);
  const time = timeIn(values, context);
  if (time && 'wrong' in time) return time;
  return {
    intent: { type: 'RecordNote', moment: time?.moment ?? null, text },
    notes: time ? zoneRemark(time) : timeRemark(text, context),
  };
}

/** A time that was typed into the text, as on a line, is not read, and the receipt says so. */
function timeRemark(text: string, context: FormContext): string[] {
  const like = readTime(text, context);
  if (like === null) return [];
  return [
    'The text begins like a time, and was kept as it is, at the moment of recording; `time N TIME` sets another.',
  ];
}

function logModal(from: From): types.ModalView {
  return modal({
    callbackId: 'log',
    title: from.incident === null ? 'Paste a log' : `Log for ${refOf(from.incident)}`,
    submit: 'Record all',
    from: JSON.stringify(from),
    blocks: [
      input('text', 'Lines', line({ multiline: true, max_length: 3_000, focus_on_load: true }), {
        hint: 'Each line is TIME TEXT, for example: 01:41 requests start to fail. All are recorded, or none.',
      }),
    ],
  });
}

/** The grammar reads the lines: a paste means the same here as behind `log`. */
function meantByLog(values: Values, context: FormContext): Meant | Wrong {
  const text = values.text('text');
  if (text.trim() === '') return wrong('text', missing('log', 'lines', context));
  // Every form for an incident knows which one it is.
  const said = parseCommand(typedPlainly(`log\n${text}`), { ...context, implied: true, roles: [] });
  if (isRefusal(said)) return wrong('text', said);
  if (said.kind !== 'intent') throw new Error(`a pasted log was read as ${said.kind}`);
  return { intent: said.intent, notes: said.notes };
}
