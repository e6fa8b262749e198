import { runsOf } from '#domain/run/state.js';
import { refOf } from '#domain/words.js';
import { toldRestored } from '#render/undelivered.js';
import type { SlackClient } from '#slack/transport/client.js';
import type { Store } from '#store/store.js';
import { type Attempt, type Body, list, object, pages, sinceOf } from './attempt.js';

/** Incidents whose channels are looked at, the newest first, and how far back. */
const CHANNELS = 10;
const MESSAGES = 15;

/** What Slack shows of a later state of this database than the one that is here. */
interface SeenAhead {
  /** The highest row of the outbox that was seen, if none as high was ever written here; null: nothing of the kind. */
  row: number | null;
  /** Open incidents whose channels show numbers that their records have not given: up to which. */
  numbers: Array<{ team: string; incident: number; entries: number; actions: number; runs: number }>;
}

/**
 * Looks at the newest of what we said in the channels of open incidents. A message that names a row of the outbox which was
 * never written here was sent by a later state of this database: what is here comes from a backup. Metadata can be written by
 * any app that posts in the channel: only what we posted ourselves counts.
 * @returns null: Slack does not let us look
 */
export async function seenAhead(
  slack: SlackClient,
  store: Pick<Store, 'workspaces' | 'incidents' | 'restores'>,
): Promise<SeenAhead | null> {
  const me = await slack.call('auth.test');
  if (me.kind !== 'ok' || typeof me.data.user_id !== 'string') return null;
  const seen: Array<ReturnType<typeof shown> & { team: string; incident: number }> = [];
  for (const { team } of await store.workspaces.list()) {
    const open = (await store.incidents.open(team)).toReversed();
    const made = open.flatMap(({ number, channel }) => (channel ? [{ number, channel }] : []));
    for (const { number, channel } of made.slice(0, CHANNELS)) {
      const answer = await slack.call('conversations.history', {
        channel: channel.id,
        limit: MESSAGES,
        include_all_metadata: true,
      });
      if (answer.kind !== 'ok') continue;
      const ours = list(answer.data.messages).filter(({ user }) => user === me.data.user_id);
      seen.push({ team, incident: number, ...shown(ours) });
    }
  }
  // What stands here is asked for after what stands there was read: others may be recording, and saying it, meanwhile.
  const last = await store.restores.lastRow();
  const row = Math.max(0, ...seen.map((one) => one.row));
  const numbers: SeenAhead['numbers'] = [];
  for (const team of new Set(seen.map((one) => one.team))) {
    const states = new Map((await store.incidents.open(team)).map((state) => [state.number, state]));
    for (const { row: _, ...one } of seen.filter((of) => of.team === team)) {
      const state = states.get(one.incident);
      if (!state) continue;
      const { entries, actions } = state;
      if (one.entries > entries || one.actions > actions || one.runs > runsOf(state).count) numbers.push(one);
    }
  }
  return { row: row > last ? row : null, numbers };
}

/** The highest of each number in messages of ours. */
function shown(messages: readonly Body[]) {
  const highest = { row: 0, entries: 0, actions: 0, runs: 0 };
  for (const { metadata } of messages) {
    const { event_type, event_payload } = object(metadata);
    if (event_type !== 'tocsin') continue;
    const { id, rows, entry, action } = object(event_payload);
    const run = /^run (\d+) /.exec(String(id))?.[1];
    // Only entries name their rows; other messages are found again by what they are about.
    for (const one of String(rows ?? '').split(',')) highest.row = Math.max(highest.row, Number(one) || 0);
    highest.entries = Math.max(highest.entries, Number(entry) || 0);
    highest.actions = Math.max(highest.actions, Number(action) || 0);
    highest.runs = Math.max(highest.runs, Number(run) || 0);
  }
  return highest;
}

/** Pages of two hundred channels. */
const PAGES = 20;

/**
 * The highest incident that the bot has a channel of. Asked for where a backup was put back: lower numbers were shown.
 * @returns 0: none, or Slack does not say
 */
export async function highestChannel(slack: SlackClient): Promise<number> {
  const me = await slack.call('auth.test');
  if (me.kind !== 'ok') return 0;
  const args = { types: 'public_channel,private_channel', limit: 200 };
  const listed = pages(PAGES, async (page) => {
    const answer = await slack.call('users.conversations', { ...args, ...page });
    return answer.kind === 'ok' ? answer.data : null;
  });
  let highest = 0;
  for await (const body of listed) {
    for (const { name, creator } of list(body.channels)) {
      const number = Number(/^inc-(\d{1,9})(?:-|$)/.exec(String(name))?.[1] ?? 0);
      if (creator === me.data.user_id) highest = Math.max(highest, number);
    }
  }
  return highest;
}

/** Says in the incident's channel, once, what of it is in the record no more. */
export async function tellRestored(attempt: Attempt<'channel.restored'>): Promise<Body> {
  const { incident, row, channel } = attempt;
  const text = toldRestored(refOf(incident.number), row.effect.payload);
  const { found } = await attempt.postOnce({ id: `restored ${row.id}` }, sinceOf(attempt), {
    channel: channel.id,
    text,
  });
  return found ? { found: true } : { channel: channel.id };
}
