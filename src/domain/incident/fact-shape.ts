import { z } from 'zod';
import { RUN_ENDS } from '../run/fact.js';
import { MARKS, POST_STATES, SEVERITIES, SOURCES, STATUSES } from '../words.js';
import type { HashedFact } from './chain.js';
import type { FactBody, FactType } from './fact.js';

type DataOf<T extends FactType> = Extract<FactBody, { type: T }>['data'];

/** Which erasable texts a type has. `lists`: `field.0`, `field.1` …; `count` says how many there are, or may be. */
interface FactTexts<D = never> {
  required: readonly string[];
  optional: readonly string[];
  list?: { field: string; count: (data: D) => number; required: boolean };
}

interface Shape<T extends FactType> {
  v: number;
  data: z.ZodType<DataOf<T>>;
  texts: FactTexts<DataOf<T>>;
}

const second = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'is not UTC with whole seconds');
const count = z.int().min(0);
const number = z.int().min(1);
const moment = {
  at: second,
  until: second.nullable(),
  precision: z.enum(['second', 'minute', 'approx', 'date']),
};
const happened = { n: number, ...moment };
const id = z.string().min(1);
const texts = <D = never>(required: string[], optional: string[] = []): FactTexts<D> => ({
  required,
  optional,
});

const milestone = z
  .strictObject({ at: second, precision: moment.precision, marked: z.boolean(), n: number })
  .nullable();
/** As in standing.ts. */
const restored = z.strictObject({
  status: z.strictObject({ status: z.enum(STATUSES), n: number.nullable() }).optional(),
  severity: z.strictObject({ severity: z.enum(SEVERITIES).nullable() }).optional(),
  title: z.literal(true).optional(),
  role: z.strictObject({ role: id, person: id.nullable() }).optional(),
  components: count.optional(),
  milestones: z.partialRecord(z.enum(MARKS), milestone).optional(),
  post: z
    .strictObject({ state: z.enum(POST_STATES), at: second, n: number })
    .nullable()
    .optional(),
});

const ofRun = { run: number };
const ofStep = { ...ofRun, step: id, phase: z.enum(['run', 'undo']), attempt: count };
const stamp = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'is not UTC with milliseconds');
const hashed = z.string().regex(/^[0-9a-f]{64}$/, 'is not 64 hexadecimal digits');
const approvers = z.strictObject({
  required: count,
  from: z.array(id),
  people: z.array(id),
  self: z.boolean(),
  expiresAt: stamp,
});

