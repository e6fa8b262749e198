import { isInSlack } from '#domain/words.js';
import { escaped, type Message, section } from './text.js';

/**
 * Another public post was promised by now.
 * @param next by when, UTC
 * @param lead the lead's id, who is to know it; null: nobody leads
 */
export function reminderMessage(next: string, lead: string | null, command: string): Message {
  const who = lead !== null && isInSlack(lead) ? `<@${lead}> ` : '';
  const by = `<!date^${Math.floor(Date.parse(next) / 1000)}^{time}|${next.slice(11, 16)} UTC>`;
  const text = `${who}The public was promised another update by ${by}. Post it: \`${escaped(command)} publish TEXT\`, or \`${escaped(command)} publish TEXT --next 30m\` to promise the one after it.`;
  return { text, blocks: [section(text)] };
}
