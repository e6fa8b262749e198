import type { Reminded } from '#domain/incident/action.js';
import type { Entry } from '#domain/incident/entry.js';
import { COLUMNS } from '../incidents.js';
import { on, type Queryable } from '../pools.js';

/** An entry that is about an action item, with its incident. */
type ActionEntry = Entry & { incident: number };

// Written like the index entry_action. The last word on whether something is done, of each action item of a workspace.
const LAST = `select distinct on (incident, (detail ->> 'action')::int) incident,
    (detail ->> 'action')::int as action, (detail ->> 'done')::boolean as done, recorded_at as said_at
  from entry where team = $1 and kind = 'action' and not struck and detail ? 'done'
  order by incident, (detail ->> 'action')::int, n desc`;

/** @param which of the items, of which `l` is the last word and `o` any */
const saidOf = (which: string, any: string) => `with last as (${LAST})
  select e.incident, ${COLUMNS} from last l join entry e on e.team = $1 and e.incident = l.incident
    and (e.detail ->> 'action')::int = l.action and e.kind = 'action' and not e.struck
  where ${which} and exists (select from entry o where o.team = $1 and o.incident = l.incident
    and (o.detail ->> 'action')::int = l.action and o.kind = 'action' and not o.struck and ${any})
  order by e.incident, e.n`;

/**
 * @returns all that was said of action items that are not done and that a day was ever named for: which it is now, or whether it
 *   was taken back, their entries say. Private ones too
 */
async function open(db: Queryable, team: string): Promise<ActionEntry[]> {
  const text = saidOf('not l.done', `o.detail ? 'due'`);
  return (await db.query<ActionEntry>({ name: 'open_actions', text, values: [team] })).rows;
}

/**
 * @returns all that was said of action items that somebody was ever named as the owner of, without those that are done since
 *   before that moment (ISO 8601). Whose they are now, their entries say
 */
async function of(db: Queryable, team: string, owner: string, doneSince: string): Promise<ActionEntry[]> {
  const text = saidOf(`(not l.done or l.said_at >= $3::timestamptz)`, `o.detail -> 'owner' ->> 'id' = $2`);
  return (await db.query<ActionEntry>({ name: 'actions_of', text, values: [team, owner, doneSince] })).rows;
}

/** Of which action item somebody was told what. */
export interface ReminderRow extends Reminded {
  incident: number;
  action: number;
}

/** @returns what was told of the action items of these incidents */
async function told(db: Queryable, team: string, incidents: readonly number[]): Promise<ReminderRow[]> {
  const text = `select incident, action, owner, due::text as due, stage from action_reminder
    where team = $1 and incident = any($2::int[])`;
  return (await db.query<ReminderRow>({ name: 'actions_told', text, values: [team, incidents] })).rows;
}

/** Where a reminder is owed. `user`: who is told; null: the incident is. */
interface OwedReminder {
  lane: string;
  incident: number;
  user: string | null;
}

/**
 * Notes that these are told now, and owes it, in one statement: of two processes that look at the same moment one has them.
 * @returns how many items were new, and so are in what is owed
 */
async function remind(
  db: Queryable,
  team: string,
  rows: readonly ReminderRow[],
  { lane, incident, user }: OwedReminder,
): Promise<number> {
  const [kind, item] =
    user === null
      ? (['actions.unowned', 'to_jsonb(action)'] as const)
      : (['actions.remind', 'jsonb_build_array(incident, action)'] as const);
  const text = `
    with noted as (
      insert into action_reminder as r (team, incident, action, owner, due, stage)
      select $1, incident, action, owner, due, stage
      from json_to_recordset($2::json) as p(incident int, action int, owner text, due date, stage int)
      on conflict (team, incident, action) do update set owner = excluded.owner, due = excluded.due,
        stage = excluded.stage, told_at = now()
      where (r.owner, r.due) is distinct from (excluded.owner, excluded.due) or r.stage < excluded.stage
      returning incident, action),
    items as (select jsonb_agg(${item} order by incident, action) as list, count(*)::int as count from noted)
    insert into outbox (team, lane, incident, seq, kind, payload)
    select $1, $3, $4, 0, '${kind}', $5::jsonb || jsonb_build_object('items', list) from items where count > 0
    returning jsonb_array_length(payload -> 'items') as count`;
  const { rows: owed } = await db.query<{ count: number }>({
    name: `remind_${kind}`,
    text,
    values: [team, JSON.stringify(rows), lane, incident, JSON.stringify(user === null ? {} : { user })],
  });
  return owed[0]?.count ?? 0;
}

