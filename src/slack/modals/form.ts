import type { types } from '@slack/bolt';
import { z } from 'zod';
import { remarksOn } from '#answer/answer.js';
import { checkText, plain as typedPlainly } from '#domain/command/entered.js';
import { parseCommand } from '#domain/command/parse.js';
import { severityOf, severityRemark } from '#domain/command/severity.js';
import {
  type ReadTime,
  readTime,
  readTimeAhead,
  readTimeAlone,
  type TimeContext,
} from '#domain/command/time/time.js';
import { verbNamed, zoneRemark } from '#domain/command/verbs.js';
import type { TypedIntent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { COMPONENT_STATES } from '#domain/status/page.js';
import type { StateAsked } from '#domain/status/publish.js';
import { LIMITS } from '#domain/text.js';
import { type Moment, POST_STATES, refOf, SEVERITIES, STATUSES } from '#domain/words.js';
import { METADATA } from '../blocks/buttons.js';
import { type AskedPost, COMPONENT_MARKS } from '../blocks/publish.js';
import { cut, escaped, context as greyLine, plain, section } from '../blocks/text.js';

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
});
export type From = z.infer<typeof FROM>;
type Begun = NonNullable<From['post']>;

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

export type Form = 'open' | 'note' | 'log' | 'publish' | 'status';

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
  /** What the form remembers of the post that it changes. */
  readonly post?: From['post'];
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

/** How a form looks. `of`: the incident as it is, where the form says something of it and it is known. */
export function formView(
  form: Form,
  from: From,
  { components, of = null }: { components: readonly string[]; of?: IncidentState | null },
): types.ModalView {
  switch (form) {
    case 'open':
      return openModal(from, components);
    case 'note':
      return noteModal(from);
    case 'log':
      return logModal(from);
    case 'publish':
      return publishModal(from, BLANK, of);
    case 'status':
      return statusModal(from, of);
  }
}

