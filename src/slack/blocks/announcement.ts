import { type IncidentState, refOf } from '#domain/state.js';
import { type Message, section } from './block.js';
import { cut } from './cut.js';
import { channelLink, escaped } from './escaped.js';
import { standing } from './headline.js';

/**
 * One line for the announcement channel, kept up to date. Never composed for a private incident: whoever posts checks that.
 */
export function announcementMessage(
  state: IncidentState,
  /** `refused`: what Slack said when it was to make the channel, if that is known. */
  without: { refused: string | null; command: string } = { refused: null, command: '/incident' },
): Message {
  const title = escaped(cut(state.title.replace(/\s+/g, ' '), 250));
  const where = state.channel ? ` → ${channelLink(state.channel.id)}` : ` · ${noChannel(state, without)}`;
  const text = `*${refOf(state.number)}* ${title}\n${standing(state)}${where}`;
  return { text, blocks: [section(text)] };
}

function noChannel(
  state: IncidentState,
  { refused, command }: { refused: string | null; command: string },
): string {
  const why = refused ? ` (Slack said ${escaped(cut(refused, 80))})` : '';
  return `no channel yet${why}; \`${escaped(command)} note ${refOf(state.number)} TEXT\` records from anywhere`;
}
