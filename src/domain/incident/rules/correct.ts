import { mergeStands } from '../../link/decide.js';
import { isRefusal, type Refusal, refuse } from '../../refusal.js';
import { isPublicEntry } from '../../status/decide.js';
import { refOf } from '../../words.js';
import { isAddition } from '../action.js';
import type { Entry } from '../entry.js';
import type { DraftFact } from '../fact.js';
import type { Found, Rule } from '../intent.js';
import { restoredWithout } from '../restored.js';
import type { IncidentState } from '../state.js';

type Correction = 'EditEntry' | 'RetimeEntry' | 'StrikeEntry' | 'UndoLastEntry';

/** What follows from intents that correct the record. Nothing of it is changed: a fact says what counts instead. */
export const CORRECTING: { readonly [T in Correction]: Rule<T> } = {
  /** Words may be corrected where they are a person's own; the earlier words stay in the record as a fact. */
  EditEntry: (state, intent, _asking, found) => {
    const entry = correctable(state, found, intent.entry);
    if (isRefusal(entry)) return entry;
    if (isPublicEntry(entry)) return refuse('POST_IS_PUBLIC', { entry: entry.n, how: 'edit' });
    const wordless = entry.kind === 'action' && !isAddition(entry.detail);
    const next = wordless
      ? 'Strike it if it is wrong: `strike N REASON`.'
      : entry.detail.measured
        ? 'What was measured stays as it was measured: `strike N REASON`, and `impact measure` again.'
        : insteadOf(entry);
    return next
      ? refuse('ENTRY_NOT_EDITABLE', { entry: entry.n, kind: entry.kind, next })
      : [{ type: 'EntryEdited', data: { entry: entry.n }, texts: { text: intent.text } }];
  },

  RetimeEntry: (state, intent, _asking, found) => {
    const entry = correctable(state, found, intent.entry);
    if (isRefusal(entry)) return entry;
    const { at, until, precision } = intent.moment;
    if (entry.detail.measured) {
      const next =
        'What was measured was measured then: `impact measure --from TIME --to TIME` measures anew.';
      return refuse('ENTRY_NOT_EDITABLE', { entry: entry.n, kind: entry.kind, next });
    }
    return (
      ofMachine(entry) ?? [
        {
          type: 'EntryRetimed',
          data: { entry: entry.n, at, until, precision, ...publicOf(entry) },
          texts: {},
        },
      ]
    );
  },

  /** Struck entries stay visible as struck. What such an entry had changed (a status, a title) is what it was before. */
  StrikeEntry: (state, intent, _asking, found) => {
    const entry = correctable(state, found, intent.entry);
    if (isRefusal(entry)) return entry;
    const machine = ofMachine(entry) ?? mergeStands(entry, state);
    if (machine) return machine;
    if (entry.kind === 'opened') {
      const next = 'An incident cannot be un-opened: `resolve` it and say why.';
      return refuse('ENTRY_NOT_EDITABLE', { entry: entry.n, kind: entry.kind, next });
    }
    return [strike(entry, found, intent.reason)];
  },

  /** `undo`: the asker's own last entry that nobody struck. */
  UndoLastEntry: (state, _intent, _asking, found) => {
    const { entry } = found;
    if (!entry || entry.struck || entry.kind === 'opened') {
      return refuse('NOTHING_TO_UNDO', { ref: refOf(state.number) });
    }
    const stands = mergeStands(entry, state);
    if (stands) return stands;
    return [strike(entry, found, 'undone by its author')];
  },
};
/** @returns the entry, or why it cannot be corrected. */
function correctable(state: IncidentState, found: Found, entry: number): Entry | Refusal {
  const ref = refOf(state.number);
  if (!found.entry || found.entry.n !== entry) return refuse('NO_SUCH_ENTRY', { ref, entry });
  if (found.entry.struck) return refuse('ENTRY_STRUCK', { ref, entry });
  return found.entry;
}

/** How to correct what an entry records, where its words are not free text. */
const INSTEAD: Partial<Record<Entry['kind'], string>> = {
  opened: 'Change the title with `title TEXT`.',
  title: 'Change the title with `title TEXT`.',
  role: 'Assign the role again: `role NAME @person`.',
  milestone: 'Mark it again: `mark MILESTONE TIME`.',
  component: 'Use `component add NAME` or `component remove NAME`.',
  run: 'What a run did stays as it was; add what is to be known with `note`.',
  step: 'What a run did stays as it was; add what is to be known with `note`.',
  alert: 'What monitoring said stays as it was said; `split KEY` takes alerts out that belong elsewhere.',
  link: 'Strike it, and link them anew: `link INC-9 REASON`.',
  bridge: 'Strike it, and open another one: `bridge https://…`.',
  page: 'Who was paged stays as it was; add what is to be known with `note`.',
  post: 'What the public was told stays as it was told: `publish` a correction.',
};

const OF_MACHINES: ReadonlySet<Entry['kind']> = new Set<Entry['kind']>([
  ...(['run', 'step', 'alert', 'page'] as const),
]);

function insteadOf({ kind, detail }: Entry): string | undefined {
  if (detail.promise) return 'Promise another time with `next 30m`, or none with `next off`.';
  return detail.watch
    ? 'What a watch saw stays as it was; add what is to be known with `note`.'
    : INSTEAD[kind];
}

/** What a run did, a watch saw, and what monitoring said, is not for people to correct. */
function ofMachine(entry: Entry): Refusal | null {
  const next = insteadOf(entry);
  if (!next || !(OF_MACHINES.has(entry.kind) || entry.detail.watch)) return null;
  return refuse('ENTRY_NOT_EDITABLE', { entry: entry.n, kind: entry.kind, next });
}

/** The page follows. */
function publicOf(entry: Entry): { public?: true } {
  return isPublicEntry(entry) ? { public: true } : {};
}

/** A struck entry counts no longer: the fact says what counts instead. */
export function strike(entry: Entry, found: Found, reason: string): DraftFact {
  const instead = restoredWithout(found.changes, entry);
  return {
    type: 'EntryStruck',
    data: {
      ...{ entry: entry.n, restored: instead?.restored ?? null, ...publicOf(entry) },
      ...(entry.kind === 'action' && entry.detail.action !== undefined && { action: entry.detail.action }),
    },
    texts: { reason, ...instead?.texts },
  };
}
