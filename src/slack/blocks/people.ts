import { z } from 'zod';
import { button, packed } from './buttons.js';
import { type Block, context, cut, escaped, MAX, type Message, plain, section } from './text.js';

/** Ids under which Slack tells us that somebody takes a role over. */
export const TAKE_ROLE_ACTIONS = /^role:take:/;

/** What that button brings back. */
export const TAKE_ROLE_VALUE = z.object({ incident: z.number().int().positive(), role: z.string().max(100) });

/** How an incident stands, for one person who came late. @param words with what people wrote, so shown literally */
export function caughtUpMessage(words: string, command: string): Message {
  const next = `\`${escaped(command)} catchup\` shows this again, \`${escaped(command)} timeline\` all of it.`;
  const blocks: Block[] = [
    { type: 'section', text: plain(cut(words, MAX.section) || '…') },
    // They alone see it, and what they do not see they need not fear to have sent to all.
    context(`Only you see this. ${next}`),
  ];
  return { text: cut(`${escaped(words)}\n${next}`, MAX.text), blocks };
}

/** Said once to all, where more came at once than can each be told. */
export function crowdMessage(count: number, command: string): Message {
  const text = `${count} people have just come in. To see how it stands: \`${escaped(command)} catchup\`, for your eyes only.`;
  return { text, blocks: [section(text)] };
}

interface Vacant {
  incident: number;
  /** Plain. */
  name: string;
  /** Their roles, at least one. */
  roles: readonly string[];
  /** Ids of those who could follow. */
  others: readonly string[];
  command: string;
}

/** Somebody with a role has gone, and nobody should wait for them. */
export function vacantMessage({ incident, name, roles, others, command }: Vacant): Message {
  const [first = 'lead'] = roles;
  const who = escaped(cut(name, 80));
  const held = roles.map((role) => `*${escaped(role)}*`).join(' and ');
  const line = first === 'lead' ? 'lead @NAME' : `role ${first} @NAME`;
  const asked = others.map((id) => `<@${id}>`).join(', ');
  const text = [
    `The account of ${who}, who is ${held} here, was deactivated: nothing reaches them any more.`,
    asked ? `${asked}: who takes over?` : 'Who takes over?',
    `Press, or type \`${escaped(`${command} ${line}`)}\`.`,
  ].join(' ');
  const buttons = roles.flatMap((role) => {
    const value = packed({ incident, role });
    return value === null ? [] : [button(`role:take:${role}`, `I am ${role}`, value)];
  });
  const elements = buttons.slice(0, 5);
  return {
    text,
    blocks: [section(text), ...(elements.length > 0 ? [{ type: 'actions' as const, elements }] : [])],
  };
}
