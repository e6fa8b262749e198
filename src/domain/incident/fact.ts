import { z } from 'zod';
import { ALERT_FACTS } from '../alert/fact.js';
import { LINK_FACTS } from '../link/link.js';
import { PAGE_FACTS } from '../paging/page.js';
import { RUN_FACTS } from '../run/fact.js';
import { type BodyOf, count, day, happened, id, moment, number, second, shape, stamp } from '../shape.js';
import { COMPONENT_STATES, MAINTENANCE_STATES } from '../status/page.js';
import { WATCH_FACTS } from '../watch/watch.js';
import {
  LOSSES,
  MARKS,
  type Person,
  POST_STATES,
  SEVERITIES,
  type Source,
  STATUSES,
  TRACKERS,
} from '../words.js';
import { BRIDGE_FACTS } from './bridge.js';
import { MESSAGE_FACTS } from './message.js';
import { REMINDER_FACTS } from './reminder.js';

const milestone = z.strictObject({
  at: second,
  precision: moment.precision,
  /** By a person, so a status change leaves it alone. */
  marked: z.boolean(),
  /** The timeline entry that it rests on. */
  n: number,
});
/** A milestone as it is now. */
export type Milestone = z.infer<typeof milestone>;

const restored = z.strictObject({
  status: z
    .strictObject({ status: z.enum(STATUSES), n: number.nullable(), dismissed: z.literal(true).optional() })
    .optional(),
  severity: z.strictObject({ severity: z.enum(SEVERITIES).nullable() }).optional(),
  title: z.literal(true).optional(),
  role: z.strictObject({ role: id, person: id.nullable() }).optional(),
  components: count.optional(),
  milestones: z.partialRecord(z.enum(MARKS), milestone.nullable()).optional(),
  post: z
    .strictObject({ state: z.enum(POST_STATES), at: second, n: number })
    .nullable()
    .optional(),
  /** By when the public is promised another post, by the post `n` of that time. */
  promised: z.strictObject({ n: number, at: second, by: second }).nullable().optional(),
  /** Planned work that is not over after all; `components` are its own then. */
  planned: z
    .strictObject({
      ...{ maintenance: number, n: number, from: second, to: second },
      state: z.enum(MAINTENANCE_STATES),
    })
    .optional(),
});
/**
 * What counts again once an entry is struck, as the fact records it. Absent: untouched. Names and titles are texts of that
 * fact (`title`, `person`, `component.0` …).
 */
export type Restored = z.infer<typeof restored>;

const onPage = z.literal(true).optional();

/** How much of a measurement is kept: what is beyond is counted, and said to be. */
export const MEASURED = { components: 50, groups: 20, buckets: 120 } as const;

const measuredWindow = {
  from: second,
  to: second,
  start: z.enum(['asked', 'started', 'impact', 'detected', 'opened']),
  end: z.enum(['asked', 'mitigated', 'resolved', 'now']),
};
/** From when to when damage is measured, and why so. */
export type MeasuredWindow = z.infer<z.ZodObject<typeof measuredWindow>>;

const noted = z.strictObject({
  /** How often a counter began anew: what it had counted since its last sample is lost. */
  resets: number.optional(),
  /** Counters that were first seen in the window: all that they held was counted. */
  begun: number.optional(),
  /** Counters that were seen no more at its end, or not at all in it. */
  gone: number.optional(),
  /** Counters that were not read for a while in between. */
  gaps: number.optional(),
  /** Failures that were counted, and may have happened before the window; and the other way round behind its end. */
  before: number.optional(),
  after: number.optional(),
  /** No counter of failures was there at all. */
  absent: z.literal(true).optional(),
  /** The last samples were not in yet. */
  open: z.literal(true).optional(),
  /** Prometheus said that its answer may lack something. */
  partial: z.literal(true).optional(),
  /** Components and groups beyond those that are kept. */
  more: number.optional(),
});
/** What there is to say of how a measurement came about. Absent: nothing of the kind. */
export type Noted = z.infer<typeof noted>;

/**
 * What happened, past tense, never changed: every type, the shape of its `data`, which is hashed as it is, and its
 * texts, which are erasable. Nothing else is accepted: a member that nobody checks is a member that anybody can add.
 */
