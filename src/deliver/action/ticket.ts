import { createHash } from 'node:crypto';
import { type ActionItem, itemsOf } from '#domain/incident/action.js';
import type { Entry } from '#domain/incident/entry.js';
import { isRefusal } from '#domain/refusal.js';
import { botAsking, refOf, STANDING, trackerId } from '#domain/words.js';
import {
  ticketLost,
  ticketNotFollowed,
  ticketRefused,
  ticketWaits,
  ticketWords,
} from '#render/undelivered.js';
import { escaped } from '#slack/blocks/text.js';
import type { TicketRow } from '#store/due/actions.js';
import { type Ticket, type Tracker, TrackerLater, TrackerNo } from '#tracker/tracker.js';
import {
  type Attempt,
  type Body,
  isPermanent,
  Later,
  NotRecorded,
  sinceOf,
  Undeliverable,
  Unknown,
} from '../attempt.js';

type Push = Attempt<'ticket.push'>;
type About = Push | Attempt<'ticket.look'>;

/** For all requests of one try. */
const PUSH_MS = 45_000;
/** Whoever waits for a ticket is told when it has been tried in vain so often: after about a minute. */
const TELL_AFTER = 6;
/** A tracker that names a wait longer than this keeps people waiting: they are told at once. */
const LONG_WAIT_MS = 5 * 60_000;
/** What was asked for may be on its way: it is looked for once it must have arrived, in an index too that lags behind. */
const UNSURE_MS = 20_000;
/** So often within a day a ticket is followed from open to closed and back. More is no person: two programs undo each other. */
const TURNS = 6;

/**
 * Brings the ticket of an action item to what is so now, whatever was owed when: files it, closes it, opens it again. What
 * somebody did there that we have not heard of yet counts before what is to be done there.
 *
 * Killed on any line it is done again: what was filed is found by its marker, and what is recorded once is not recorded twice.
 */
export async function pushTicket(attempt: Push): Promise<Body> {
  const { world, incident, row } = attempt;
  const tracker = trackerFor(attempt);
  if (!tracker) return { off: true };
  const { action } = row.effect.payload;
  await attempt.begin();
  const { item, marker, since } = await itemIn(attempt, action);
  const kept = await world.actions.ticket(row.team, row.incident, action);
  const open = item !== null && !item.done;
  // Done before it was ever filed; unless an earlier try may have filed it.
  if (!kept && !(open || (attempt.repeated && item))) return { overtaken: true };
  return asking(attempt, tracker, async (signal) => {
    const there = kept
      ? await tracker.look(kept.ticket, signal)
      : ((await tracker.find(marker, since, signal)) ??
        (open ? await create(tracker, item, incident, marker, signal) : null));
    if (!there) return kept ? lost(attempt, tracker, kept) : { overtaken: true };
    if (item && !item.ticket)
      await attempt.record(
        { type: 'NoteActionFiled', action, tracker: tracker.kind, ticket: there.name, url: there.url },
        'filed',
      );
    const row_ = kept ?? rowOf(row.incident, action, there);
    if (!kept) await keep(attempt, tracker, row_);
    if (there.state !== row_.seen) return follow(attempt, tracker, there, row_, item);
    const wanted = open ? 'open' : 'closed';
    if (there.state === wanted) return { ticket: there.name };
    await attempt.may();
    await tracker.set(there.id, wanted, item === null, signal);
    await keep(attempt, tracker, { ...row_, seen: wanted });
    return { ticket: there.name, now: wanted };
  });
}

/** Looks at a ticket, and records what became of it there. Changes nothing there: that is `pushTicket`'s. */
export async function lookAtTicket(attempt: Attempt<'ticket.look'>): Promise<Body> {
  const { world, row } = attempt;
  const tracker = trackerFor(attempt);
  if (!tracker) return { off: true };
  const { action } = row.effect.payload;
  const kept = await world.actions.ticket(row.team, row.incident, action);
  if (!kept || kept.seen === 'gone') return { overtaken: true };
  await attempt.begin();
  try {
    const there = await tracker.look(kept.ticket, AbortSignal.timeout(PUSH_MS));
    if (!there) return await lost(attempt, tracker, kept);
    if (there.state === kept.seen) {
      await keep(attempt, tracker, kept);
      return { unchanged: true };
    }
    const { item } = await itemIn(attempt, action);
    return await follow(attempt, tracker, there, kept, item);
  } catch (error) {
    if (!(error instanceof TrackerNo || error instanceof TrackerLater)) throw error;
    if (error instanceof TrackerLater && error.afterMs !== null)
      throw new Later(new Date(world.now().getTime() + error.afterMs), 'tracker', true);
    // Nobody waits for it: it is looked at again at its next time.
    world.log.warn({ lane: row.lane, why: error.message }, 'a ticket could not be looked at');
    return { failed: error.message };
  }
}

/** null: nothing of this incident is filed anywhere. */
function trackerFor({ world, incident }: About): (Tracker & { private: boolean }) | null {
  const { tracker } = world;
  if (!tracker || incident.drill || incident.number === STANDING) return null;
  return incident.private && !tracker.private ? null : tracker;
}

