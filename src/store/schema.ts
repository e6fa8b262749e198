import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  customType,
  date,
  foreignKey,
  index,
  integer,
  jsonb,
  pgSequence,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';

// Every table and every unique key begins with the workspace. Two things are not drawn here, drizzle cannot:
// the triggers that make facts append-only, and the fill factors (migrations/0001_append_only.sql).

/** Database time to the millisecond; happened-times have whole seconds, which paging by (at, n) relies on. */
const stamp = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'string' });
const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const happened = (name: string) => timestamp(name, { withTimezone: true, precision: 0, mode: 'string' });

/** `team` is our own id of a workspace; `slack_team` is null until a Slack workspace claims it. */
export const workspace = pgTable(
  'workspace',
  {
    team: text().primaryKey(),
    slackTeam: text('slack_team'),
    createdAt: stamp('created_at').notNull().defaultNow(),
    /** In which database this row stood when a bot last started on it (rebuild.ts). */
    home: text(),
    /** When it was last noticed that all this comes from a backup. */
    restoredAt: stamp('restored_at'),
    /** New incidents get no lower number: those were shown before the restore. */
    numbersFrom: integer('numbers_from'),
  },
  (t) => [uniqueIndex('workspace_slack_team').on(t.slackTeam)],
);

/** The record. `body` is hashed byte for byte, so it is text and never JSON to the database. Append-only. */
export const fact = pgTable(
  'fact',
  {
    team: text().notNull(),
    incident: integer().notNull(),
    seq: integer().notNull(),
    type: text().notNull(),
    v: integer().notNull(),
    recordedAt: stamp('recorded_at').notNull(),
    body: text().notNull(),
    hash: text().notNull(),
    key: text(),
    receipt: text(),
    // What the request under that key was, as a fingerprint: it may be guessed from, so it goes when the receipt goes.
    asked: text(),
  },
  (t) => [
    primaryKey({ name: 'fact_pkey', columns: [t.team, t.incident, t.seq] }),
    uniqueIndex('fact_key').on(t.team, t.key).where(sql`key is not null`),
    // Finds a captured message again. Its place in Slack lives only in the fact's body.
    index('fact_captured')
      .on(t.team, t.incident, sql`(body::jsonb #>> '{data,channel}')`, sql`(body::jsonb #>> '{data,ts}')`)
      .where(sql`type = 'MessageCaptured'`),
    // The same wherever it was recorded: Slack says of a message that it changed, and not in which incident it is.
    index('fact_captured_at')
      .on(t.team, sql`(body::jsonb #>> '{data,channel}')`, sql`(body::jsonb #>> '{data,ts}')`)
      .where(sql`type = 'MessageCaptured'`),
    // What became of one entry. What an alert does later is no correction, and there is much of it.
    index('fact_amends')
      .on(t.team, t.incident, sql`((body::jsonb #>> '{data,entry}')::int)`, t.seq)
      .where(
        sql`type in ('EntryEdited', 'EntryRetimed', 'EntryStruck', 'MessageEdited', 'MessageDeleted', 'FilesKept')`,
      ),
    // The facts of one run, among many of its incident. Only those facts have that member.
    index('fact_run')
      .on(t.team, t.incident, sql`((body::jsonb #>> '{data,run}')::int)`, t.seq)
      .where(sql`type ~ '^(Run|Step)'`),
  ],
);

/** The erasable part of a fact. Erased: salt and text are null, and nothing says what they were. */
export const factText = pgTable(
  'fact_text',
  {
    team: text().notNull(),
    incident: integer().notNull(),
    seq: integer().notNull(),
    field: text().notNull(),
    salt: text(),
    text: text(),
  },
  (t) => [primaryKey({ name: 'fact_text_pkey', columns: [t.team, t.incident, t.seq, t.field] })],
);

