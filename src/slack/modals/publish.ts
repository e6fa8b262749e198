import type { types } from '@slack/bolt';
import { checkText } from '#domain/command/entered.js';
import { zoneRemark } from '#domain/command/verbs.js';
import type { IncidentState } from '#domain/incident/state.js';
import { type Refusal, refuse } from '#domain/refusal.js';
import { COMPONENT_STATES } from '#domain/status/page.js';
import type { StateAsked } from '#domain/status/publish.js';
import { LIMITS } from '#domain/text.js';
import { type Moment, POST_STATES, refOf } from '#domain/words.js';
import { METADATA } from '../blocks/buttons.js';
import { type AskedPost, COMPONENT_MARKS } from '../blocks/publish.js';
import { cut, escaped, context as greyLine, plain } from '../blocks/text.js';
import {
  aheadIn,
  type Begun,
  FIELD,
  type FormContext,
  type FormKind,
  type From,
  formOf,
  input,
  LINE_BREAK,
  line,
  type Meant,
  missing,
  modal,
  TIME_HINT,
  timeIn,
  type Values,
  type Wrong,
  wrong,
} from './form.js';

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

function statesIn(values: Values, post: From['post']): StateAsked[] {
  const [chosen] = values.chosen('states');
  if (chosen === AS_TYPED) return post?.states ?? [];
  const state = COMPONENT_STATES.find((one) => one === chosen);
  return state ? [{ component: null, state }] : [];
}