/** The item as it is now, and what it is found by there. */
async function itemIn(
  { world, row }: About,
  action: number,
): Promise<{ item: ActionItem | null; marker: string; since: Date }> {
  const said: Entry[] = await world.incidents.entriesOfAction(row.team, row.incident, action);
  const item = itemsOf(said)[0] ?? null;
  const added = said.find(({ n }) => n === item?.entry)?.recordedAt ?? '';
  // Of this item alone, also where a backup was put back and its number is given a second time.
  const of = `${row.team}/${row.incident}/${action}/${added}`;
  const marker = `tocsin${createHash('sha256').update(of).digest('hex').slice(0, 24)}`;
  return { item, marker, since: added === '' ? world.now() : new Date(added) };
}

function create(
  tracker: Tracker,
  item: ActionItem,
  incident: About['incident'],
  marker: string,
  signal: AbortSignal,
): Promise<Ticket> {
  const { title, lines } = ticketWords(item, incident);
  return tracker.create({ title, lines, marker, due: item.due }, signal);
}

const rowOf = (incident: number, action: number, { id, state }: Ticket): TicketRow => ({
  ...{ incident, action, ticket: id, seen: state, turns: 0 },
});

function keep({ world, row }: About, { place }: Tracker, kept: TicketRow, turned = false): Promise<void> {
  return world.actions.keepTicket(row.team, place, kept, turned);
}

/**
 * Somebody closed it there, or opened it again: the same is so here. Recorded first; then it counts as seen, so that a crash in
 * between asks for the same again, which is refused as it is so already.
 */
async function follow(
  attempt: About,
  tracker: Tracker,
  there: Ticket,
  kept: TicketRow,
  item: ActionItem | null,
): Promise<Body> {
  const { world, row } = attempt;
  const { action } = kept;
  if (kept.turns >= TURNS) {
    if (kept.turns > TURNS) return { stopped: there.name };
    await tell(attempt, `turns ${row.id}`, ticketNotFollowed(action, there.name));
    // Counted once more, so that it is told once.
    await keep(attempt, tracker, kept, true);
    return { stopped: there.name };
  }
  const type = there.state === 'closed' ? ('CompleteAction' as const) : ('ReopenAction' as const);
  const key = `ticket:${row.id}:${there.state}`;
  const asking = botAsking(row.team, key, world.now(), trackerId(tracker.kind));
  const differs = item !== null && item.done !== (there.state === 'closed');
  const answer = differs ? await world.tell({ type, action }, row.incident, asking) : null;
  if (answer && isRefusal(answer) && !SO_ALREADY.has(answer.code))
    throw new NotRecorded(`${type}: ${answer.code}`);
  await keep(attempt, tracker, { ...kept, seen: there.state }, true);
  return { ticket: there.name, there: there.state };
}

const SO_ALREADY: ReadonlySet<string> = new Set(['ACTION_DONE', 'ACTION_OPEN', 'NO_SUCH_ACTION']);

async function lost(attempt: About, tracker: Tracker, kept: TicketRow): Promise<Body> {
  await tell(attempt, `gone ${kept.action}`, ticketLost(kept.action, kept.ticket));
  await keep(attempt, tracker, { ...kept, seen: 'gone' });
  return { gone: kept.ticket };
}

/** Asks a tracker; what it does not do is told to who waits for it. */
async function asking(
  attempt: Push,
  tracker: Tracker,
  work: (signal: AbortSignal) => Promise<Body>,
): Promise<Body> {
  const { world, row } = attempt;
  const { action } = row.effect.payload;
  try {
    return await work(AbortSignal.timeout(PUSH_MS));
  } catch (error) {
    if (error instanceof TrackerNo) {
      await tell(attempt, `refused ${row.id}`, ticketRefused(action, error.message, error.next));
      throw new Undeliverable('not_filed');
    }
    if (!(error instanceof TrackerLater)) throw error;
    const { afterMs, unsure } = error;
    const first = row.attempts === 0 && (afterMs ?? 0) > LONG_WAIT_MS;
    if (first || row.attempts + 1 === TELL_AFTER)
      await tell(attempt, `waits ${row.id}`, ticketWaits(action, error.message));
    world.log.warn({ lane: row.lane, why: error.message }, `${tracker.kind} does not answer as it should`);
    const waitMs = afterMs ?? (unsure ? UNSURE_MS : null);
    if (waitMs === null) throw new Unknown('tracker', 'no_answer');
    throw new Later(new Date(world.now().getTime() + waitMs), 'tracker', true);
  }
}

/** In the incident's channel, once. Where that takes no message there is nobody to be told; the log and the doctor say it. */
async function tell(attempt: About, id: string, words: string): Promise<void> {
  const { world, incident, row } = attempt;
  if (!incident.channel) return;
  try {
    await attempt.postOnce({ id: `ticket ${id}`, incident: row.incident }, sinceOf(attempt), {
      channel: incident.channel.id,
      text: escaped(`${refOf(incident.number)}: ${words}`),
    });
  } catch (error) {
    if (!isPermanent(error)) throw error;
    world.log.warn({ lane: row.lane, error: error.message }, 'who waits for a ticket could not be told');
  }
}