/** An incident as it stands after fact `seq`: a reading, rebuilt from the facts at will. */
export const incident = pgTable(
  'incident',
  {
    team: text().notNull(),
    number: integer().notNull(),
    seq: integer().notNull(),
    head: text().notNull(),
    state: jsonb().notNull(),
    open: boolean().notNull(),
    private: boolean().notNull(),
    channelId: text('channel_id'),
    updatedAt: stamp('updated_at').notNull(),
    // Raised whenever this row was computed anew beside the writers, who then may not trust what they remember.
    epoch: integer().notNull().default(0),
  },
  (t) => [
    primaryKey({ name: 'incident_pkey', columns: [t.team, t.number] }),
    index('incident_open').on(t.team, t.number).where(sql`open`),
    index('incident_promising').on(t.team, t.number).where(sql`state ? 'promised'`),
    index('incident_paging').on(t.team, t.number).where(sql`state -> 'pages' ? 'waiting'`),
    index('incident_channel').on(t.team, t.channelId).where(sql`channel_id is not null`),
  ],
);

/** A line of the timeline: a reading too. Happened-times have whole seconds, recorded-times milliseconds. */
export const entry = pgTable(
  'entry',
  {
    team: text().notNull(),
    incident: integer().notNull(),
    n: integer().notNull(),
    at: happened('at').notNull(),
    until: happened('until'),
    precision: text().notNull(),
    recordedAt: stamp('recorded_at').notNull(),
    editedAt: stamp('edited_at'),
    kind: text().notNull(),
    text: text(),
    erased: boolean().notNull(),
    detail: jsonb().notNull(),
    struck: boolean().notNull(),
    byId: text('by_id').notNull(),
    byName: text('by_name'),
    source: text().notNull(),
    link: text(),
  },
  (t) => [
    primaryKey({ name: 'entry_pkey', columns: [t.team, t.incident, t.n] }),
    index('entry_timeline').on(t.team, t.incident, t.at, t.n),
    // An alert is one entry: each time that it is heard of, that entry is looked for.
    index('entry_alert').on(t.team, t.incident, sql`(detail ->> 'alert')`).where(sql`kind = 'alert'`),
    // Action items of all incidents, among all that was ever recorded.
    index('entry_action')
      .on(t.team, t.incident, sql`((detail ->> 'action')::int)`, t.n)
      .where(sql`kind = 'action'`),
    // What the public may be told, among all that was ever recorded.
    index('entry_public')
      .on(t.team, t.incident, t.n)
      .where(sql`kind = 'post' or kind = 'component' and detail ? 'state'`),
  ],
);

