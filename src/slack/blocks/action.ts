import { z } from 'zod';
import { type ActionItem, dueText } from '#domain/incident/action.js';
import type { IncidentState } from '#domain/incident/state.js';
import { personLabel, refOf } from '#domain/words.js';
import { button, packed } from './buttons.js';
import { type Block, context, cut, escaped, MAX, type Message, section } from './text.js';

/** Ids of the buttons under a reminder. */
export const ACTION_BUTTONS = /^action:(done|week|pass)$/;

/** What they bring back. `due`: on which day it was due when it was said; another reminder is of another. */
export const ACTION_VALUE = z.object({
  ...{ incident: z.int().positive(), action: z.int().positive() },
  due: z.string().regex(/^\d{4}-\d\d-\d\d$/),
});

/** An action item that somebody is told of, with its incident. */
export interface RemindedItem {
  readonly incident: Pick<IncidentState, 'number' | 'title' | 'channel'>;
  readonly item: ActionItem & { readonly due: string };
}

/** Each takes a section and its buttons; a message has fifty blocks, and a phone shows a few. */
const SHOWN = 12;

/** Reminds one person of what they have to do, with buttons under each. @param today where they are */
export function remindMessage(items: readonly RemindedItem[], today: string, command: string): Message {
  const sorted = [...items].sort((a, b) => (a.item.due < b.item.due ? -1 : 1));
  const many =
    items.length === 1 ? 'An action item of yours is' : `${items.length} action items of yours are`;
  const head = `${many} due:`;
  const lines = sorted.slice(0, SHOWN).map((one) => ({ one, line: lineOf(one, today) }));
  const more = items.length - lines.length;
  const tail = `${more > 0 ? `… and ${more} more. ` : ''}\`${escaped(command)} actions --mine\` lists all of yours.`;
  const blocks: Block[] = [section(head)];
  for (const { one, line } of lines) blocks.push(section(line), ...buttonsOf(one));
  blocks.push(context(tail));
  const text = cut([head, ...lines.map(({ line }) => line), tail].join('\n'), MAX.text);
  return { text, blocks };
}

/** Tells somebody who can see to it of items that nobody is reminded of. @param mention whose name is called; null: nobody's */
export function unownedMessage(
  items: readonly RemindedItem[],
  today: string,
  command: string,
  mention: string | null,
): Message {
  const lines = items.slice(0, SHOWN).map((one) => {
    const { owner } = one.item;
    const why = owner ? `${escaped(personLabel(owner))}, whose it is, cannot be reached` : 'nobody owns it';
    return `${lineOf(one, today)} · ${why}`;
  });
  const more = items.length - lines.length;
  const [first] = items;
  const ref = first ? refOf(first.incident.number) : 'INC-N';
  const tail = `${more > 0 ? `… and ${more} more. ` : ''}Give it to somebody: \`${escaped(command)} action ${ref} ${first?.item.n ?? 'N'} @NAME\``;
  const head = `${mention === null ? '' : `<@${mention}> `}Nobody is reminded of what is due here:`;
  const text = [head, ...lines, tail].join('\n');
  return { text: cut(text, MAX.text), blocks: [section(cut(text, MAX.section))] };
}

function lineOf({ incident, item }: RemindedItem, today: string): string {
  const ref = refOf(incident.number);
  const where = incident.channel ? `<#${incident.channel.id}>` : ref;
  const words = escaped(cut(item.text.replace(/\s+/g, ' '), 300));
  const ticket = item.ticket ? ` · ${escaped(item.ticket.name)}` : '';
  return `*${dueText(item.due, today)}* ${words} (${ref} ${where}, action ${item.n})${ticket}`;
}

function buttonsOf({ incident, item }: RemindedItem): Block[] {
  const value = packed({ incident: incident.number, action: item.n, due: item.due });
  if (value === null) return [];
  return [
    {
      type: 'actions',
      block_id: blockOf(incident.number, item.n),
      elements: [
        button('action:done', 'Done', value, 'primary'),
        button('action:week', 'Move a week', value),
        button('action:pass', 'Not mine', value),
      ],
    },
  ];
}

const blockOf = (incident: number, action: number) => `action-${incident}-${action}`;

/**
 * The same message once a button under one of its items was pressed: what came of it stands in place of its buttons, those of the
 * others stay.
 * @param blocks as Slack sent them along with the click
 * @returns null: that item is not in it
 */
export function answeredReminder(
  blocks: readonly unknown[],
  { incident, action }: { incident: number; action: number },
  outcome: string,
): Block[] | null {
  const id = blockOf(incident, action);
  const isIt = (block: unknown) =>
    typeof block === 'object' && block !== null && (block as { block_id?: unknown }).block_id === id;
  if (!blocks.some(isIt)) return null;
  return blocks.map((block) => (isIt(block) ? context(cut(outcome, 300)) : (block as Block)));
}
