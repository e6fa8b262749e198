import type { types } from '@slack/bolt';
import { checkText } from '#domain/command/entered.js';
import { readZone } from '#domain/command/time/zone.js';
import { EXPORT_FORMATS, zoneRemark } from '#domain/command/verbs.js';
import { type ActionItem, dueText } from '#domain/incident/action.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal } from '#domain/refusal.js';
import { LIMITS } from '#domain/text.js';
import { isInSlack, personLabel, refOf, SEVERITIES, STATUSES } from '#domain/words.js';
import { dayIn } from '#render/clock.js';
import { button, ITEM_ACTION, packed } from '../blocks/buttons.js';
import { type Block, context, cut, escaped, plain, section } from '../blocks/text.js';
import {
  aheadIn,
  FIELD,
  type FormKind,
  type From,
  input,
  line,
  missing,
  modal,
  type Shown,
  TIME_HINT,
  timeIn,
  type Values,
  wrong,
} from './form.js';

/** What a form that changes an incident remembers of it, so that nobody changes unseen what somebody else has just changed. */
export function seenOf(of: IncidentState): NonNullable<From['seen']> {
  const { statusEntry: entry, severity, status, roles } = of;
  return { entry, severity, lead: roles.lead?.id ?? null, open: status !== 'resolved' };
}

/** Why a form is shown again, and what is so now. */
function head({ problem }: Shown, now: string | null): Block[] {
  return [
    ...(problem === undefined ? [] : [section(cut(problem, 1_500))]),
    ...(now === null ? [] : [context(cut(now, 1_500))]),
  ];
}

const refIn = ({ incident }: From) => (incident === null ? '' : ` ${refOf(incident)}`);

function options(values: readonly string[], chosen: string | null) {
  const all = values.map((value) => ({ text: plain(value), value }));
  const first = all.find(({ value }) => value === chosen);
  return { options: all, ...(first && { initial_option: first }) };
}

