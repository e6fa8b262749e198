import { isRefusal, type Refusal, refuse } from '../../refusal.js';
import { refOf } from '../../words.js';
import type { Entry } from '../entry.js';
import type { DraftFact } from '../fact.js';
import { standingWithout } from '../standing.js';
import type { IncidentState } from '../state.js';
import { type Decision, type Found, type IntentOf, standing } from './record.js';

/** How to correct what an entry records, where its words are not free text. */
const INSTEAD: Partial<Record<Entry['kind'], string>> = {
  opened: 'Change the title with `title TEXT`.',
  title: 'Change the title with `title TEXT`.',
  role: 'Assign the role again: `role NAME @person`.',
  milestone: 'Mark it again: `mark MILESTONE TIME`.',
  component: 'Use `component add NAME` or `component remove NAME`.',
  run: 'What a run did stays as it was; add what is to be known with `note`.',
  step: 'What a run did stays as it was; add what is to be known with `note`.',
  post: 'What the public was told stays as it was told: `publish` a correction.',
};

/** Words may be corrected where they are a person's own; the earlier words stay in the record as a fact. */
export function editEntry(state: IncidentState, intent: IntentOf<'EditEntry'>, found: Found): Decision {
  const entry = standing(state, found, intent.entry);
  if (isRefusal(entry)) return entry;
  const refusal = notEditable(entry);
  return refusal ?? [{ type: 'EntryEdited', data: { entry: entry.n }, texts: { text: intent.text } }];
}

function notEditable(entry: Entry): Refusal | null {
  const done = entry.kind === 'action' && entry.detail.done === true;
  const next = done ? 'Strike it if it is wrong: `strike N REASON`.' : INSTEAD[entry.kind];
  return next ? refuse('ENTRY_NOT_EDITABLE', { entry: entry.n, kind: entry.kind, next }) : null;
}

export function retimeEntry(state: IncidentState, intent: IntentOf<'RetimeEntry'>, found: Found): Decision {
  const entry = standing(state, found, intent.entry);
  if (isRefusal(entry)) return entry;
  const machine = ofMachine(entry);
  if (machine) return machine;
  const { at, until, precision } = intent.moment;
  return [{ type: 'EntryRetimed', data: { entry: entry.n, at, until, precision }, texts: {} }];
}

/** Struck entries stay visible as struck. What such an entry had changed (a status, a title) is what it was before. */
export function strikeEntry(state: IncidentState, intent: IntentOf<'StrikeEntry'>, found: Found): Decision {
  const entry = standing(state, found, intent.entry);
  if (isRefusal(entry)) return entry;
  const machine = ofMachine(entry);
  if (machine) return machine;
  if (entry.kind === 'opened') {
    const next = 'An incident cannot be un-opened: `resolve` it and say why.';
    return refuse('ENTRY_NOT_EDITABLE', { entry: entry.n, kind: entry.kind, next });
  }
  return [strike(entry, found, intent.reason)];
}

/** What a run did is not for people to correct. */
function ofMachine(entry: Entry): Refusal | null {
  const next = INSTEAD[entry.kind];
  if (!next || (entry.kind !== 'run' && entry.kind !== 'step')) return null;
  return refuse('ENTRY_NOT_EDITABLE', { entry: entry.n, kind: entry.kind, next });
}

/** What stood by that entry stands no longer: the fact says what does instead. */
function strike(entry: Entry, found: Found, reason: string): DraftFact {
  const standing = standingWithout(found.changes, entry);
  return {
    type: 'EntryStruck',
    data: { entry: entry.n, restored: standing?.restored ?? null },
    texts: { reason, ...standing?.texts },
  };
}

/** `undo`: the asker's own last entry that still stands. */
export function undoLastEntry(state: IncidentState, found: Found): Decision {
  const entry = found.entry;
  if (!entry || entry.struck || entry.kind === 'opened') {
    return refuse('NOTHING_TO_UNDO', { ref: refOf(state.number) });
  }
  return [strike(entry, found, 'undone by its author')];
}
