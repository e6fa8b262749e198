import type { AlertIntent } from '../alert/intent.js';
import type { LinkIntent } from '../link/link.js';
import type { PageIntent, PagingRules } from '../paging/page.js';
import type { Refusal } from '../refusal.js';
import type { RunIntent } from '../run/intent.js';
import type { SecretKind } from '../secret/kind.js';
import type { ComponentState, MaintenanceState } from '../status/page.js';
import type { PublicRules, StateAsked } from '../status/publish.js';
import type { WatchIntent } from '../watch/watch.js';
import type {
  Account,
  Loss,
  Mark,
  Moment,
  Person,
  PersonRef,
  PostState,
  Severity,
  Source,
  Status,
  TrackerKind,
} from '../words.js';
import type { ActionItem } from './action.js';
import type { BridgeIntent } from './bridge.js';
import type { Entry } from './entry.js';
import type { DraftFact, Fact, MeasuredWindow } from './fact.js';
import type { Measurement } from './impact.js';
import type { KeptImage, RecordedFile } from './message.js';
import type { ReminderIntent } from './reminder.js';
import type { IncidentState } from './state.js';

/** One line of a pasted log. */
export interface LogLine {
  readonly moment: Moment;
  readonly text: string;
}

/** What somebody asks for, in the imperative. `P` is PersonRef as typed, Person once looked up. */
export type Intent<P = Person> =
  | {
      type: 'OpenIncident';
      title: string;
      severity: Severity | null;
      components: string[];
      private: boolean;
      drill: boolean;
      moment: Moment | null;
      /** The message of Slack's from which somebody opened it: recorded with it, as its first entry. */
      message?: CapturedMessage;
    }
  /** The standing record, once (`STANDING`). */
  | { type: 'OpenStandingRecord' }
  | { type: 'RecordNote'; moment: Moment | null; text: string }
  | { type: 'RecordLog'; lines: LogLine[] }
  | { type: 'CaptureMessage'; message: CapturedMessage }
  /** A recorded message of many timed lines becomes as many entries: named by its entry, or by its place in Slack. */
  | { type: 'TakeInLines'; of: { entry: number } | { channel: string; ts: string } }
  /** Slack says, or shows, that a recorded message has other words by now. `at`: where the message stands. */
  | { type: 'NoteMessageEdited'; at: MessagePlace; edit: MessageEdit }
  /** `hides`: readings are to have its words no more. */
  | { type: 'NoteMessageDeleted'; at: MessagePlace; ts: string; hides: boolean }
  /** Bytes of images are kept, and these are their digests. */
  | { type: 'NoteFilesKept'; entry: number; kept: KeptImage[] }
  /** `seen`, here and below: what a form or a button showed as it was then, and only that is replaced. Absent: whatever it is. */
  | {
      type: 'ChangeStatus';
      status: Status;
      moment: Moment | null;
      text: string | null;
      /** By when more will be said. Absent or null: that is not promised. */
      next?: Moment | null;
      /** The entry that had set the status; null: none had. */
      seen?: number | null;
    }
  | { type: 'ReopenIncident'; reason: string }
  /** It was no incident: resolved as a false alarm. */
  | { type: 'DismissIncident'; reason: string | null }
  | { type: 'ChangeSeverity'; severity: Severity; reason: string | null; seen?: Severity | null }
  /** `seen`: the id of whoever had the role; null: nobody had. */
  | { type: 'AssignRole'; role: string; person: P; seen?: string | null }
  | { type: 'InvitePeople'; people: P[] }
  | { type: 'UninvitePeople'; people: P[] }
  /** Slack says, or the channel's list of members shows, that they have left the channel. */
  | { type: 'NotePeopleLeft'; people: Person[] }
  | { type: 'ChangeTitle'; title: string }
  | { type: 'MarkMilestone'; milestone: Mark; moment: Moment }
  | { type: 'AddComponent'; component: string }
  | { type: 'RemoveComponent'; component: string }
  | {
      type: 'RecordImpact';
      text: string | null;
      failed: number | null;
      total: number | null;
      from: Moment | null;
      to: Moment | null;
      components: string[];
      /** Named as not affected. */
      unaffected?: string[];
    }
  /** Absent ends of the window are found among what is known of the incident. */
  | { type: 'MeasureImpact'; from: Moment | null; to: Moment | null; components: string[] }
  | { type: 'NoteImpactMeasured'; asked: number; measured: Measured }
  | { type: 'RecordCause'; text: string }
  | { type: 'AddAction'; text: string; owner: P | null; due?: string | null }
  /** Absent: it stays as it is; null: nobody owns it, or it is due on no day. */
  | {
      type: 'ChangeAction';
      action: number;
      owner?: P | null;
      due?: string | null;
      /** Only while it is that person's. */
      whose?: string;
    }
  | { type: 'CompleteAction'; action: number }
  /** Its ticket was opened anew. */
  | { type: 'ReopenAction'; action: number }
  /** It has a ticket: what that is called, and its address. */
  | { type: 'NoteActionFiled'; action: number; tracker: TrackerKind; ticket: string; url: string }
  | {
      type: 'PublishPost';
      /** null: the incident's status. */
      state: PostState | null;
      moment: Moment | null;
      /** Empty where a template makes it. */
      text: string;
      confirmed: boolean;
      /** What the public calls the incident from now on. */
      title?: string | null;
      /** Beside those of the incident. */
      components?: string[];
      /** No others: a preview has shown these. */
      only?: true;
      states?: StateAsked[];
      /** null: none is promised. Absent: what is usual here. */
      next?: Moment | null;
      /** Why it is published although something in it may be meant for us alone. */
      anyway?: string | null;
      /** The name of a template of tocsin.yml that makes the text. */
      template?: string | null;
      /** A template took words of the record into the text that nobody has read as a post: not confirmed before it was shown. */
      unseen?: true;
    }
  /** `text` empty: only its time. */
  | {
      type: 'CorrectPost';
      entry: number;
      text: string;
      confirmed: boolean;
      moment?: Moment | null;
      anyway?: string | null;
    }
  | { type: 'WithdrawPost'; entry: number; reason: string }
  | { type: 'SetComponentState'; component: string; state: ComponentState; moment: Moment | null }
  | {
      type: 'PlanMaintenance';
      title: string;
      text: string | null;
      from: Moment;
      to: Moment;
      components: string[];
      anyway?: string | null;
      /** The name of a template of tocsin.yml that makes the text. */
      template?: string | null;
    }
  /** `state` null: it stays as it is. */
  | {
      type: 'PostMaintenance';
      maintenance: number;
      state: Exclude<MaintenanceState, 'scheduled'> | null;
      text: string | null;
      anyway?: string | null;
    }
  | { type: 'MoveMaintenance'; maintenance: number; from: Moment; to: Moment }
  /** A post that another status page told of (`PostImported`); into the standing record. */
  | {
      type: 'ImportPost';
      from: string;
      external: string;
      state: PostState;
      moment: Moment;
      title: string;
      text: string;
      components: string[];
      /** Of each of them; null: nothing is said of it. */
      states: Array<ComponentState | null>;
    }
  | { type: 'EditEntry'; entry: number; text: string }
  | { type: 'RetimeEntry'; entry: number; moment: Moment }
  | { type: 'StrikeEntry'; entry: number; reason: string }
  | { type: 'UndoLastEntry' }
  | { type: 'NoteChannelOpened'; channel: { id: string; name: string } }
  /** How Slack shows the channel now; `name` null: Slack does not say. */
  | { type: 'NoteChannelSeen'; channel: string; name: string | null; lost: Loss | null }
  | { type: 'NoteHeadlinePosted'; channel: string; ts: string }
  | { type: 'NoteAnnounced'; channel: string; ts: string }
  /** Those who came late have been told how the incident stands. */
  | { type: 'NoteCaughtUp'; people: string[] }
  /** Numbers up to these are shown in the channel: a later state of this record gave them, before a backup was put back. */
  | { type: 'SkipNumbers'; entries: number; actions: number; runs: number }
  | RunIntent
  | WatchIntent
  | AlertIntent
  | LinkIntent
  | ReminderIntent
  | BridgeIntent
  | PageIntent<P>;

