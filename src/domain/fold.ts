import { unseal } from './chain.js';
import { amendmentOf, entryOf } from './entries.js';
import { evolve, start } from './evolve.js';
import type { Fact } from './fact.js';
import type { IncidentState } from './state.js';

/** How readings come out of facts: what `rebuild` runs over the whole record. */
export const FOLD = Object.freeze({
  unseal,
  entryOf,
  amendmentOf,
  evolve: (state: IncidentState | null, fact: Fact): IncidentState => {
    if (fact.type === 'IncidentOpened') return start(fact);
    if (state === null) throw new Error('a stream that does not begin with its opening');
    return evolve(state, fact);
  },
});
