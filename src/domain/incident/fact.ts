import { z } from 'zod';
import { ALERT_FACTS } from '../alert/fact.js';
import { RUN_FACTS } from '../run/fact.js';
import { type BodyOf, count, happened, id, moment, number, second, shape } from '../shape.js';
import { MARKS, type Person, POST_STATES, SEVERITIES, type Source, STATUSES } from '../words.js';

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
});
/**
 * What counts again once an entry is struck, as the fact records it. Absent: untouched. Names and titles are texts of that
 * fact (`title`, `person`, `component.0` …).
 */
export type Restored = z.infer<typeof restored>;

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
  MessageCaptured: shape(
    { ...happened, channel: id, ts: id, author: id, link: z.string().nullable() },
    { required: ['text'], optional: ['author'] },
  ),
  StatusChanged: shape(
    // `dismissed`: it was no incident at all, a false alarm.
    { ...happened, status: z.enum(STATUSES), reopened: z.boolean(), dismissed: z.literal(true).optional() },
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
    },
    { optional: ['text'], list: { field: 'component', count: (d) => d.components, required: true } },
  ),
  CauseRecorded: shape(happened, { required: ['text'] }),
  ActionAdded: shape(
    { ...happened, action: number, owner: id.nullable() },
    { required: ['text'], optional: ['owner'] },
  ),
  ActionCompleted: shape({ ...happened, action: number }),
  StatusPosted: shape({ ...happened, state: z.enum(POST_STATES) }, { required: ['text'] }),
  EntryEdited: shape({ entry: number }, { required: ['text'] }),
  EntryRetimed: shape({ entry: number, ...moment }),
  EntryStruck: shape(
    { entry: number, restored: restored.nullable() },
    {
      required: ['reason'],
      optional: ['title', 'person'],
      list: { field: 'component', count: (d) => d.restored?.components ?? 0, required: true },
    },
  ),
  ChannelOpened: shape({ channel: id }, { required: ['name'] }),
  HeadlinePosted: shape({ channel: id, ts: id }),
  Announced: shape({ channel: id, ts: id }),
  /** The record was put back from a backup: the channel shows numbers up to these, so none of them is given again. */
  NumbersSkipped: shape({ entries: number, actions: count, runs: count }),
  ...RUN_FACTS,
  ...ALERT_FACTS,
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