export type TypedIntent = Intent<PersonRef>;

/** What was counted, on its way into the record. */
export interface Measured extends MeasuredWindow, Measurement {
  readonly failed: number;
  readonly total: number;
}

/** A Slack message on its way into the timeline, at its own time. */
export interface CapturedMessage {
  readonly channel: string;
  /** Slack's `ts`: id and time at once; never parsed to a float. */
  readonly ts: string;
  readonly text: string;
  readonly author: Person;
  readonly link: string | null;
  /** Kinds of secrets that were taken out of the text. Absent: none. */
  readonly secrets?: readonly SecretKind[];
  /** When it was edited last, as Slack's `ts`. Absent: it was not. */
  readonly edited?: string;
  readonly files?: readonly RecordedFile[];
}

/** Where a message stands in Slack. */
interface MessagePlace {
  readonly channel: string;
  readonly ts: string;
}

/** New words of a recorded message. `ts`: when they were written, in Slack's time; `channel`: where. */
interface MessageEdit {
  readonly ts: string;
  readonly text: string;
  readonly channel: string;
  readonly secrets?: readonly SecretKind[];
}

/** Who asks, from where, when. `key` names the delivery: the same key twice is one fact (null: no such promise). */
export interface Asking {
  readonly team: string;
  readonly by: Person;
  readonly source: Source;
  readonly key: string | null;
  /**
   * What was asked under that key, as a fingerprint, where the asker chose the key: with another request it names two, and
   * the second is refused. Absent where a key cannot be used twice.
   */
  readonly asked?: string | null;
  readonly now: Date;
  /**
   * Private incidents are visible to their members, and to those who were given that right (a token created with
   * --private). In Slack: to whoever asks in the incident's own channel, and of that incident only.
   */
  readonly seesPrivate: boolean;
  /** What kind of account `by` has, as far as the front knows; absent: nobody has looked. */
  readonly account?: Account;
  /** Whose word this is where no person speaks: the owner of a token, or of a command line. Absent or null: nobody's. */
  readonly owner?: Person | null;
  /** The channel in Slack where it was typed, for what is to be told there later. Absent or null: in none. */
  readonly channel?: string | null;
}

