import type { Store } from '#store/store.js';
import { list, object } from './look.js';
import type { Slack } from './ports.js';

/** Incidents whose channels are looked at, the newest first, and how far back. */
const CHANNELS = 10;
const MESSAGES = 15;

/**
 * Looks at the newest of what we said in the channels of open incidents. A message that names a row of the outbox which was
 * never written here was sent by a later state of this database: what is here comes from a backup. Metadata can be written by
 * any app that posts in the channel: only what we posted ourselves counts.
 * @returns the highest row that was seen, if it is one of those; null: nothing of the kind, or Slack does not let us look
 */
export async function seenAhead(
  slack: Slack,
  store: Pick<Store, 'workspaces' | 'openIncidents' | 'restores'>,
): Promise<number | null> {
  const me = await slack.call('auth.test');
  if (me.kind !== 'ok' || typeof me.data.user_id !== 'string') return null;
  const last = await store.restores.lastRow();
  let highest = 0;
  for (const { team } of await store.workspaces.list()) {
    const open = (await store.openIncidents(team)).toReversed().filter(({ channel }) => channel !== null);
    for (const { channel } of open.slice(0, CHANNELS)) {
      const answer = await slack.call('conversations.history', {
        channel: channel?.id,
        limit: MESSAGES,
        include_all_metadata: true,
      });
      if (answer.kind !== 'ok') continue;
      for (const message of list(answer.data.messages)) {
        const { event_type, event_payload } = object(message.metadata);
        if (event_type !== 'tocsin' || message.user !== me.data.user_id) continue;
        // Only entries name their rows; other messages are found again by what they are about.
        const { rows } = object(event_payload);
        if (typeof rows !== 'string') continue;
        for (const row of rows.split(',')) highest = Math.max(highest, Number(row) || 0);
      }
    }
  }
  return highest > last ? highest : null;
}
