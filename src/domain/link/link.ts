import { type BodyOf, happened, id, number, shape } from '../shape.js';
import { refOf } from '../words.js';

// Incidents that have to do with each other. Each records its own half: the one in which it was said first, the other by the
// bot, as soon as the first is on disk. A link is known by the first one's entry, whichever half one looks at.

/** `theirs`: in the other half, the entry that the first one has of it. */
export const LINK_FACTS = {
  IncidentLinked: shape({ ...happened, other: number, theirs: number.optional() }, { optional: ['text'] }),
  /** It was the same as another, and goes on there: resolved from then on. `channel`: where that is, if it has one. */
  IncidentMerged: shape({ ...happened, into: number, channel: id.optional() }, { optional: ['text'] }),
  /** The other half of that. */
  IncidentTakenIn: shape({ ...happened, from: number, theirs: number }, { optional: ['text'] }),
};

export type LinkFactBody = BodyOf<typeof LINK_FACTS>;

/** `linked`: they have to do with each other; `into`: this one goes on there; `from`: that one goes on here. */
export type LinkKind = 'linked' | 'into' | 'from';

/** What an incident remembers of another one. */
export interface Link {
  /** The entry that says so here. */
  n: number;
  other: number;
  how: LinkKind;
  /** The entry that said so there, where it was said first; absent: it was here. */
  theirs?: number;
  /** Where it goes on. */
  channel?: string;
}

/** What is asked about links. The bot asks for the other half of what a person has asked for. */
export type LinkIntent =
  | { type: 'LinkIncidents'; to: number; reason: string }
  /** `leavePublic`: also where the public was told that it goes on, and not that it is over. */
  | { type: 'MergeIncident'; to: number; reason: string | null; leavePublic: boolean }
  | { type: 'NoteLinked'; other: number; theirs: number; text: string | null }
  | { type: 'NoteTakenIn'; from: number; theirs: number; text: string | null }
  /** What was said of that other one, known by the first one's entry, does not count any more. */
  | { type: 'NoteUnlinked'; other: number; first: number };

/** @returns the incident in which a merged one goes on; null: it is not merged */
export function mergedInto({ links = [] }: { links?: readonly Link[] }): number | null {
  return links.find(({ how }) => how === 'into')?.other ?? null;
}

/** @returns the entry by which both halves know a link */
export function firstOf({ n, theirs }: Link): number {
  return theirs ?? n;
}

export function evolveLinks(links: readonly Link[] = [], fact: LinkFactBody): Link[] {
  const { n } = fact.data;
  switch (fact.type) {
    case 'IncidentLinked': {
      const { other, theirs } = fact.data;
      return [...links, { n, other, how: 'linked', ...(theirs !== undefined && { theirs }) }];
    }
    case 'IncidentMerged': {
      const { into, channel } = fact.data;
      // Two that were linked before are more than that now.
      const others = links.filter(({ other }) => other !== into);
      return [...others, { n, other: into, how: 'into', ...(channel !== undefined && { channel }) }];
    }
    case 'IncidentTakenIn': {
      const { from, theirs } = fact.data;
      return [...links.filter(({ other }) => other !== from), { n, other: from, how: 'from', theirs }];
    }
  }
}

/** `linked with INC-9`, `merged into INC-7`, `INC-8 is merged into this one`. */
export function linkWords(how: LinkKind, other: string): string {
  switch (how) {
    case 'linked':
      return `linked with ${other}`;
    case 'into':
      return `merged into ${other}`;
    case 'from':
      return `${other} is merged into this one`;
  }
}

/** All of them in one line, in the order in which they were said; empty where there are none. */
export function linksText(links: readonly Link[] = []): string {
  return links.map(({ how, other }) => linkWords(how, refOf(other))).join(', ');
}
