import type { Signal } from './signal.js';

/** An alert as it is to be recorded in an incident: what a signal says of it, and where the rules have filed it. */
export interface RecordedAlert
  extends Pick<Signal, 'status' | 'since' | 'until' | 'title' | 'text' | 'labels' | 'values' | 'links'> {
  /** Its `alertId`. */
  readonly id: string;
  readonly source: string;
  readonly group: string;
  readonly key: string;
  readonly rule: string | null;
  /**
   * It is recorded in this incident, also if that is resolved by now: it has opened it, or a person has brought it here. Absent:
   * what begins belongs to one that is open.
   */
  readonly home?: true;
}

/** What is asked about the alerts of an incident. */
export type AlertIntent =
  /** A signal says so. Of what the incident knows already it records nothing. */
  | { type: 'RecordAlert'; alert: RecordedAlert }
  | { type: 'NoteAlertsShown'; group: string; channel: string; ts: string }
  /** A person says where a group belongs: to another incident, or (null) into one of its own. */
  | { type: 'MoveAlerts'; group: string; to: number | null }
  /** The other half of it: the group is at home here from now on. `hidden`: `from` is not to be read here. */
  | {
      type: 'TakeAlerts';
      group: string;
      key: string;
      source: string;
      rule: string | null;
      from: number;
      hidden: boolean;
    };
