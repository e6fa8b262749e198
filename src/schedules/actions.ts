import { DateTime } from 'luxon';
import { z } from 'zod';
import { type ActionItem, isNews, itemsByIncident, reachable, stageOf } from '#domain/incident/action.js';
import { laneBeside } from '#domain/incident/effect.js';
import { readSpan } from '#domain/text.js';
import type { PlainLog } from '#log.js';
import { SectionReader } from '#runbooks/definition/words.js';
import type { ReminderRow } from '#store/due/actions.js';
import type { Store } from '#store/store.js';

/** `actions:` of tocsin.yml. */
export interface ActionSettings {
  /** How many days before something is due its owner hears of it first; 0: not before; null: nobody is reminded. */
  readonly before: number | null;
  /** Minutes of the owner's day between which they are. */
  readonly from: number;
  readonly to: number;
  /** Saturdays and Sundays too. */
  readonly weekends: boolean;
}

const time = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is no time of day; write it in quotes, such as "09:00"')
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));
const DAY_MS = 86_400_000;
const SHAPE = z
  .strictObject({
    remind: z.boolean().default(true),
    before: z
      .string()
      .transform((text, context) => {
        const ms = text.trim() === '0' ? 0 : readSpan(text);
        if (ms !== null && ms % DAY_MS === 0 && ms <= 30 * DAY_MS) return ms / DAY_MS;
        context.addIssue({
          code: 'custom',
          message: 'is no number of days; write up to 30d, such as 2d, or "0"',
        });
        return z.NEVER;
      })
      .default(2),
    from: time.default(9 * 60),
    to: time.default(17 * 60),
    weekends: z.boolean().default(false),
  })
  .refine(({ from, to }) => from < to, {
    path: ['to'],
    message: 'is not later than `from`; write the end of the day, such as "17:00"',
  })
  .transform(({ remind, before, ...rest }): ActionSettings => ({ ...rest, before: remind ? before : null }));

/** @returns the settings, or everything that is wrong with them */
export function readActionSettings(
  section: Readonly<Record<string, unknown>>,
  at: (path: readonly PropertyKey[]) => string,
): { settings: ActionSettings } | { problems: string[] } {
  const reader = new SectionReader(['actions'], at);
  const settings = reader.shaped(SHAPE, section);
  return settings === null ? { problems: reader.problems } : { settings };
}

/** What reminding of action items, and following their tickets, stands on. */
export interface ActionScheduleWorld {
  settings: ActionSettings;
  actions: Pick<Store['actions'], 'open' | 'told' | 'remind' | 'ticketsToLookAt'>;
  /** Those incidents as they are: of a drill nobody is reminded. */
  drills(team: string, incidents: readonly number[]): Promise<ReadonlySet<number>>;
  people: Pick<Store['people'], 'byIds'>;
  /** Of people whose own zone is not known. */
  zone: string;
  /** Where tickets are, and how often each is looked at; null: nothing is filed. */
  tracker: { place: string; pollMs: number } | null;
  owe: (...of: Parameters<Store['outbox']['owe']>) => Promise<unknown>;
  nudge(lanes: string[]): void;
  now(): Date;
  log: PlainLog;
}

/** Tickets that are taken to be looked at in one go: trackers allow some thousand requests an hour. */
const LOOKED_AT = 50;

interface DueItem {
  incident: number;
  item: ActionItem & { due: string };
}

/**
 * Reminds the owners of action items: some days before they are due, on the day, and every week after it; in their own zone, and
 * while they are at work. What nobody owns, or whose owner is gone, is told in its incident.
 *
 * Computed anew each time of what is recorded and what was told last, so that a night without a worker makes one message of what
 * would have been several, and two workers that look at the same moment tell it once.
 * @returns how many messages are owed for it
 */
export async function remindOfActions(team: string, world: ActionScheduleWorld): Promise<number> {
  const { before } = world.settings;
  if (before === null) return 0;
  const dated = itemsByIncident(await world.actions.open(team)).filter(
    (one): one is DueItem => one.item.due !== null && !one.item.done,
  );
  if (dated.length === 0) return 0;
  const numbers = [...new Set(dated.map(({ incident }) => incident))];
  const [drills, told, known] = await Promise.all([
    world.drills(team, numbers),
    world.actions.told(team, numbers),
    world.people.byIds(team, [...new Set(dated.flatMap(({ item }) => item.owner?.id ?? []))]),
  ]);
  const people = new Map(known.map((one) => [one.id, one]));
  const before_ = new Map(told.map((row) => [`${row.incident}/${row.action}`, row]));
  const now = world.now();
  /** By who is told, or in which incident. */
  const messages = new Map<string, { user: string | null; rows: ReminderRow[] }>();
  for (const { incident, item } of dated) {
    if (drills.has(incident)) continue;
    const { owner, due, n: action } = item;
    const person = owner ? people.get(owner.id) : undefined;
    const local = localIn(now, person?.tz ?? world.zone, world.zone);
    const stage = isAtWork(local, world.settings) ? stageOf(due, local.toISODate() ?? '', before) : null;
    if (stage === null) continue;
    const user = reachable(owner) && !person?.deleted ? owner.id : null;
    const row = { incident, action, owner: owner?.id ?? '', due, stage };
    if (!isNews(row, before_.get(`${incident}/${action}`) ?? null)) continue;
    // Nobody needs to hear days ahead that something is nobody's.
    if (user === null && stage < 0) continue;
    const key = user ?? `in ${incident}`;
    const message = messages.get(key) ?? { user, rows: [] };
    message.rows.push(row);
    messages.set(key, message);
  }
  let owed = 0;
  for (const { user, rows } of messages.values()) {
    const incident = rows[0]?.incident ?? 0;
    const lane = laneBeside(team, incident, user === null ? 'actions.unowned' : 'actions.remind');
    const count = await world.actions.remind(team, rows, { lane, incident, user });
    if (count === 0) continue;
    owed += 1;
    world.nudge([lane]);
    world.log.info(
      { items: count, told: user === null ? 'the incident' : 'the owner' },
      'action items are due',
    );
  }
  return owed;
}

/** Has tickets looked at that nobody has looked at for so long: a webhook may be away, or was never set up. */
export async function lookAtTickets(team: string, world: ActionScheduleWorld): Promise<number> {
  const { tracker } = world;
  if (!tracker) return 0;
  const due = await world.actions.ticketsToLookAt(team, tracker.place, tracker.pollMs, LOOKED_AT);
  for (const { incident, action } of due) {
    const lane = laneBeside(team, incident, 'ticket.push');
    await world.owe({ kind: 'ticket.look', payload: { action } }, { team, lane, incident, key: null });
    world.nudge([lane]);
  }
  return due.length;
}

function localIn(now: Date, zone: string, otherwise: string): DateTime {
  const local = DateTime.fromJSDate(now, { zone });
  if (local.isValid) return local;
  const other = DateTime.fromJSDate(now, { zone: otherwise });
  return other.isValid ? other : DateTime.fromJSDate(now, { zone: 'utc' });
}

function isAtWork(local: DateTime, { from, to, weekends }: ActionSettings): boolean {
  const minute = local.hour * 60 + local.minute;
  return minute >= from && minute < to && (weekends || local.weekday <= 5);
}
