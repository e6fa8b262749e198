import type { types } from '@slack/bolt';
import { z } from 'zod';
import { type Exporting, remarksOn } from '#answer/answer.js';
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
import { type FormName, verbNamed, zoneRemark } from '#domain/command/verbs.js';
import type { ActionItem } from '#domain/incident/action.js';
import type { TypedIntent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import type { Runbook } from '#domain/run/runbook.js';
import { COMPONENT_STATES } from '#domain/status/page.js';
import type { StateAsked } from '#domain/status/publish.js';
import { LIMITS } from '#domain/text.js';
import { type Moment, POST_STATES, refOf, SEVERITIES } from '#domain/words.js';
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
function formOf(form: FormName, { command }: FormContext): string {
  return `${command} ${verbNamed(form)?.form}`;
}

const LINE_BREAK = /[\r\n\u2028\u2029]/;

/** Opens an incident. The components that the organisation knows are offered; others can be typed. */
export const OPEN_FORM: FormKind = {
  view: openModal,
  meant: meantByOpen,
  main: 'title',
  line: 'open sev2 TITLE --component NAME',
};

function openModal(from: From, { components, title = '', about }: Shown): types.ModalView {
  const severities = SEVERITIES.map((severity) => ({ text: plain(severity), value: severity }));
  // An option's value holds 150 characters; a longer name can still be typed.
  const known = [...new Set(components)].filter((name) => name.length <= 150).slice(0, 100);
  const label = known.length > 0 ? 'Other components' : 'Components';
  const hint = 'One on each line.';
  const others = input('components', label, line({ multiline: true }), { hint, optional: true });
  return modal({
    callbackId: 'open',
    title: 'Open an incident',
    submit: 'Open',
    from: JSON.stringify(from),
    blocks: [
      ...(about === undefined ? [] : [greyLine(about)]),
      input(
        'title',
        'What is wrong?',
        line({
          max_length: LIMITS.title,
          focus_on_load: true,
          ...(title !== '' && { initial_value: title }),
        }),
      ),
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
        : [others]),
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
      // Seldom, where there is a list: last, so that what is asked for first fits a phone.
      ...(known.length > 0 ? [others] : []),
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

export const NOTE_FORM: FormKind = {
  view: noteModal,
  meant: meantByNote,
  main: 'text',
  line: 'note 14:32 TEXT',
};

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

export const LOG_FORM: FormKind = {
  view: logModal,
  meant: meantByLog,
  main: 'text',
  line: 'log, then a line for each entry: TIME TEXT',
};

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

/** Slack's limit on what stands in a field. */
export const FIELD = 3_000;

export const PUBLISH_FORM: FormKind = {
  view: (from, { of }) => publishModal(from, BLANK, of),
  meant: meantByPublish,
  main: 'text',
  line: 'publish identified --next 30m TEXT',
};

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
export function aheadIn(values: Values, context: TimeContext): ReadTime | Wrong | null {
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
