import { type Entry, toldText } from '#domain/incident/entry.js';
import { entryMessage, entryMessageAnew, type Shown, showsEntry } from '#slack/blocks/entry.js';
import { type Attempt, type Body, isPermanent, NO_PREVIEWS, needed, seenSince, tag } from '../attempt.js';
import type { OutboxRow } from '../ports.js';

type Kind = 'channel.entry' | 'channel.amend';
type Row = OutboxRow<Kind>;

/**
 * Shows entries and corrections in the incident's channel: neighbours together in one message, as many as fit.
 *
 * Slack has no idempotency keys, so the message carries the ids of its rows; after an attempt whose answer was
 * lost, the channel is searched for them before anything is said again.
 */
export async function postEntries(attempt: Attempt<Kind>): Promise<Body> {
  const { channel } = attempt;
  // Most often it is too soon after the last post: then what was to be said is not even looked up.
  await attempt.mayCall('chat.postMessage', channel.id);
  const { team, incident } = attempt.row;
  const numbers = attempt.rows.map((row) => row.effect.payload.n);
  const found = await attempt.world.incidents.entriesNumbered(team, incident, numbers);
  const entries = numbers.map((n) => found.get(n) ?? null);
  const said = await alreadySaid(attempt, channel.id, entries);
  if (said) {
    attempt.narrow(said.rows);
    return { channel: channel.id, ts: said.ts, found: true };
  }
  const shown = attempt.rows.map((row, i) => show(row, entries[i] ?? null));
  const spoken = attempt.rows.flatMap((row, i) => (shown[i] ? [{ row, shown: shown[i] }] : []));
  if (spoken.length === 0) return { silent: true };

  const message = entryMessage(spoken.map((one) => one.shown));
  const last = spoken[message.count - 1] as (typeof spoken)[number];
  // Silent rows among and before the spoken ones are paid with them.
  const end = message.count === spoken.length ? attempt.rows.length : attempt.rows.indexOf(last.row) + 1;
  const rows = attempt.rows.slice(0, end);
  attempt.narrow(rows);
  const body = await attempt.write('chat.postMessage', {
    channel: channel.id,
    text: message.text,
    blocks: message.blocks,
    metadata: tag({
      ...{ id: attempt.row.id, last: last.row.id, rows: rows.map(({ id }) => id).join(',') },
      ...numbersIn(spoken.slice(0, message.count)),
    }),
    ...NO_PREVIEWS,
  });
  return { channel: channel.id, ts: needed('chat.postMessage', body, 'ts') };
}

/**
 * Brings what the channel shows of an entry up to date where it stands: its author wrote other words in Slack, or deleted the
 * message, and our copy must not go on saying what they took back. Where it cannot be changed any more, it stays.
 */
export async function followEntry(attempt: Attempt<'channel.follow'>): Promise<Body> {
  const { world, row, incident } = attempt;
  const { channel } = incident;
  const { n } = row.effect.payload;
  const entry = (await world.incidents.entriesNumbered(row.team, row.incident, [n])).get(n);
  // What is shown later is shown as it is then.
  if (!entry || !channel) return { silent: true };
  const { deleted } = entry.detail;
  const how = entry.struck ? 'struck' : deleted === undefined || entry.text !== null ? 'edited' : 'deleted';
  const shown: Shown = { entry, words: toldText(entry), how };
  const changed: string[] = [];
  for await (const message of seenSince(attempt, channel.id, new Date(entry.recordedAt))) {
    if (!message.blocks.some((block) => showsEntry(block, n))) continue;
    const anew = entryMessageAnew(message.blocks, shown);
    const metadata = message.tag && { event_type: 'tocsin', event_payload: message.tag };
    try {
      await attempt.write('chat.update', {
        ...{ channel: channel.id, ts: message.ts, ...anew },
        ...(metadata && { metadata }),
      });
      changed.push(message.ts);
    } catch (error) {
      if (!isPermanent(error)) throw error;
      world.log.warn({ lane: row.lane, n, error: error.message }, 'what the channel shows could not follow');
    }
  }
  return { channel: channel.id, changed };
}

/** The highest numbers that the message shows: should a backup be put back, they are not given again (restored.ts). */
function numbersIn(spoken: ReadonlyArray<{ shown: Shown }>): Record<string, number> {
  const entries = spoken.map(({ shown }) => shown.entry);
  const action = Math.max(0, ...entries.map(({ detail }) => detail.action ?? 0));
  return { entry: Math.max(...entries.map(({ n }) => n)), ...(action > 0 && { action }) };
}

/** @returns the rows that stand in the channel already, and the newest message that shows some of them. */
async function alreadySaid(
  attempt: Attempt<Kind>,
  channel: string,
  entries: Array<Entry | null>,
): Promise<{ rows: Row[]; ts: string } | null> {
  if (!attempt.repeated) return null;
  const times = entries.flatMap((entry) => (entry ? [Date.parse(entry.recordedAt)] : []));
  const since = times.length > 0 ? new Date(Math.min(...times)) : attempt.world.now();
  const ids = new Set<string>();
  let ts: string | null = null;
  for await (const message of seenSince(attempt, channel, since)) {
    if (typeof message.tag?.rows !== 'string') continue;
    const rows = message.tag.rows.split(',');
    if (attempt.rows.some((row) => rows.includes(String(row.id)))) ts ??= message.ts;
    for (const id of rows) ids.add(id);
  }
  const rows = attempt.rows.filter((row) => ids.has(String(row.id)));
  return ts !== null && rows.length > 0 ? { rows, ts } : null;
}

/** @returns null for what needs no words of its own: the headline says that the incident was opened. */
function show({ effect, seq }: Row, entry: Entry | null): Shown | null {
  if (!entry || entry.kind === 'opened') return null;
  if (effect.kind === 'channel.amend') return { entry, words: toldText(entry), how: effect.payload.how };
  const { head } = effect.payload;
  return { entry, words: toldText(entry), how: 'new', record: head ? { facts: seq, head } : null };
}