/** Images of recorded messages, where tocsin.yml has them kept. What they are is in the record, and their digests; erased with these. */
export const keptFile = pgTable(
  'kept_file',
  {
    team: text().notNull(),
    incident: integer().notNull(),
    // The entry, and Slack's id of the file.
    n: integer().notNull(),
    file: text().notNull(),
    bytes: bytea().notNull(),
    keptAt: stamp('kept_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ name: 'kept_file_pkey', columns: [t.team, t.incident, t.n, t.file] })],
);

/** What we owe the world. Open rows (neither done nor dead) of one lane are paid in order of `id`. */
export const outbox = pgTable(
  'outbox',
  {
    team: text().notNull(),
    id: bigint({ mode: 'number' }).generatedAlwaysAsIdentity().notNull(),
    lane: text().notNull(),
    incident: integer().notNull(),
    seq: integer().notNull(),
    kind: text().notNull(),
    payload: jsonb().notNull(),
    dueAt: stamp('due_at').notNull().defaultNow(),
    // When that was written; `due_at` is not believed where this lies ahead. `owed_at`: since when it is owed, or again.
    setAt: stamp('set_at').notNull().defaultNow(),
    owedAt: stamp('owed_at').notNull().defaultNow(),
    attempts: integer().notNull().default(0),
    // An attempt began and its outcome is not known: cleared when the outcome is.
    startedAt: stamp('started_at'),
    doneAt: stamp('done_at'),
    deadAt: stamp('dead_at'),
    error: text(),
    result: jsonb(),
    // Names the request that left it, where no fact did: the same request twice owes it once.
    key: text(),
  },
  (t) => [
    primaryKey({ name: 'outbox_pkey', columns: [t.team, t.id] }),
    uniqueIndex('outbox_key').on(t.team, t.key).where(sql`key is not null`),
    index('outbox_open').on(t.team, t.lane, t.id).where(sql`done_at is null and dead_at is null`),
    index('outbox_dead').on(t.team, t.lane, t.id).where(sql`dead_at is not null`),
    // For `sweep`: finds the rows that were paid longest ago, however many others there are.
    index('outbox_done').on(t.doneAt).where(sql`done_at is not null`),
    // Whether the public page is as it should be is asked often.
    index('outbox_page').on(t.team, t.id).where(sql`kind = 'status.page'`),
  ],
);

/** Every claim of a lane takes the next: a fence is never given twice, also when its lane was forgotten in between. */
export const laneFence = pgSequence('lane_fence');

/**
 * The lease under which one worker at a time drains a lane. `next_at`: not before then, whatever is due. `set_at`: when
 * these were written; where that lies ahead, they are not believed.
 */
export const lane = pgTable(
  'lane',
  {
    team: text().notNull(),
    lane: text().notNull(),
    owner: text(),
    fence: bigint({ mode: 'number' }).notNull().default(0),
    leaseUntil: stamp('lease_until'),
    nextAt: stamp('next_at'),
    setAt: stamp('set_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ name: 'lane_pkey', columns: [t.team, t.lane] })],
);

/** The canvas of an incident's channel, and how far it has come. `seq`: the newest fact that was looked at for it. */
export const canvas = pgTable(
  'canvas',
  {
    team: text().notNull(),
    incident: integer().notNull(),
    // Null: Slack has made none.
    canvas: text(),
    seq: integer().notNull(),
    /** Of what stands there. */
    digest: text(),
    /** What Slack said no with, the last time. */
    refused: text(),
    /** Nothing more is to be done about a refusal: a file was sent instead, or somebody has taken the canvas away. */
    settled: boolean().notNull().default(false),
    at: stamp('at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ name: 'canvas_pkey', columns: [t.team, t.incident] })],
);

/** Which run holds a target: one at a time, held by the run and not by a process. */
export const runTarget = pgTable(
  'run_target',
  {
    team: text().notNull(),
    target: text().notNull(),
    incident: integer().notNull(),
    run: integer().notNull(),
    since: stamp('since').notNull().defaultNow(),
  },
  (t) => [primaryKey({ name: 'run_target_pkey', columns: [t.team, t.target] })],
);

/** What is to be done at times, in PostgreSQL because a queue forgets. `spec` as in tocsin.yml when it was last planned. */
export const schedule = pgTable(
  'schedule',
  {
    team: text().notNull(),
    name: text().notNull(),
    spec: text().notNull(),
    nextAt: stamp('next_at').notNull(),
    /** When `next_at` was written. */
    setAt: stamp('set_at').notNull().defaultNow(),
    /** Since when it has been in hand, or to be taken up again; part of the key under which it is done once. */
    dueAt: stamp('due_at'),
    lastAt: stamp('last_at'),
    outcome: text(),
  },
  (t) => [primaryKey({ name: 'schedule_pkey', columns: [t.team, t.name] })],
);

/** Of which action item somebody was reminded last: as whose it was, due when, and how far along. `owner` empty: nobody's. */
export const actionReminder = pgTable(
  'action_reminder',
  {
    team: text().notNull(),
    incident: integer().notNull(),
    action: integer().notNull(),
    owner: text().notNull(),
    due: date().notNull(),
    // Days since it was due; negative: before.
    stage: integer().notNull(),
    toldAt: stamp('told_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ name: 'action_reminder_pkey', columns: [t.team, t.incident, t.action] })],
);

/** The ticket of an action item, and how it stood there when it was last looked at. `place`: in which tracker, and where in it. */
export const ticket = pgTable(
  'ticket',
  {
    team: text().notNull(),
    incident: integer().notNull(),
    action: integer().notNull(),
    place: text().notNull(),
    ticket: text().notNull(),
    seen: text().notNull(),
    lookedAt: stamp('looked_at').notNull().defaultNow(),
    // How often within a day it was closed or opened again there, and when it was last.
    turns: integer().notNull().default(0),
    turnedAt: stamp('turned_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ name: 'ticket_pkey', columns: [t.team, t.incident, t.action] }),
    index('ticket_named').on(t.team, t.place, t.ticket),
  ],
);

/** Names and zones of a workspace's people, kept so that no Slack call stands between a command and its commit. */
export const person = pgTable(
  'person',
  {
    team: text().notNull(),
    id: text().notNull(),
    name: text().notNull(),
    handle: text(),
    realName: text('real_name'),
    tz: text(),
    isBot: boolean('is_bot').notNull(),
    deleted: boolean().notNull(),
    // Null: not heard yet; so are all rows that a version without this column has kept.
    kind: text(),
    updatedAt: stamp('updated_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ name: 'person_pkey', columns: [t.team, t.id] }),
    index('person_name').on(t.team, sql`lower(name)`),
    index('person_handle').on(t.team, sql`lower(handle)`),
    index('person_real_name').on(t.team, sql`lower(real_name)`),
  ],
);

/**
 * API tokens. Only the hash is kept. A token does not say its workspace, so the hash has an index of its own.
 * A row stays when it is revoked: the record names a token by its name, which so is never another's. `owner`: id of a person.
 */
export const token = pgTable(
  'token',
  {
    team: text().notNull(),
    name: text().notNull(),
    hash: text().notNull(),
    scope: text().notNull(),
    private: boolean().notNull(),
    owner: text(),
    createdAt: stamp('created_at').notNull().defaultNow(),
    expiresAt: stamp('expires_at'),
    lastUsedAt: stamp('last_used_at'),
    revokedAt: stamp('revoked_at'),
  },
  (t) => [primaryKey({ name: 'token_pkey', columns: [t.team, t.name] }), index('token_hash').on(t.hash)],
);

/** A delivery of a source of alerts: the same one twice is one. */
export const arrival = pgTable(
  'arrival',
  {
    team: text().notNull(),
    source: text().notNull(),
    delivery: text().notNull(),
    receivedAt: stamp('received_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ name: 'arrival_pkey', columns: [t.team, t.source, t.delivery] }),
    index('arrival_received').on(t.receivedAt),
  ],
);

/**
 * What a source of alerts said, in order of `n`, and what came of it. `alert` and `grp` are digests; `body` and `key` hold
 * whatever the sender wrote, and are emptied when a text of the alert is erased.
 */
export const signal = pgTable(
  'signal',
  {
    team: text().notNull(),
    id: text().notNull(),
    n: bigint({ mode: 'number' }).generatedByDefaultAsIdentity().notNull(),
    source: text().notNull(),
    alert: text().notNull(),
    status: text().notNull(),
    since: happened('since').notNull(),
    until: happened('until'),
    // When this firing began, but never after it was received.
    begunAt: stamp('begun_at').notNull(),
    receivedAt: stamp('received_at').notNull().defaultNow(),
    rule: text(),
    key: text().notNull(),
    grp: text().notNull(),
    shadow: boolean().notNull(),
    body: jsonb().notNull(),
    // Null: it waits.
    outcome: text(),
    incident: integer(),
    settledAt: stamp('settled_at'),
    // The firing that its alert is in now, where that is recorded.
    fires: boolean().notNull().default(false),
  },
  (t) => [
    primaryKey({ name: 'signal_pkey', columns: [t.team, t.id] }),
    index('signal_waiting').on(t.team, t.grp, t.n).where(sql`outcome is null`),
    index('signal_firing').on(t.team, t.grp, t.n).where(sql`fires`),
    // Of one alert, whatever else was said of it: what stands open, where it was recorded last, and when it has ended.
    index('signal_live').on(t.team, t.alert, t.n).where(sql`outcome is null or fires`),
    index('signal_stands').on(t.team, t.alert, t.n).where(sql`outcome in ('opened', 'attached')`),
    index('signal_ended').on(t.team, t.alert, t.n).where(sql`status = 'resolved'`),
    // For thresholds.
    index('signal_begun').on(t.team, t.grp, t.begunAt).where(sql`status = 'firing'`),
    index('signal_received').on(t.receivedAt),
  ],
);

/** Alerts of that key open nothing meanwhile. Times that have gone by stay for what fired while they lasted. */
export const mute = pgTable(
  'mute',
  {
    team: text().notNull(),
    grp: text().notNull(),
    key: text().notNull(),
    fromAt: stamp('from_at').notNull(),
    untilAt: stamp('until_at').notNull(),
    byId: text('by_id').notNull(),
    byName: text('by_name'),
  },
  (t) => [primaryKey({ name: 'mute_pkey', columns: [t.team, t.grp] })],
);

/**
 * Who wants to hear of what the public is told. `address`: of a mailbox, or a URL; it is nowhere else. `cursor`: the last change
 * (`public_change.n`) that is dealt with; `upto`: up to which one is under way, so that it is the same message after a crash.
 */
export const subscriber = pgTable(
  'subscriber',
  {
    team: text().notNull(),
    id: text().notNull(),
    kind: text().notNull(),
    address: text().notNull(),
    // Empty: all of them.
    components: text().array().notNull().default(sql`'{}'`),
    language: text().notNull(),
    state: text().notNull().default('asked'),
    // One of sixteen that are told side by side.
    share: smallint().notNull(),
    createdAt: stamp('created_at').notNull().defaultNow(),
    /** Somebody has asked, and is owed an answer. */
    askedAt: stamp('asked_at'),
    confirmedAt: stamp('confirmed_at'),
    /** What webhooks are signed with. */
    secret: text(),
    cursor: bigint({ mode: 'number' }).notNull().default(0),
    upto: bigint({ mode: 'number' }),
    toldAt: stamp('told_at'),
    // In a row: since it last worked.
    tries: integer().notNull().default(0),
    bounces: integer().notNull().default(0),
    // Mails that came back after they were taken.
    returned: integer().notNull().default(0),
    // Changes that were given up.
    failures: integer().notNull().default(0),
    lastError: text('last_error'),
    retryAt: stamp('retry_at'),
  },
  (t) => [
    primaryKey({ name: 'subscriber_pkey', columns: [t.team, t.id] }),
    uniqueIndex('subscriber_address').on(t.team, t.kind, t.address),
    index('subscriber_share').on(t.team, t.share, t.id),
    index('subscriber_unconfirmed').on(t.createdAt).where(sql`state = 'asked'`),
  ],
);

/** What a link in a mail ends with, hashed. `kind`: `confirm`, once and for two days, or `manage`, for as long as there is a subscriber. */
export const subscriberToken = pgTable(
  'subscriber_token',
  {
    team: text().notNull(),
    hash: text().notNull(),
    subscriber: text().notNull(),
    kind: text().notNull(),
    createdAt: stamp('created_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ name: 'subscriber_token_pkey', columns: [t.team, t.hash] }),
    index('subscriber_token_of').on(t.team, t.subscriber),
    foreignKey({
      name: 'subscriber_token_subscriber',
      columns: [t.team, t.subscriber],
      foreignColumns: [subscriber.team, subscriber.id],
    }).onDelete('cascade'),
  ],
);

/** What is told to subscribers, in order; numbers and times, and no word of it. */
export const publicChange = pgTable(
  'public_change',
  {
    team: text().notNull(),
    n: bigint({ mode: 'number' }).generatedByDefaultAsIdentity().notNull(),
    incident: integer().notNull(),
    seq: integer().notNull(),
    notedAt: stamp('noted_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ name: 'public_change_pkey', columns: [t.team, t.n] }),
    uniqueIndex('public_change_fact').on(t.team, t.incident, t.seq),
    index('public_change_noted').on(t.notedAt),
  ],
);

/** How often somebody has asked to be told within an hour: of one address, from one network, altogether. `what` is a digest. */
export const signUps = pgTable(
  'sign_ups',
  {
    team: text().notNull(),
    what: text().notNull(),
    hour: stamp('hour').notNull(),
    count: integer().notNull(),
  },
  (t) => [
    primaryKey({ name: 'sign_ups_pkey', columns: [t.team, t.what, t.hour] }),
    index('sign_ups_hour').on(t.hour),
  ],
);

/** Since when a component of tocsin.yml is known: before that nobody watched it, so nothing is said of how it was. */
export const statusComponent = pgTable(
  'status_component',
  {
    team: text().notNull(),
    name: text().notNull(),
    since: happened('since').notNull(),
  },
  (t) => [primaryKey({ name: 'status_component_pkey', columns: [t.team, t.name] })],
);
