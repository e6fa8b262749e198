import type { EffectKind } from '#domain/effect.js';
import { triesOf } from './failure.js';
import type { OutboxRow } from './ports.js';

/** What to do next in a lane: pay these rows together, come back then, or go home. */
export type Pick = { batch: OutboxRow[] } | { waitUntil: Date } | null;

// Rows in one message. Slack's limit is on characters and blocks, which the wording watches; this one keeps a
// look at the outbox and the metadata of a message small.
const BATCH = 50;

/** These stand in the channel in the order in which things happened. The others may overtake, and be overtaken. */
const ORDERED: ReadonlySet<EffectKind> = new Set(['channel.open', 'channel.entry', 'channel.amend']);
/** These speak in the incident's channel, so they come after it was made. */
const IN_CHANNEL: ReadonlySet<EffectKind> = new Set([
  'channel.entry',
  'channel.amend',
  'channel.notice',
  'channel.restored',
  'headline.refresh',
  'people.invite',
  'people.remove',
  'run.show',
  'run.log',
  'run.post',
  'run.offer',
]);

/**
 * The order of a lane, as a pure function.
 *
 * An ordered row that has to wait holds every ordered row behind it; independent ones (an export, an invitation,
 * the headline, a capture) go on. What a `channel.open` still owes once the channel and its headline stand
 * (topic, groups) holds nobody up. Neighbouring entries become one batch, although independent
 * rows lie between them; all waiting refreshes are one refresh, and so are notices and those of one run's message.
 * @param rows open rows of one lane in order of id
 * @param dueAt when a row may be tried
 * @param ready the incident has its channel and headline
 * @param alone rows to be tried alone, because Slack refused them together with others
 */
export function pick(
  rows: OutboxRow[],
  now: Date,
  dueAt: (row: OutboxRow) => Date,
  ready: boolean,
  alone: (row: OutboxRow) => boolean,
): Pick {
  const due = (row: OutboxRow): boolean => dueAt(row) <= now;
  const opening = !ready && rows.find((row) => row.effect.kind === 'channel.open');
  const ordered = rows.filter(
    (row) => ORDERED.has(row.effect.kind) && !(ready && row.effect.kind === 'channel.open'),
  );
  const head = ordered[0];
  const free = rows.filter(
    (row) => !ordered.includes(row) && !(opening && opening.id < row.id && IN_CHANNEL.has(row.effect.kind)),
  );
  const first = [...(head ? [head] : []), ...free].filter(due).sort((a, b) => a.id - b.id)[0];
  if (first) return { batch: companions(first, first === head ? ordered : free, due, alone) };

  const waiting = [...(head ? [head] : []), ...free].map((row) => dueAt(row).getTime());
  return waiting.length > 0 ? { waitUntil: new Date(Math.min(...waiting)) } : null;
}

function companions(
  first: OutboxRow,
  queue: OutboxRow[],
  due: (row: OutboxRow) => boolean,
  alone: (row: OutboxRow) => boolean,
): OutboxRow[] {
  switch (first.effect.kind) {
    case 'channel.entry':
    case 'channel.amend': {
      if (alone(first)) return [first];
      // Each is to be heard as often as the others before it is given up.
      const tries = triesOf(first.error);
      const end = queue.findIndex(
        (row) =>
          row.effect.kind === 'channel.open' || !due(row) || alone(row) || triesOf(row.error) !== tries,
      );
      return queue.slice(0, end === -1 ? BATCH : Math.min(end, BATCH));
    }
    case 'headline.refresh':
    case 'announcement.refresh':
    case 'channel.notice':
      return queue.filter((row) => row.effect.kind === first.effect.kind && due(row));
    case 'run.show': {
      const { run } = first.effect.payload;
      return queue.filter((row) => isShow(row) && row.effect.payload.run === run && due(row));
    }
    default:
      return [first];
  }
}

function isShow(row: OutboxRow): row is OutboxRow<'run.show'> {
  return row.effect.kind === 'run.show';
}