/** A ticket of an action item, as it was last seen. `seen`: how it stood there; `gone`: it is not there any more. */
export interface TicketRow {
  incident: number;
  action: number;
  /** What it is known by there: the number of an issue, the key of a Jira ticket. */
  ticket: string;
  seen: 'open' | 'closed' | 'gone';
  /** How often within a day it was closed or opened again there. */
  turns: number;
}

const TICKET = `incident, action, ticket, seen, case when turned_at > now() - interval '1 day' then turns else 0 end as turns`;

/** @returns the ticket of that action item; null: it has none */
async function ticket(
  db: Queryable,
  team: string,
  incident: number,
  action: number,
): Promise<TicketRow | null> {
  const text = `select ${TICKET} from ticket where team = $1 and incident = $2 and action = $3`;
  const values = [team, incident, action];
  return (await db.query<TicketRow>({ name: 'ticket', text, values })).rows[0] ?? null;
}

/** @returns those that are known by that name there. @param place the tracker, and what of it */
async function ticketsNamed(db: Queryable, team: string, place: string, name: string): Promise<TicketRow[]> {
  const text = `select ${TICKET} from ticket where team = $1 and place = $2 and ticket = $3`;
  return (await db.query<TicketRow>({ name: 'tickets_named', text, values: [team, place, name] })).rows;
}

/** Keeps how a ticket stands there. @param turned somebody there closed it, or opened it again */
async function keepTicket(
  db: Queryable,
  team: string,
  place: string,
  { incident, action, ticket: name, seen }: Omit<TicketRow, 'turns'>,
  turned = false,
): Promise<void> {
  await db.query({
    name: 'keep_ticket',
    text: `insert into ticket as t (team, incident, action, place, ticket, seen, turns, turned_at)
           values ($1, $2, $3, $4, $5, $6, 0, now())
           on conflict (team, incident, action) do update set place = excluded.place, ticket = excluded.ticket,
             seen = excluded.seen, looked_at = now(),
             turns = case when not $7 then t.turns when t.turned_at > now() - interval '1 day' then t.turns + 1 else 1 end,
             turned_at = case when $7 then now() else t.turned_at end`,
    values: [team, incident, action, place, name, seen, turned],
  });
}

/**
 * Takes tickets that nobody has looked at for so long: whoever takes one is to look. Those that are closed for a month are left
 * alone.
 */
async function ticketsToLookAt(
  db: Queryable,
  team: string,
  place: string,
  everyMs: number,
  limit: number,
): Promise<TicketRow[]> {
  const text = `with due as (
      select team, incident, action from ticket where team = $1 and place = $2 and seen <> 'gone'
        and (seen = 'open' or turned_at > now() - interval '30 days')
        and (looked_at <= now() - $3 * interval '1 millisecond' or looked_at > now() + interval '1 second')
      order by looked_at limit $4 for update skip locked)
    update ticket t set looked_at = now() from due
    where t.team = due.team and t.incident = due.incident and t.action = due.action
    returning t.incident, t.action, t.ticket, t.seen, t.turns`;
  const values = [team, place, everyMs, limit];
  return (await db.query<TicketRow>({ name: 'tickets_to_look_at', text, values })).rows;
}

/** Action items of all incidents of a workspace: which there are, who was reminded of them, and their tickets. */
export const actions = (db: Queryable) =>
  on(db, { open, of, told, remind, ticket, ticketsNamed, keepTicket, ticketsToLookAt });