/** The present shape of every type of fact. Nothing else is accepted: a member that nobody checks is a member that anybody can add. */
export const FACT_SHAPES: { readonly [T in FactType]: Shape<T> } = {
  IncidentOpened: {
    v: 1,
    data: z.strictObject({
      ...happened,
      severity: z.enum(SEVERITIES).nullable(),
      private: z.boolean(),
      drill: z.boolean(),
      components: count,
    }),
    texts: { ...texts(['title']), list: { field: 'component', count: (d) => d.components, required: true } },
  },
  NoteRecorded: { v: 1, data: z.strictObject(happened), texts: texts(['text']) },
  MessageCaptured: {
    v: 1,
    data: z.strictObject({ ...happened, channel: id, ts: id, author: id, link: z.string().nullable() }),
    texts: texts(['text'], ['author']),
  },
  StatusChanged: {
    v: 1,
    data: z.strictObject({ ...happened, status: z.enum(STATUSES), reopened: z.boolean() }),
    texts: texts([], ['text']),
  },
  SeverityChanged: {
    v: 1,
    data: z.strictObject({ ...happened, severity: z.enum(SEVERITIES) }),
    texts: texts([], ['text']),
  },
  RoleAssigned: {
    v: 1,
    data: z.strictObject({ ...happened, role: id, person: id }),
    texts: texts([], ['person']),
  },
  PeopleInvited: {
    v: 1,
    data: z.strictObject({ people: z.array(id) }),
    texts: { ...texts([]), list: { field: 'person', count: (d) => d.people.length, required: false } },
  },
  PeopleLeft: {
    v: 1,
    data: z.strictObject({ people: z.array(id), how: z.enum(['left', 'removed']) }),
    texts: { ...texts([]), list: { field: 'person', count: (d) => d.people.length, required: false } },
  },
  TitleChanged: { v: 1, data: z.strictObject(happened), texts: texts(['title']) },
  MilestoneMarked: {
    v: 1,
    data: z.strictObject({ ...happened, milestone: z.enum(MARKS) }),
    texts: texts([]),
  },
  ComponentAdded: { v: 1, data: z.strictObject(happened), texts: texts(['component']) },
  ComponentRemoved: { v: 1, data: z.strictObject(happened), texts: texts(['component']) },
  ImpactRecorded: {
    v: 1,
    data: z.strictObject({
      ...happened,
      failed: count.nullable(),
      total: count.nullable(),
      from: second.nullable(),
      to: second.nullable(),
      components: count,
    }),
    texts: {
      ...texts([], ['text']),
      list: { field: 'component', count: (d) => d.components, required: true },
    },
  },
  CauseRecorded: { v: 1, data: z.strictObject(happened), texts: texts(['text']) },
  ActionAdded: {
    v: 1,
    data: z.strictObject({ ...happened, action: number, owner: id.nullable() }),
    texts: texts(['text'], ['owner']),
  },
  ActionCompleted: { v: 1, data: z.strictObject({ ...happened, action: number }), texts: texts([]) },
  StatusPosted: {
    v: 1,
    data: z.strictObject({ ...happened, state: z.enum(POST_STATES) }),
    texts: texts(['text']),
  },
  EntryEdited: { v: 1, data: z.strictObject({ entry: number }), texts: texts(['text']) },
  EntryRetimed: { v: 1, data: z.strictObject({ entry: number, ...moment }), texts: texts([]) },
  EntryStruck: {
    v: 1,
    data: z.strictObject({ entry: number, restored: restored.nullable() }),
    texts: {
      ...texts(['reason'], ['title', 'person']),
      list: { field: 'component', count: (d) => d.restored?.components ?? 0, required: true },
    },
  },
  ChannelOpened: { v: 1, data: z.strictObject({ channel: id }), texts: texts(['name']) },
  HeadlinePosted: { v: 1, data: z.strictObject({ channel: id, ts: id }), texts: texts([]) },
  Announced: { v: 1, data: z.strictObject({ channel: id, ts: id }), texts: texts([]) },
  NumbersSkipped: {
    v: 1,
    data: z.strictObject({ entries: number, actions: count, runs: count }),
    texts: texts([]),
  },
  RunProposed: {
    v: 1,
    data: z.strictObject({
      ...happened,
      ...ofRun,
      runbook: id,
      planOnly: z.boolean(),
      target: id,
      owner: id.optional(),
    }),
    texts: texts(['definition', 'inputs']),
  },
  RunPlanned: {
    v: 1,
    data: z.strictObject({
      ...ofRun,
      hash: hashed,
      steps: z.array(id),
      changes: count,
      approvers,
      again: z.boolean(),
    }),
    texts: texts(['plan']),
  },
  RunApproved: {
    v: 1,
    data: z.strictObject({
      ...happened,
      ...ofRun,
      hash: hashed,
      breakGlass: z.boolean(),
      count: number,
      required: count,
    }),
    texts: texts([], ['reason']),
  },
  RunAskedAgain: {
    v: 1,
    data: z.strictObject({ ...happened, ...ofRun, why: z.enum(['moved', 'approvers']) }),
    texts: texts([]),
  },
  RunStarted: { v: 1, data: z.strictObject({ ...ofRun, fence: number }), texts: texts([]) },
  StepStarted: {
    v: 1,
    data: z.strictObject({ ...ofStep, fence: number, at: stamp }),
    texts: texts([], ['captured']),
  },
  StepTaken: { v: 1, data: z.strictObject({ ...ofStep, fence: number }), texts: texts([]) },
  StepWaits: { v: 1, data: z.strictObject({ ...ofStep, until: stamp }), texts: texts([], ['error']) },
  StepFinished: {
    v: 1,
    data: z.strictObject({
      ...happened,
      ...ofStep,
      outcome: z.enum(['done', 'failed', 'skipped']),
      startedAt: stamp.nullable(),
      posts: count,
    }),
    texts: {
      ...texts([], ['output', 'summary', 'error', 'log']),
      list: { field: 'post', count: (d) => d.posts, required: true },
    },
  },
  StepAsked: {
    v: 1,
    data: z.strictObject({
      ...happened,
      ...ofStep,
      why: z.enum(['failed', 'unknown', 'question']),
      choices: z.array(id),
    }),
    texts: texts(['question']),
  },
  StepAnswered: {
    v: 1,
    data: z.strictObject({ ...happened, ...ofStep, choice: id }),
    texts: texts([], ['reason']),
  },
  RunCancelled: { v: 1, data: z.strictObject({ ...happened, ...ofRun }), texts: texts([], ['reason']) },
  RunUndoing: {
    v: 1,
    data: z.strictObject({ ...happened, ...ofRun, why: z.enum(['asked', 'failed']) }),
    texts: texts([]),
  },
  RunEnded: {
    v: 1,
    data: z.strictObject({ ...happened, ...ofRun, end: z.enum(RUN_ENDS) }),
    texts: texts([], ['summary']),
  },
  RunShown: { v: 1, data: z.strictObject({ ...ofRun, channel: id, ts: id }), texts: texts([]) },
};

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'is not 64 hexadecimal digits');

