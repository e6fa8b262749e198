import type { Asking } from '../intent.js';
import { refuse } from '../refusal.js';
import { type IncidentState, refOf } from '../state.js';
import { type Decision, type Found, given, happened, type IntentOf } from './context.js';

export function addAction(state: IncidentState, intent: IntentOf<'AddAction'>, asking: Asking): Decision {
  const { text, owner } = intent;
  return [
    {
      type: 'ActionAdded',
      data: { ...happened(state, asking, null), action: state.actions + 1, owner: owner?.id ?? null },
      texts: given({ text, owner: owner?.name ?? null }),
    },
  ];
}

export function completeAction(
  state: IncidentState,
  intent: IntentOf<'CompleteAction'>,
  asking: Asking,
  found: Found,
): Decision {
  const { action } = intent;
  const ref = refOf(state.number);
  if (action < 1 || action > state.actions) return refuse('NO_SUCH_ACTION', { ref, action });
  if (found.actionDone) return refuse('ACTION_DONE', { ref, action });
  return [{ type: 'ActionCompleted', data: { ...happened(state, asking, null), action }, texts: {} }];
}
