import type { z } from 'zod';
import { isInSlack } from '#domain/words.js';
import { button, packed } from './buttons.js';
import { PUBLISH_ACTIONS, type WRITE_VALUE } from './publish.js';
import { escaped, type Message, section } from './text.js';

/**
 * Another public post was promised by now.
 * @param next by when, UTC
 * @param lead the lead's id, who is to know it; null: nobody leads
 * @param of the post that promised it
 */
export function reminderMessage(
  next: string,
  lead: string | null,
  command: string,
  of: z.infer<typeof WRITE_VALUE>,
): Message {
  const who = lead !== null && isInSlack(lead) ? `<@${lead}> ` : '';
  const by = `<!date^${Math.floor(Date.parse(next) / 1000)}^{time}|${next.slice(11, 16)} UTC>`;
  const text = `${who}The public was promised another update by ${by}. Post it: \`${escaped(command)} publish TEXT\`, or \`${escaped(command)} publish TEXT --next 30m\` to promise the one after it.`;
  const value = packed(of);
  const blocks = [section(text)];
  if (value !== null) {
    const write = button(PUBLISH_ACTIONS.write, 'Write the update', value, 'primary');
    blocks.push({ type: 'actions', elements: [write] });
  }
  return { text, blocks };
}