const hashedFact = z.strictObject({
  v: number,
  type: z.enum(Object.keys(FACT_SHAPES) as [FactType, ...FactType[]], 'is not a type of fact'),
  team: id,
  incident: z.string().regex(/^INC-(0|[1-9][0-9]{0,8})$/, 'is not an incident'),
  seq: number,
  recorded_at: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'is not UTC with milliseconds'),
  by: z.strictObject({ id }),
  source: z.enum(SOURCES),
  data: z.unknown(),
  texts: z.record(z.string(), hash),
  prev: hash,
});

/**
 * Is this value, in every member, a fact as we write them? For lines from outside and rows from the database.
 * @returns null when it is; otherwise what is wrong with it, naming the member
 */
export function faultOfFact(value: unknown): string | null {
  const outer = faultOf(hashedFact, value, '');
  if (outer !== null) return outer;
  const fact = value as HashedFact;
  const shape = FACT_SHAPES[fact.type as FactType] as Shape<FactType>;
  if (fact.v !== shape.v) return `version ${fact.v} of ${fact.type} is not known; this is version ${shape.v}`;
  return faultOf(shape.data, fact.data, 'data') ?? faultOfTexts(fact, shape.texts);
}

function faultOfTexts(fact: HashedFact, { required, optional, list }: FactTexts): string | null {
  const length = list ? list.count(fact.data as never) : 0;
  const numbered = Array.from({ length }, (_, i) => `${list?.field}.${i}`);
  // `by`, the actor's name, is a text of every fact where it was known.
  const allowed = new Set([...required, ...optional, ...numbered, 'by']);
  const missing = [...required, ...(list?.required ? numbered : [])].find(
    (f) => !Object.hasOwn(fact.texts, f),
  );
  if (missing !== undefined) return `the member "texts.${missing}" is missing`;
  const unknown = Object.keys(fact.texts).find((field) => !allowed.has(field));
  return unknown === undefined ? null : `the member "texts.${unknown}" is not known`;
}

function faultOf(schema: z.ZodType, value: unknown, within: string): string | null {
  const issue = schema.safeParse(value).error?.issues[0];
  if (!issue) return null;
  const path = [within, ...issue.path.map(String)].filter((part) => part !== '');
  if (issue.code === 'unrecognized_keys') {
    return `the member "${[...path, issue.keys[0]].join('.')}" is not known`;
  }
  if (path.length === 0) return 'not an object';
  if (valueAt(value, issue.path) === undefined) return `the member "${path.join('.')}" is missing`;
  return `the member "${path.join('.')}" is wrong: ${issue.message}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
}