/** What a submitted form asks for, or what is wrong in it. */
export function meantBy(form: Form, values: Values, context: FormContext): Meant | Wrong {
  switch (form) {
    case 'open':
      return meantByOpen(values, context);
    case 'note':
      return meantByNote(values, context);
    case 'log':
      return meantByLog(values, context);
    case 'publish':
      return meantByPublish(values, context);
    case 'status':
      return meantByStatus(values, context);
  }
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
        hint: 'Each line is TIME TEXT, for example: 01:41 requests start to fail. Bullets, [01:41] and a line with the date above are read. All are recorded, or none. For more than fits here, post the list as a message and add that to the timeline.',
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

/** How it stands, and by when there is more. */
function statusModal(from: From, of: IncidentState | null): types.ModalView {
  const options = STATUSES.map((status) => ({ text: plain(titled(status)), value: status }));
  const now = options.find(({ value }) => value === of?.status);
  return modal({
    callbackId: 'status',
    title: from.incident === null ? 'Update' : `Update ${refOf(from.incident)}`,
    submit: 'Record',
    from: JSON.stringify(from),
    blocks: [
      input('status', 'Status', {
        ...{ type: 'static_select', placeholder: plain('Choose one'), options },
        ...(now && { initial_option: now }),
      }),
      input('text', 'How does it stand?', line({ multiline: true, max_length: 3_000 }), {
        hint: 'The status may stay as it is.',
        optional: true,
      }),
      input('next', 'Next update', line({ placeholder: plain('30m') }), {
        hint: 'When there is more: 30m, 1h30m, 14:30 or 2024-11-10 14:30 UTC. Who leads is reminded.',
        optional: true,
      }),
      input('at', 'When?', line(), { hint: TIME_HINT, optional: true }),
    ],
  });
}

function meantByStatus(values: Values, context: FormContext): Meant | Wrong {
  const status = STATUSES.find((one) => one === values.chosen('status')[0]);
  if (!status) return wrong('status', missing('status', 'a status', context));
  const text = values.text('text');
  const refusal = checkText(text);
  if (refusal) return wrong('text', refusal);
  const next = aheadIn(values, context);
  if (next && 'wrong' in next) return next;
  const time = timeIn(values, context);
  if (time && 'wrong' in time) return time;
  return {
    intent: {
      ...{ type: 'ChangeStatus', status, moment: time?.moment ?? null },
      ...{ text: text.trim() === '' ? null : text, next: next?.moment ?? null },
    },
    notes: [...(time ? zoneRemark(time) : []), ...(next ? zoneRemark(next) : [])],
  };
}

/** Slack's limit on what stands in a field. */
const FIELD = 3_000;

/** What the fields of a public post hold when its form is opened. */
interface Prefilled {
  text: string;
  state: string;
  states: string;
  title: string;
  next: string;
  at: string;
}
const NOW = 'now';
const UNCHANGED = 'unchanged';
/** Components that were named with a state each, on a line: one field cannot say that, but keep it. */
const AS_TYPED = 'typed';
const BLANK: Prefilled = { text: '', state: NOW, states: UNCHANGED, title: '', next: '', at: '' };

/**
 * The form of a public post with what was typed in its fields.
 * @param from `post` apart, which is made of the intent
 * @returns null: Slack has no room for it
 */
export function changeModal(
  intent: AskedPost,
  from: Omit<From, 'post'> & Pick<Begun, 'key' | 'replaces'>,
  of: IncidentState | null,
): types.ModalView | null {
  const { key, replaces, ...place } = from;
  const corrects = intent.type === 'CorrectPost' ? intent.entry : null;
  const { components = [], states = [] } = intent.type === 'PublishPost' ? intent : {};
  const named = states.flatMap(({ component, state }) => (component === null ? [] : [{ component, state }]));
  const post: Begun = { key, corrects, replaces, components: [...components], states: named };
  const view = publishModal({ ...place, post }, prefilled(intent), of);
  return intent.text.length <= FIELD && (view.private_metadata?.length ?? 0) <= METADATA ? view : null;
}

function prefilled(intent: AskedPost): Prefilled {
  const { text } = intent;
  if (intent.type === 'CorrectPost') return { ...BLANK, text };
  const { state, states = [], title, next, moment } = intent;
  const all = states.find(({ component }) => component === null)?.state;
  return {
    text,
    state: state ?? NOW,
    states: states.some(({ component }) => component !== null) ? AS_TYPED : (all ?? UNCHANGED),
    title: title ?? '',
    next: next ? typedTime(next) : '',
    at: moment ? typedTime(moment) : '',
  };
}

/** A moment as it can be typed again, and then means the same. */
function typedTime({ at, until, precision }: Moment): string {
  const day = at.slice(0, 10);
  if (precision === 'date') return until === null ? day : `${day} - ${until.slice(0, 10)}`;
  const one = (iso: string) =>
    `${iso.slice(0, 10)} ${precision === 'second' ? iso.slice(11, 19) : iso.slice(11, 16)}`;
  const about = precision === 'approx' ? '~' : '';
  return `${about}${one(at)}${until === null ? '' : `-${one(until)}`} UTC`;
}

function publishModal(from: From, filled: Prefilled, of: IncidentState | null): types.ModalView {
  const corrects = from.post?.corrects ?? null;
  const text = input(
    'text',
    'What the public is to read',
    line({
      multiline: true,
      max_length: FIELD,
      focus_on_load: true,
      ...(filled.text !== '' && { initial_value: cut(filled.text, FIELD) }),
    }),
    { hint: 'Plain text: links work, nothing else is formatted. The preview comes next.' },
  );
  const about = corrects === null && of !== null ? [greyLine(standing(of))] : [];
  return modal({
    callbackId: 'publish',
    title:
      corrects !== null
        ? `Correct #${corrects}`
        : `Publish${from.incident ? ` ${refOf(from.incident)}` : ''}`,
    submit: 'Preview',
    from: JSON.stringify(from),
    blocks: [...about, text, ...(corrects === null ? postFields(from, filled, of) : [])],
  });
}

/** What the public was told last, and what is so now. */
function standing({ status, drill, lastPost, promised, publicTitle }: IncidentState): string {
  const time = (at: string) => `${at.slice(11, 16)} UTC`;
  const next = promised ? `, and another was promised by ${time(promised.by)}` : '';
  return cut(
    [
      ...(drill ? ['*A drill: no public page shows it.*'] : []),
      `It is *${status}* now.`,
      lastPost === null
        ? 'The public has been told nothing yet.'
        : `Last post: ${lastPost.state}, ${time(lastPost.at)} (#${lastPost.n})${next}.`,
      ...(publicTitle ? [`The public calls it “${escaped(publicTitle.title)}”.`] : []),
    ].join(' '),
    1_500,
  );
}

function postFields(from: From, filled: Prefilled, of: IncidentState | null): types.InputBlock[] {
  const select = (options: ReadonlyArray<readonly [string, string]>, chosen: string) => {
    const all = options.map(([value, label]) => ({ text: plain(cut(label, 75)), value }));
    const first = all.find(({ value }) => value === chosen);
    return { type: 'static_select' as const, options: all, ...(first && { initial_option: first }) };
  };
  const word = (value: string) => (value === '' ? {} : { initial_value: value });
  const kept = from.post?.states ?? [];
  const asTyped = kept.map(({ component, state }) => `${component} ${state}`).join(', ');
  const now = `As the incident is now${of ? `: ${of.status}` : ''}`;
  return [
    input(
      'state',
      'State',
      select([[NOW, now], ...POST_STATES.map((state) => [state, titled(state)] as const)], filled.state),
    ),
    input(
      'states',
      'State of its components',
      select(
        [
          ...(kept.length > 0 ? [[AS_TYPED, `As typed: ${asTyped}`] as const] : []),
          [UNCHANGED, 'Unchanged'],
          ...SHOWN_STATES.map((state) => [state, titled(COMPONENT_MARKS[state].words)] as const),
        ],
        filled.states,
      ),
    ),
    input('next', 'Next update', line({ placeholder: plain('30m'), ...word(filled.next) }), {
      hint: 'When the public hears of it again: 30m, 1h30m, 14:30 or 2024-11-10 14:30 UTC. Who leads is reminded.',
      optional: true,
    }),
    input('title', 'Public title', line({ max_length: LIMITS.title, ...word(filled.title) }), {
      hint: 'What the public calls the incident from now on. Empty: as before; the first time, the page words one.',
      optional: true,
    }),
    input('at', 'When?', line(word(filled.at)), { hint: TIME_HINT, optional: true }),
  ];
}

/** The best first, planned work last. */
const SHOWN_STATES = ['operational', 'degraded', 'partial', 'major', 'maintenance'] as const;

const titled = (word: string) => `${word[0]?.toUpperCase()}${word.slice(1)}`;

const AHEAD = 'Write 30m, 1h30m, 14:30 or 2024-11-10 14:30 UTC, and nothing else.';

/** Not confirmed: the answer to it is the preview. */
function meantByPublish(values: Values, context: FormContext): Meant | Wrong {
  const { post } = context;
  const text = values.text('text');
  const refusal = text.trim() === '' ? missing('publish', 'a text', context) : checkText(text, LIMITS.post);
  if (refusal) return wrong('text', refusal);
  if (post && post.corrects !== null)
    return { intent: { type: 'CorrectPost', entry: post.corrects, text, confirmed: false }, notes: [] };
  const title = values.text('title').trim();
  const unfit = publicTitleRefused(title, context);
  if (unfit) return wrong('title', unfit);
  const next = aheadIn(values, context);
  if (next && 'wrong' in next) return next;
  const time = timeIn(values, context);
  if (time && 'wrong' in time) return time;
  const state = POST_STATES.find((one) => one === values.chosen('state')[0]) ?? null;
  const states = statesIn(values, post);
  return {
    intent: {
      type: 'PublishPost',
      ...{ state, moment: time?.moment ?? null, text, confirmed: false },
      ...(title !== '' && { title }),
      ...(post && post.components.length > 0 && { components: post.components }),
      ...(states.length > 0 && { states }),
      // What was taken out of a preview is not put back into the next one.
      ...(next ? { next: next.moment } : post && { next: null }),
    },
    notes: [...(time ? zoneRemark(time) : []), ...(next ? zoneRemark(next) : [])],
  };
}

function publicTitleRefused(title: string, context: FormContext): Refusal | null {
  if (!LINE_BREAK.test(title)) return checkText(title, LIMITS.title, 'The title');
  const form = formOf('publish', context);
  return refuse('BAD_ARGUMENT', { what: 'a title of one line', got: cut(title, 80), form });
}

/** By when another post is promised; null: it is not. */
function aheadIn(values: Values, context: TimeContext): ReadTime | Wrong | null {
  const typed = values.text('next').trim();
  if (typed === '') return null;
  const read = readTimeAhead(typed, context);
  if (read === null) return wrong('next', refuse('TIME_UNKNOWN', { got: typed, next: AHEAD }));
  return 'refused' in read ? wrong('next', read) : read;
}

function statesIn(values: Values, post: From['post']): StateAsked[] {
  const [chosen] = values.chosen('states');
  if (chosen === AS_TYPED) return post?.states ?? [];
  const state = COMPONENT_STATES.find((one) => one === chosen);
  return state ? [{ component: null, state }] : [];
}
