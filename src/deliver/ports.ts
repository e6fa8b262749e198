import type { Effect, EffectKind } from '#domain/incident/effect.js';
import type { MeasuredWindow } from '#domain/incident/fact.js';
import type { Measured } from '#domain/incident/intent.js';
import type { Refusal } from '#domain/refusal.js';
import type { Account, Person } from '#domain/words.js';
import type { Handle } from '#handle/handle.js';
import type { Lanes } from '#lanes/lane.js';
import type { PlainLog } from '#log.js';
import type { Metrics } from '#metrics.js';
import type { PagingService } from '#paging/services.js';
import type { CanvasPage } from '#render/postmortem.js';
import type { Groups } from '#slack/people/groups.js';
import type { SlackClient } from '#slack/transport/client.js';
import type { ReadFile } from '#slack/transport/files.js';
import type { OwedRow } from '#store/outbox.js';
import type { Store } from '#store/store.js';
import type { Tracker } from '#tracker/tracker.js';

// What this room needs of others, each as small as it can be. compose hands in the real ones.

/** A row of the outbox, due, neither done nor dead. `uncertain`: an earlier attempt may have reached Slack. */
export type OutboxRow<K extends EffectKind = EffectKind> = OwedRow & { effect: Extract<Effect, { kind: K }> };

/** The store's lanes, and what else a delivery finds in the outbox. */
export type Outbox = Lanes &
  Pick<
    Store['outbox'],
    | 'markStarted'
    | 'turnToPost'
    | 'tooManyPosts'
    | 'sweep'
    | 'owe'
    | 'dead'
    | 'refused'
    | 'reviveNotices'
    | 'reviveLost'
    | 'reviveOpenings'
  >;

/** The store's look-ups: what a delivery knows of an incident is what stands in the database now. */
type Incidents = Pick<
  Store['incidents'],
  | 'load'
  | 'entriesNumbered'
  | 'entriesOfAction'
  | 'capturedEntry'
  | 'keptSize'
  | 'keepBytes'
  | 'dropBytes'
  | 'firingAlerts'
  | 'runFacts'
  | 'fact'
>;

/** Who people are, from the cache: never a Slack call. A name is that of the only person called so, or of nobody. */
export type People = Pick<Store['people'], 'personById' | 'personByName'> & {
  /** Keeps what Slack says of somebody (`user` of users.info, or a `user_profile` with the id). @returns null: it says nothing */
  learn(team: string, told: { user: unknown } | { id: string; profile: unknown }): Promise<Person | null>;
  /** What kind of account that is, as far as is known. */
  account(team: string, id: string): Promise<Account>;
  /** The time zone in somebody's profile; null: not known. */
  zone(team: string, id: string): Promise<string | null>;
};

/** How an export comes to be: `render` and `read` put together by compose. */
export interface Exports {
  /** The file's text, or why that person cannot have it. */
  render(
    team: string,
    incident: number,
    format: string,
    zone: string,
    user: string,
    /** It was asked for in the incident's own channel. */
    here: boolean,
  ): Promise<AsyncIterable<string | Uint8Array> | Refusal>;
  /** An address under which a browser gets the same bytes, or null when there is none (no PUBLIC_URL). */
  link(team: string, incident: number, format: string, zone: string, user: string): string | null;
}

/** Of alerts, what does not stand in the incident's own record. */
interface Alerts {
  /** The runbook that a rule offers, with its inputs; null: none, or there is no such rule any more. */
  offer(rule: string): { name: string; inputs: Readonly<Record<string, string>> } | null;
  /** Until when alerts of a key are muted; null: they are not. */
  mutedUntil(team: string, key: string): Promise<Date | null>;
}

/** Canvases of channels. */
type Canvases = Pick<Store['canvases'], 'behind' | 'known' | 'keep'> & {
  /** The page as it is now, in Markdown as canvases take it, and the fact that it goes up to. */
  page(team: string, incident: number): Promise<CanvasPage | Refusal>;
};

/** Whom names of `paging:` stand for. */
interface Paging {
  /** @returns ids of the people whom `@sre`, or the id of a user group, stands for now. @throws when Slack does not say */
  people(team: string, name: string): Promise<string[]>;
  /** null: tocsin.yml has none of that name. */
  service(name: string): PagingService | null;
}

/** All that deliveries stand on. */
export interface World {
  /** The Web API: one request per call, never repeated by itself, given up before CALL_MS (attempt.ts) are over. */
  slack: SlackClient;
  outbox: Outbox;
  incidents: Incidents;
  /** Records what came of a delivery. */
  tell: Handle;
  people: People;
  /** The names of user groups. */
  groups: Groups;
  exports: Exports;
  alerts: Alerts;
  /** How an incident stands, for somebody who came late; or why they may not see it. */
  catchup(team: string, incident: number, user: string): Promise<string | Refusal>;
  /** Absent: nobody can be paged but people by name. */
  paging?: Paging;
  /** Reads a file of Slack's; absent: images of recorded messages are not kept here. */
  readFile?: ReadFile;
  /** Asks Prometheus what was counted; absent: tocsin.yml does not say how. @throws NotMeasured, which says why in scrubbed words */
  measure?(window: MeasuredWindow, components: readonly string[], signal: AbortSignal): Promise<Measured>;
  /** What the canvas of an incident's channel says, and how far it has come. Absent or null: channels get none. */
  canvas?: Canvases | null;
  /** The address of an incident's call, where tocsin.yml says one; `atOpen`: it begins with the incident. Absent: it does not. */
  bridge?: { atOpen: boolean; address(incident: number): string } | null;
  /** Of whoever owns action items. */
  owners: {
    /** Their zone; that of the organisation, where it is not known. */
    zone(team: string, id: string): Promise<string>;
    /** May they see that incident now? Slack may be asked. */
    sees(team: string, incident: number, id: string): Promise<boolean>;
  };
  /** How tickets of action items stood when they were last looked at. */
  actions: Pick<Store['actions'], 'ticket' | 'keepTicket'>;
  /** Where action items are filed; absent: nowhere. `private`: those of private incidents too. */
  tracker?: Tracker & { private: boolean };
  /** From the configuration: the announcement channel (id or name), people and groups to bring in. */
  org: {
    command: string;
    announce: string | null;
    invite: { people: string[]; groups: string[] };
    /** Of people whose own is not known; absent or null: UTC. */
    zone?: string | null;
    /**
     * `deleted`: what becomes of the words of a recorded message that is deleted in Slack; absent: they are hidden.
     * `emoji`: those that record a message; absent: the pushpin.
     */
    capture?: { deleted: 'hide' | 'keep'; emoji?: readonly string[] };
  };
  now(): Date;
  /** Lets so much time pass; a test winds its clock on instead. */
  pass?(ms: number): Promise<void>;
  log: PlainLog;
  /** Counts every try. */
  metrics?: Pick<Metrics, 'delivered'>;
}
