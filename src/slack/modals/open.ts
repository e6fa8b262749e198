import type { types } from '@slack/bolt';
import { remarksOn } from '#answer/answer.js';
import { checkText } from '#domain/command/entered.js';
import { severityOf, severityRemark } from '#domain/command/severity.js';
import { zoneRemark } from '#domain/command/verbs.js';
import { type Refusal, refuse } from '#domain/refusal.js';
import { LIMITS } from '#domain/text.js';
import { SEVERITIES } from '#domain/words.js';
import { cut, plain } from '../blocks/text.js';
import {
  type FormContext,
  type From,
  formOf,
  input,
  line,
  type Meant,
  missing,
  modal,
  remembered,
  TIME_HINT,
  timeIn,
  type Values,
  type Wrong,
  wrong,
} from './frame.js';

const LINE_BREAK = /[\r\n\u2028\u2029]/;

/** Opens an incident. The components that the organisation knows are offered; others can be typed. */
export function openModal(from: From, components: readonly string[]): types.ModalView {
  const severities = SEVERITIES.map((severity) => ({ text: plain(severity), value: severity }));
  // An option's value holds 150 characters; a longer name can still be typed.
  const known = [...new Set(components)].filter((name) => name.length <= 150).slice(0, 100);
  return modal({
    callbackId: 'open',
    title: 'Open an incident',
    submit: 'Open',
    from: remembered(from),
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
export function meantByOpen(values: Values, context: FormContext): Meant | Wrong {
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
