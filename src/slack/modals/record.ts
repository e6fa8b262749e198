import type { types } from '@slack/bolt';
import { remarksOn } from '#answer/answer.js';
import { checkText, plain as typedPlainly } from '#domain/command/entered.js';
import { parseCommand } from '#domain/command/parse.js';
import { severityOf, severityRemark } from '#domain/command/severity.js';
import { readTime } from '#domain/command/time/time.js';
import { zoneRemark } from '#domain/command/verbs.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { LIMITS } from '#domain/text.js';
import { refOf, SEVERITIES } from '#domain/words.js';
import { cut, context as greyLine, plain } from '../blocks/text.js';
import {
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
  type Shown,
  TIME_HINT,
  timeIn,
  type Values,
  type Wrong,
  wrong,
} from './form.js';

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
