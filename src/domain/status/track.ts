import type { Entry } from '../incident/entry.js';
import type { PostState } from '../words.js';
import type { Change, Touch } from './history.js';
import { COMPONENT_STATES, type ComponentState } from './page.js';

/** What is read of an entry: who recorded it is no part of that. */
export type PublicEntry = Pick<
  Entry,
  | 'n'
  | 'at'
  | 'until'
  | 'precision'
  | 'recordedAt'
  | 'editedAt'
  | 'kind'
  | 'text'
  | 'erased'
  | 'detail'
  | 'struck'
>;

/** What all incidents have said of a component, this far. */
export interface Heard {
  readonly changes: Change[];
  readonly touches: Touch[];
  /** The first moment of which somebody speaks, in ms since 1970. */
  first: number;
  /** When somebody first did (ISO 8601). */
  recorded: string;
  /** Somebody has said how it is. */
  said: boolean;
}

/** An entry, and from when on it counts. */
export interface Told {
  readonly entry: PublicEntry;
  readonly at: string;
  /** When it was recorded. */
  readonly recorded: string;
  readonly ms: number;
}

/** By happened time; of one moment as they were recorded. */
export function inOrder(entries: readonly PublicEntry[], now: number): Told[] {
  return entries
    .map((entry): Told => {
      const at = toldAt(entry);
      const ms = Date.parse(at);
      // What had happened by the clock that recorded it is no future, though ours may be behind that one.
      const past = ms > now && at <= seconds(entry.recordedAt) ? now : ms;
      return { entry, at, recorded: recordedAt(entry), ms: past };
    })
    .sort((a, b) => a.ms - b.ms || a.entry.n - b.entry.n);
}

/** A plan's own time is that of the work: it was told of when it was recorded. */
function toldAt(entry: PublicEntry): string {
  return isPlan(entry) ? seconds(entry.recordedAt) : momentOf(entry, entry.at);
}

/** A date alone counts from its beginning (UTC): its time of day means nothing. */
export function momentOf({ precision }: PublicEntry, at: string): string {
  return precision === 'date' ? `${at.slice(0, 10)}T00:00:00Z` : seconds(at);
}

/** What another page told was told then, whenever it was brought over. */
export function recordedAt(entry: PublicEntry): string {
  return entry.detail.imported === undefined ? seconds(entry.recordedAt) : toldAt(entry);
}

/** It says what is to be done to which components; whatever is posted later says how that goes. */
export function isPlan({ detail }: PublicEntry): boolean {
  return detail.maintenance !== undefined && detail.components !== undefined;
}

/** @returns the same with whole seconds */
export function seconds(stamp: string): string {
  return stamp.length === 20 ? stamp : `${stamp.slice(0, 19)}Z`;
}

/** How an incident goes, by its posts: open and over, and perhaps open again. */
export class Course {
  /** Of the newest post; null: there is none. */
  state: PostState | null = null;
  over = false;
  monitoringAt: string | null = null;
  resolvedAt: string | null = null;
  #openSince: number | null = null;
  readonly #past: Array<{ from: number; to: number }> = [];

  /** @returns whether it ends with this post: a postmortem ends only what nobody has said to be resolved */
  goOn(state: PostState, { at, ms }: Told): boolean {
    const ends = state === 'resolved' || (state === 'postmortem' && !this.over);
    this.state = state;
    if (ends) {
      if (!this.over) {
        this.#past.push({ from: this.#openSince ?? ms, to: ms });
        this.resolvedAt = at;
      }
      this.#openSince = null;
      this.over = true;
    } else if (state !== 'postmortem') {
      if (this.over) this.monitoringAt = null;
      if (state === 'monitoring') this.monitoringAt ??= at;
      this.#openSince ??= ms;
      this.over = false;
    }
    return ends;
  }

  /** From when to when it was open. */
  stretches(): Array<{ from: number; to: number }> {
    if (this.#openSince === null) return this.#past;
    return [...this.#past, { from: this.#openSince, to: Number.POSITIVE_INFINITY }];
  }
}

/** How one incident, or one planned work, says that components are; told in happened order. */
export class Track {
  readonly #components = new Map<string, Tracked>();
  readonly #heard: Map<string, Heard>;
  readonly #now: number;

  /** @param heard what was heard of each component, by its name: that of this track is added */
  constructor(heard: Map<string, Heard>, now: number) {
    this.#heard = heard;
    this.#now = now;
  }

  /** It has to do with that component. @returns how that is, by this track, until then */
  name(name: string, told: Told): ComponentState {
    return this.#of(name, told).state;
  }

  set(name: string, to: ComponentState, told: Told): void {
    const of = this.#of(name, told);
    of.worst = worse(of.worst ?? to, to);
    this.#put(of, to, told.ms);
  }

  /** It is as it should be again, though nobody has said so of that component. */
  end(name: string, told: Told): void {
    this.#put(this.#of(name, told), 'operational', told.ms);
  }

  states(): Tracked[] {
    return [...this.#components.values()];
  }

  /** Days on which it was open, or held a component to be anything but operational, are days on which it touched that. */
  touch(ref: string, open: ReadonlyArray<{ from: number; to: number }>): void {
    for (const { first, changes, heard } of this.#components.values()) {
      const add = (from: number, to: number) => {
        if (from <= this.#now && to >= first) heard.touches.push({ ref, from: Math.max(from, first), to });
      };
      for (const { from, to } of open) add(from, to);
      changes.forEach(({ at, to }, i) => {
        if (to !== 'operational') add(at, changes[i + 1]?.at ?? Number.POSITIVE_INFINITY);
      });
    }
  }

  #put(of: Tracked, to: ComponentState, at: number): void {
    const change = { at, from: of.state, to };
    of.state = to;
    if (change.from !== to) of.changes.push(change);
    if (at > this.#now) return;
    of.now = to;
    of.heard.said = true;
    if (change.from !== to) of.heard.changes.push(change);
  }

  #of(name: string, told: Told): Tracked {
    const of = this.#components.get(name) ?? this.#begin(name, told);
    if (told.recorded < of.heard.recorded) of.heard.recorded = told.recorded;
    return of;
  }

  #begin(name: string, { ms, recorded }: Told): Tracked {
    const heard = this.#heard.get(name) ?? { changes: [], touches: [], first: ms, recorded, said: false };
    heard.first = Math.min(heard.first, ms);
    this.#heard.set(name, heard);
    const good = 'operational';
    const of: Tracked = { name, first: ms, state: good, now: good, worst: null, changes: [], heard };
    this.#components.set(name, of);
    return of;
  }
}

interface Tracked {
  readonly name: string;
  /** When it was first spoken of. */
  readonly first: number;
  /** As was told last; `now`: without what lies in the future. */
  state: ComponentState;
  now: ComponentState;
  /** Of what was said of it; null: nothing was. */
  worst: ComponentState | null;
  readonly changes: Change[];
  readonly heard: Heard;
}

export function worse(a: ComponentState, b: ComponentState): ComponentState {
  return COMPONENT_STATES.indexOf(b) > COMPONENT_STATES.indexOf(a) ? b : a;
}