/** What is known of whoever asks, beside the asking itself. */
export interface Asker {
  account: Account;
  /** Is in the incident's channel now; null: that could not be found out. */
  present: boolean | null;
  /** Is one of the people, or in one of the groups, that the rule names. */
  among: boolean;
}

/** What deciding may have to look up beside the bounded state: at most one entry, found by the caller. */
export interface Found {
  /** The entry that the intent names (`edit 4`), or the asker's own last one (`undo`). */
  entry: Entry | null;
  /** Where something is struck: all unstruck entries that change what the incident is (restored.ts), in order of recording. */
  changes: Entry[];
  /** The entry that captured that message before. */
  captured: Entry | null;
  /** When the message of `entry` was written, and in which zone its author's times are meant. Absent: it is no message. */
  written?: Written;
  /** What the asker has recorded and nobody has struck, where lines are pasted that may be among it. Absent: nothing. */
  notes?: readonly Entry[];
  /** All facts about the entry, in order. Absent: not looked up. */
  history?: readonly Fact[];
  /** From when on there was damage, as the first impact says that says it; null or absent: none does. */
  damageFrom?: string | null;
  /** Has that action item been completed? */
  actionDone: boolean;
  /** The action item that the intent names, as it is now; null: there is none. */
  item?: ActionItem | null;
  /** The number for a new incident. */
  number: number;
  /** Which run holds the target that a new run, or an undo, wants; absent or null: none. */
  holder?: { incident: number; run: number; hidden?: boolean } | null;
  /** The entry of the alert that is to be recorded, where the incident has one; absent or null: it has not. */
  alert?: Entry | null;
  /** The other incident that it is about; absent or null: there is none that the asker may see. */
  target?: IncidentState | null;
  /** What tocsin.yml says of the public page; absent: nothing. */
  publicly?: PublicRules;
  /** What tocsin.yml says of paging; absent: nothing. */
  paging?: PagingRules;
  /** What people are called whom a page names by their ids; absent: nobody was looked up. */
  called?: ReadonlyMap<string, string>;
  /** Who asks, looked up; absent: as much as came with the asking. */
  asker?: Asker;
}

/** `zoneKnown`: the zone is the author's own, and not what is assumed where nobody knows it. */
interface Written {
  readonly sent: Date;
  readonly zone: string;
  readonly zoneKnown: boolean;
}

export type Decision = DraftFact[] | Refusal;

export type IntentOf<T extends Intent['type']> = Extract<Intent, { type: T }>;

/** What one type of intent leads to in an incident that there is. */
export type Rule<T extends Intent['type']> = (
  state: IncidentState,
  intent: IntentOf<T>,
  asking: Asking,
  found: Found,
) => Decision;
