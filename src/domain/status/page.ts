import type { PostState, Precision } from '../words.js';

/** States of a component, the best first. `maintenance` is planned, and is worse than nothing but working. */
export const COMPONENT_STATES = ['operational', 'maintenance', 'degraded', 'partial', 'major'] as const;
export type ComponentState = (typeof COMPONENT_STATES)[number];

/** States of planned work, in the order in which it goes through them; `cancelled` may come instead of any but the last. */
export const MAINTENANCE_STATES = ['scheduled', 'in_progress', 'completed', 'cancelled'] as const;
export type MaintenanceState = (typeof MAINTENANCE_STATES)[number];

export const IMPACTS = ['none', 'minor', 'major', 'critical'] as const;
export type PublicImpact = (typeof IMPACTS)[number];

/**
 * What the public may know, and nothing else: made of facts by `publicPage` (read.ts), and all that pages, feeds and the JSON
 * are made of. Every time is UTC, ISO 8601 with whole seconds and `Z`. Names and texts are as people wrote them: whoever puts
 * them into HTML, XML or Slack encodes them.
 */
export interface PublicPage {
  /** When the reading was made. */
  readonly at: string;
  /** The newest thing that was published, corrected or withdrawn; null: nothing yet. */
  readonly updatedAt: string | null;
  readonly overall: Overall;
  /** In the order of tocsin.yml, those that it does not name behind them by name. */
  readonly components: readonly PublicComponent[];
  /** Newest first by `startedAt`; open ones are among them. */
  readonly incidents: readonly PublicIncident[];
  /** Newest first by `from`. */
  readonly maintenances: readonly PublicMaintenance[];
}

/**
 * `indicator` as in Statuspage's API. `kind` names the sentence to show: nothing is wrong; an open incident that names no state
 * of a component; the worst state of a component.
 */
export interface Overall {
  readonly indicator: PublicImpact | 'maintenance';
  readonly kind: 'operational' | 'incident' | 'maintenance' | 'degraded' | 'partial' | 'major';
}

export interface PublicComponent {
  /** Opaque, 12 lower-case letters and digits, the same for ever for the same name. */
  readonly id: string;
  readonly name: string;
  /** For addresses: lower-case letters, digits and dashes; no two components have the same. */
  readonly slug: string;
  /** The name of its group; null: in none. */
  readonly group: string | null;
  readonly description: string | null;
  readonly state: ComponentState;
  /** Since when it is in that state; null: nobody has ever said anything of it. */
  readonly stateSince: string | null;
  /** From when on anything is known of it. */
  readonly knownFrom: string;
  /** The last 90 days in the page's zone, today last. */
  readonly days: readonly PublicDay[];
  /** Over the part of those 90 days that is known; null: none is. */
  readonly uptime: Uptime | null;
}

export interface PublicDay {
  /** `2024-11-10`, in the page's zone. */
  readonly date: string;
  /** The worst state of that day; null: nothing is known of it. */
  readonly worst: ComponentState | null;
  /** Seconds of that day of which anything is known, and of these in which state; an absent state: 0. */
  readonly known: number;
  readonly seconds: Readonly<Partial<Record<ComponentState, number>>>;
  /** `ref` of the incidents and maintenances that touched it on that day. */
  readonly refs: readonly string[];
}

/** A major outage counts whole, a partial one for 30 %, the rest not at all; seconds of which nothing is known are left out. */
export interface Uptime {
  /** Between 0 and 1. */
  readonly ratio: number;
  readonly knownSeconds: number;
  readonly downSeconds: number;
}

/** How much of its time a state counts as not up. */
export const DOWN_WEIGHT: Readonly<Partial<Record<ComponentState, number>>> = { major: 1, partial: 0.3 };

export interface PublicIncident {
  /** Opaque, 12 lower-case letters and digits. */
  readonly id: string;
  /** What its address ends with: `INC-7`; of a private incident its `id`, because its number is nobody's business. */
  readonly ref: string;
  /** Written for the public, never the incident's own title; null: none was given, and the page words one from components. */
  readonly title: string | null;
  /** Of the newest post by happened time that is not withdrawn; `resolved` where all of them are. */
  readonly state: PostState;
  /** Whether it is over for the public: `resolved`, or `postmortem`. */
  readonly over: boolean;
  readonly impact: PublicImpact;
  /** When its first post, or state of a component, says that it began. */
  readonly startedAt: string;
  /** The newest thing in it: a post, a correction, a withdrawal, a state of a component. By the time of recording. */
  readonly updatedAt: string;
  /** When it was first recorded. */
  readonly createdAt: string;
  readonly monitoringAt: string | null;
  /** null: it goes on, again perhaps; or all its posts were withdrawn. */
  readonly resolvedAt: string | null;
  /** By when the next update was promised; null: not promised, or over. */
  readonly nextBy: string | null;
  /** All that it touched, with the worst state that it set and the one at the moment. */
  readonly components: ReadonlyArray<{ name: string; worst: ComponentState; state: ComponentState }>;
  /** Newest first by happened time. Withdrawn ones are among them, without words. */
  readonly posts: readonly PublicPost[];
}

export interface PublicPost {
  readonly id: string;
  /** The number of its entry. */
  readonly n: number;
  readonly state: PostState | MaintenanceState;
  /** When it happened; of a plan: when it was told of. */
  readonly at: string;
  readonly precision: Precision;
  readonly recordedAt: string;
  /** null: withdrawn, or erased; or planned work that goes on without words. */
  readonly text: string | null;
  readonly correctedAt: string | null;
  readonly withdrawnAt: string | null;
  readonly nextBy: string | null;
  /**
   * What it says of components, also by ending the incident or the work: `from` is what this incident made of it until then.
   * `to` null: it names the component, and no state. None, if it was withdrawn.
   */
  readonly components: ReadonlyArray<{ name: string; from: ComponentState; to: ComponentState | null }>;
}

export interface PublicMaintenance {
  readonly id: string;
  /** `MNT-3`. */
  readonly ref: string;
  readonly title: string;
  readonly state: MaintenanceState;
  /** As planned. */
  readonly from: string;
  readonly to: string;
  /** As it was; null: not yet. */
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly components: readonly string[];
  readonly posts: readonly PublicPost[];
}
