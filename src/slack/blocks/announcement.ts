import { type IncidentState, refOf } from '#domain/state.js';
import { type Message, section } from './block.js';
import { cut } from './cut.js';
import { channelLink, escaped } from './escaped.js';
import { standing } from './headline.js';

/**
 * One line for the announcement channel, kept up to date. Never composed for a private incident: whoever posts checks that.
 */
export function announcementMessage(state: IncidentState): Message {
  const title = escaped(cut(state.title.replace(/\s+/g, ' '), 250));
  const where = state.channel ? ` → ${channelLink(state.channel.id)}` : '';
  const text = `*${refOf(state.number)}* ${title}\n${standing(state)}${where}`;
  return { text, blocks: [section(text)] };
}
