import type { Entered } from '#domain/command/entered.js';
import type { Effect } from '#domain/incident/effect.js';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import type { Refusal } from '#domain/refusal.js';
import type { Undelivered } from '#render/undelivered.js';
import type { KnownPerson } from '#store/people.js';
import type { Store } from '#store/store.js';

/** What this room needs of others, as narrow as it can be; compose hands it in. */

export interface Recorded {
  recorded: true;
  incident: number;
  ref: string;
  /** Plain text that contains “recorded”. */
  receipt: string;
}

export type Handle = (
  intent: TypedIntent,
  target: number | null,
  asking: Asking,
  /** Remarks for the receipt. */
  notes?: string[],
) => Promise<Recorded | Refusal>;

export interface Read {
  incident(asking: Asking, incident: number): Promise<IncidentState | Refusal>;
  open(asking: Asking): Promise<IncidentState[]>;
  /** @returns the incident whose channel this is */
  ofChannel(team: string, channel: string): Promise<number | null>;
  /** What Slack refused of an incident. */
  refused(team: string, incident: number): Promise<Undelivered[]>;
}

/** One command line as typed. `implied`: the incident of the channel it was typed in. */
export interface Typed {
  entered: Entered;
  implied: number | null;
  /** A button said so, and not the channel. */
  chosen?: boolean;
  asking: Asking;
  /** IANA name in which bare times are meant; `zoneKnown`: it is the typist's own. */
  zone: string;
  zoneKnown: boolean;
}

export type Answer =
  | { kind: 'recorded'; text: string; remark?: string }
  | { kind: 'refused'; refusal: Refusal; intent?: TypedIntent; incident?: number }
  | { kind: 'text'; text: string; ours?: boolean }
  | { kind: 'form'; form: 'open' | 'note' | 'log'; incident: number | null }
  | { kind: 'export'; incident: number; format: string; zone: string };

export type Answerer = (typed: Typed) => Promise<Answer>;

/** Leave an effect in the outbox that no fact caused: an export to send, a pinned message to fetch. Resolves when it is kept. */
export type Owe = (
  effect: Effect,
  of: { team: string; incident: number; key: string | null },
) => Promise<void>;

/** Somebody as Slack describes them: the name people see is the display name, else the real name, else the handle. */
export type SlackPerson = KnownPerson;
export type PeopleStore = Pick<Store['people'], 'get' | 'upsert'>;

/** Our names for Slack's workspaces, the first word of every key. */
export type Workspace = Pick<Store['workspaces'], 'resolve' | 'find' | 'first'>;

/** The part of pino that is used here. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