export const FACT_SHAPES = {
  IncidentOpened: shape(
    {
      ...happened,
      severity: z.enum(SEVERITIES).nullable(),
      private: z.boolean(),
      drill: z.boolean(),
      components: count,
    },
    { required: ['title'], list: { field: 'component', count: (d) => d.components, required: true } },
  ),
  NoteRecorded: shape(happened, { required: ['text'] }),
  /** One line of the recorded message in `entry`, which held many, each with its time. */
  LineTakenIn: shape(
    { ...happened, entry: number, author: id, link: z.string().nullable() },
    { required: ['text'], optional: ['author'] },
  ),
  StatusChanged: shape(
    {
      ...{ ...happened, status: z.enum(STATUSES), reopened: z.boolean() },
      /** It was no incident at all, a false alarm. */
      dismissed: z.literal(true).optional(),
      /** By when more will be said. */
      next: second.optional(),
    },
    { optional: ['text'] },
  ),
  SeverityChanged: shape({ ...happened, severity: z.enum(SEVERITIES) }, { optional: ['text'] }),
  RoleAssigned: shape({ ...happened, role: id, person: id }, { optional: ['person'] }),
  PeopleInvited: shape(
    { people: z.array(id) },
    { list: { field: 'person', count: (d) => d.people.length, required: false } },
  ),
  /** From then on they see a private incident no more. `removed`: somebody said so, and the channel follows. */
  PeopleLeft: shape(
    { people: z.array(id), how: z.enum(['left', 'removed']) },
    { list: { field: 'person', count: (d) => d.people.length, required: false } },
  ),
  TitleChanged: shape(happened, { required: ['title'] }),
  MilestoneMarked: shape({ ...happened, milestone: z.enum(MARKS) }),
  ComponentAdded: shape(happened, { required: ['component'] }),
  ComponentRemoved: shape(happened, { required: ['component'] }),
  ImpactRecorded: shape(
    {
      ...happened,
      failed: count.nullable(),
      total: count.nullable(),
      from: second.nullable(),
      to: second.nullable(),
      components: count,
      /** How many of the components behind those are named as not affected. */
      unaffected: number.optional(),
    },
    {
      optional: ['text'],
      list: { field: 'component', count: (d) => d.components + (d.unaffected ?? 0), required: true },
    },
  ),
  /** Somebody wants to know what Prometheus counted. `start`, `end`: on what each end of the window rests. */
  MeasureAsked: shape(
    { ...measuredWindow, components: count },
    { list: { field: 'component', count: (d) => d.components, required: true } },
  ),
  /** What it counted between `at` (that moment left out) and `until`. */
  ImpactMeasured: shape(
    {
      ...happened,
      ...measuredWindow,
      /** The `MeasureAsked` that it answers. */
      asked: number,
      /** When it was looked up: what came in later is not in it. */
      looked: stamp,
      stepMs: number,
      failed: count,
      total: count,
      /** Of each component, in the order of their names. */
      components: z.array(z.strictObject({ failed: count, total: count })).max(MEASURED.components),
      /** Only those components were asked for. */
      limited: z.literal(true).optional(),
      noted,
      /** For the picture: how many fell into each `bucketMs` from `from` on. */
      bucketMs: number,
      failedIn: z.array(count).max(MEASURED.buckets),
      totalIn: z.array(count).max(MEASURED.buckets),
    },
    {
      required: ['failedQuery', 'totalQuery'],
      optional: ['groups'],
      list: { field: 'component', count: (d) => d.components.length, required: true },
    },
  ),
  CauseRecorded: shape(happened, { required: ['text'] }),
  ActionAdded: shape(
    // `due`: the day by which it is to be done.
    { ...happened, action: number, owner: id.nullable(), due: day.optional() },
    { required: ['text'], optional: ['owner'] },
  ),
  /** Absent members stay as they are; null: nobody owns it, or it is due on no day. */
  ActionChanged: shape(
    { ...happened, action: number, owner: id.nullable().optional(), due: day.nullable().optional() },
    { optional: ['owner'] },
  ),
  ActionCompleted: shape({ ...happened, action: number }),
  /** What was done is to be done again: its ticket was opened anew. */
  ActionReopened: shape({ ...happened, action: number }),
  /** It has a ticket. `entry`: the one that added it. */
  ActionFiled: shape(
    { action: number, entry: number, tracker: z.enum(TRACKERS) },
    { required: ['ticket', 'url'] },
  ),
  /**
   * What the public is told. Without `components` it was recorded before there was a public page, and is on none; `states` says
   * of each of them what is said of it: null: nothing.
   */
  StatusPosted: shape(
    {
      ...happened,
      state: z.enum(POST_STATES),
      components: count.optional(),
      states: z.array(z.enum(COMPONENT_STATES).nullable()).optional(),
      /** By when the next one is promised. */
      next: second.optional(),
    },
    {
      required: ['text'],
      // `title`: what the public calls the incident from now on. `anyway`: why it was published although it was warned of.
      optional: ['title', 'anyway'],
      list: { field: 'component', count: (d) => d.components ?? 0, required: true },
    },
  ),
  /** From `at` on the public is shown that component in that state. */
  ComponentStateSet: shape({ ...happened, state: z.enum(COMPONENT_STATES) }, { required: ['component'] }),
  /** Work that the public is told of beforehand; in the standing record. `at` and `until` are when it is planned. */
  MaintenancePlanned: shape(
    { ...happened, maintenance: number, components: count },
    {
      required: ['title'],
      optional: ['text', 'anyway'],
      list: { field: 'component', count: (d) => d.components, required: true },
    },
  ),
  /** It begins, ends, is cancelled, or something is said of it meanwhile: `state` is how it stands then. */
  MaintenancePosted: shape(
    { ...happened, maintenance: number, state: z.enum(MAINTENANCE_STATES) },
    { optional: ['text', 'anyway'] },
  ),
  /**
   * A post of an incident that another status page told of, at its own time; in the standing record. `from`: that page;
   * `external`: the incident's id there, which all its posts share.
   */
  PostImported: shape(
    {
      ...happened,
      ...{ from: id, external: id, state: z.enum(POST_STATES), components: count },
      states: z.array(z.enum(COMPONENT_STATES).nullable()),
    },
    {
      required: ['text', 'title'],
      list: { field: 'component', count: (d) => d.components, required: true },
    },
  ),
  /** `public`: of these three, what it corrects stands on the public page. */
  EntryEdited: shape({ entry: number, public: onPage }, { required: ['text'], optional: ['anyway'] }),
  EntryRetimed: shape({ entry: number, ...moment, public: onPage }),
  EntryStruck: shape(
    // `action`: the item whose entry it is.
    { entry: number, restored: restored.nullable(), public: onPage, action: number.optional() },
    {
      required: ['reason'],
      optional: ['title', 'person'],
      list: { field: 'component', count: (d) => d.restored?.components ?? 0, required: true },
    },
  ),
  ChannelOpened: shape({ channel: id }, { required: ['name'] }),
  /** Nothing can be shown in the channel any more; what is owed there waits until it is found again. */
  ChannelLost: shape({ channel: id, how: z.enum(LOSSES) }),
  ChannelFound: shape({ channel: id }),
  /** Somebody gave it another name. */
  ChannelRenamed: shape({ channel: id }, { required: ['name'] }),
  HeadlinePosted: shape({ channel: id, ts: id }),
  Announced: shape({ channel: id, ts: id }),
  /** They came late, and each was told how the incident stands. */
  CaughtUp: shape({ people: z.array(id).min(1) }, {}),
  /** The record was put back from a backup: the channel shows numbers up to these, so none of them is given again. */
  NumbersSkipped: shape({ entries: number, actions: count, runs: count }),
  ...RUN_FACTS,
  ...WATCH_FACTS,
  ...ALERT_FACTS,
  ...LINK_FACTS,
  ...BRIDGE_FACTS,
  ...MESSAGE_FACTS,
  ...REMINDER_FACTS,
  ...PAGE_FACTS,
};

export type FactBody = BodyOf<typeof FACT_SHAPES>;

export type FactType = FactBody['type'];

/** Texts and names that people gave: erasable, so the chain holds only a commitment. null: erased. */
type Texts = Readonly<Record<string, string | null>>;

/** A fact as decided: not yet numbered, chained or stored. */
export type DraftFact = FactBody & { texts: Readonly<Record<string, string>> };

/** A fact of one incident's stream. */
export type Fact = FactBody & {
  /** Version of this type's shape. */
  v: number;
  team: string;
  /** The number in INC-n. */
  incident: number;
  /** 1, 2, 3 … within the incident. */
  seq: number;
  /** UTC, ISO 8601 with milliseconds. */
  recordedAt: string;
  by: Person;
  source: Source;
  texts: Texts;
};