/** How it stands, and by when there is more. It begins with the status as it is: a careless press changes nothing. */
export const STATUS_FORM: FormKind = {
  view(from, shown) {
    const { of } = shown;
    const over = of?.status === 'resolved';
    return modal({
      callbackId: 'status',
      title: `${over ? 'Reopen' : 'Update'}${refIn(from)}`,
      submit: 'Record',
      from: JSON.stringify(from),
      blocks: [
        ...head(
          shown,
          of && `It is *${of.status}* now${of.statusEntry === null ? '' : ` (#${of.statusEntry})`}.`,
        ),
        input('status', 'Status', {
          ...{ type: 'static_select', placeholder: plain('Choose one') },
          ...options(STATUSES, over ? 'investigating' : (of?.status ?? null)),
        }),
        input(
          'text',
          over ? 'Why?' : 'How does it stand?',
          line({ multiline: true, max_length: FIELD, focus_on_load: true }),
          { optional: true, hint: 'The status may stay as it is. The public does not read this.' },
        ),
        input('next', 'Next update', line({ placeholder: plain('30m') }), {
          hint: 'When there is more: 30m, 1h30m, 14:30 or 2024-11-10 14:30 UTC. Who leads is reminded.',
          optional: true,
        }),
        input('at', 'When?', line(), { hint: TIME_HINT, optional: true }),
      ],
    });
  },
  meant(values, context) {
    const [chosen] = values.chosen('status');
    const status = STATUSES.find((one) => one === chosen);
    if (!status) return wrong('status', missing('status', 'a status', context));
    const text = values.text('text');
    const unfit = checkText(text);
    if (unfit) return wrong('text', unfit);
    const next = aheadIn(values, context);
    if (next && 'wrong' in next) return next;
    const time = timeIn(values, context);
    if (time && 'wrong' in time) return time;
    return {
      intent: {
        type: 'ChangeStatus',
        ...{ status, moment: time?.moment ?? null, text: text.trim() === '' ? null : text },
        ...{ next: next?.moment ?? null },
        ...(context.seen && { seen: context.seen.entry }),
      },
      notes: [...(time ? zoneRemark(time) : []), ...(next ? zoneRemark(next) : [])],
    };
  },
  main: 'status',
  line: 'status identified TEXT',
};

export const SEVERITY_FORM: FormKind = {
  view(from, shown) {
    const { of } = shown;
    return modal({
      callbackId: 'sev',
      title: `Severity of${refIn(from)}`,
      submit: 'Record',
      from: JSON.stringify(from),
      blocks: [
        ...head(shown, of && `It is *${of.severity ?? 'without a severity'}* now.`),
        input('severity', 'Severity', {
          type: 'static_select',
          ...options(SEVERITIES, of?.severity ?? null),
        }),
        input('reason', 'Why?', line({ multiline: true, max_length: LIMITS.reason }), { optional: true }),
      ],
    });
  },
  meant(values, context) {
    const [chosen] = values.chosen('severity');
    const severity = SEVERITIES.find((one) => one === chosen);
    if (!severity) return wrong('severity', missing('sev', 'a severity', context));
    const reason = values.text('reason');
    const unfit = checkText(reason, LIMITS.reason, 'The reason');
    if (unfit) return wrong('reason', unfit);
    return {
      intent: {
        type: 'ChangeSeverity',
        ...{ severity, reason: reason.trim() === '' ? null : reason },
        ...(context.seen && { seen: context.seen.severity }),
      },
      notes: [],
    };
  },
  main: 'severity',
  line: 'sev sev2 REASON',
};

/** @returns the id of the person who was chosen; null: nobody was, or nobody of Slack's */
function personIn(values: Values, field: string): string | null {
  const [id] = values.chosen(field);
  return id !== undefined && isInSlack(id) ? id : null;
}

export const LEAD_FORM: FormKind = {
  view(from, shown) {
    const lead = shown.of?.roles.lead;
    const now = lead ? `*${escaped(cut(personLabel(lead), 100))}* leads now.` : 'Nobody leads yet.';
    return modal({
      callbackId: 'lead',
      title: `Lead of${refIn(from)}`,
      submit: 'Record',
      from: JSON.stringify(from),
      blocks: [
        ...head(shown, shown.of && now),
        // It begins with whoever leads, or else with whoever looks: the usual answer is one press away.
        input(
          'person',
          'Who leads?',
          { type: 'users_select', initial_user: lead && isInSlack(lead.id) ? lead.id : shown.by },
          { hint: 'Whoever leads is brought into the channel.' },
        ),
      ],
    });
  },
  meant(values, context) {
    const id = personIn(values, 'person');
    if (id === null) return wrong('person', missing('lead', 'somebody', context));
    return {
      intent: {
        type: 'AssignRole',
        ...{ role: 'lead', person: { id, name: null } },
        ...(context.seen && { seen: context.seen.lead }),
      },
      notes: [],
    };
  },
  main: 'person',
  line: 'lead @NAME',
};

/** Action items that a form shows, each with a button; the rest is counted. */
const ITEMS = 30;

export const ACTION_FORM: FormKind = {
  view(from, shown) {
    const { items } = shown;
    const today = dayIn(shown.now, shown.zone);
    const none = items.length === 0 ? 'No action item is open.' : null;
    const rest = items.length - ITEMS;
    return modal({
      callbackId: 'action',
      title: `Actions of${refIn(from)}`,
      submit: 'Add',
      from: JSON.stringify(from),
      blocks: [
        ...head(shown, none),
        ...items.slice(0, ITEMS).map((item) => itemBlock(from.incident ?? 0, item, { today })),
        ...(rest > 0 ? [context(`… and ${rest} more: \`actions\` lists all of them.`)] : []),
        input('text', 'What else is left to do?', line({ multiline: true, max_length: FIELD })),
        input(
          'owner',
          'Who?',
          { type: 'users_select', placeholder: plain('Nobody yet') },
          { optional: true },
        ),
        input(
          'due',
          'By when?',
          { type: 'datepicker' },
          { optional: true, hint: 'Whoever owns it is reminded.' },
        ),
      ],
    });
  },
  meant(values, context) {
    const text = values.text('text');
    const unfit = text.trim() === '' ? missing('action', 'a text', context) : checkText(text, LIMITS.text);
    if (unfit) return wrong('text', unfit);
    const id = personIn(values, 'owner');
    const owner = id === null ? null : { id, name: null };
    const [due] = values.chosen('due');
    return { intent: { type: 'AddAction', text, owner, ...(due !== undefined && { due }) }, notes: [] };
  },
  main: 'text',
  line: 'action TEXT @OWNER',
};

/** An action item with its button; the same in a form and in the Home tab. @param ref in front, where it is not plain of which incident */
export function itemBlock(
  incident: number,
  item: Pick<ActionItem, 'n' | 'text' | 'due'> & Partial<Pick<ActionItem, 'owner'>>,
  { ref = '', today }: { ref?: string; today: string },
): types.SectionBlock {
  const whose = item.owner === undefined ? '' : ` · ${item.owner ? personLabel(item.owner) : 'nobody yet'}`;
  const due = item.due === null ? '' : ` · ${dueText(item.due, today)}`;
  const value = packed({ incident, action: item.n }) ?? '';
  const words = cut(item.text.replace(/\s+/g, ' '), 250);
  return {
    type: 'section',
    text: plain(`${ref}${item.n}. ${words}${cut(whose, 100)}${due}`),
    accessory: button(`${ITEM_ACTION}:${incident}:${item.n}`, 'Done', value),
  };
}

const FORMATS = [
  ['md', 'Markdown', 'for a wiki, or to read'],
  ['html', 'HTML', 'one page, with pictures'],
  ['json', 'JSON', 'for programs'],
  ['csv', 'CSV', 'for a spreadsheet'],
  ['facts', 'Facts', 'the record itself, which proves itself'],
  ['postmortem', 'Postmortem draft', 'Markdown; every sentence cites'],
] as const;

export const EXPORT_FORM: FormKind = {
  view(from, shown) {
    const all = FORMATS.map(([value, label, what]) => ({
      ...{ text: plain(label), value, description: plain(what) },
    }));
    return modal({
      callbackId: 'export',
      title: `Export${refIn(from)}`,
      submit: 'Send me the file',
      from: JSON.stringify(from),
      blocks: [
        input('format', 'As what?', {
          type: 'radio_buttons',
          options: all,
          ...(all[0] && { initial_option: all[shown.of?.status === 'resolved' ? 5 : 0] ?? all[0] }),
        }),
        input('zone', 'Times in', line({ initial_value: shown.zone, max_length: 100 }), {
          hint: 'UTC, +02:00 or Europe/Berlin. The postmortem and the facts are in UTC.',
        }),
      ],
    });
  },
  meant(values, context) {
    const [chosen] = values.chosen('format');
    if (chosen === 'postmortem') return { ask: { type: 'postmortem' } };
    const format = EXPORT_FORMATS.find((one) => one === chosen);
    if (!format) return wrong('format', missing('export', 'a format', context));
    const typed = values.text('zone').trim();
    const zone = typed === '' ? null : readZone(typed);
    if (isRefusal(zone)) return wrong('zone', zone);
    return { ask: { type: 'export', format, zone } };
  },
  main: 'format',
  line: 'export md',
};

/** @returns what a form says that is about an incident which was resolved after it had been opened; null: it was not */
export function resolvedSince(from: From, of: IncidentState | null): string | null {
  if (!from.seen?.open || of?.status !== 'resolved') return null;
  return `${refOf(of.number)} was resolved while the form was open.`;
}
