import type { Asking } from '../intent.js';
import { LIMITS } from '../limits.js';
import type { Moment } from '../moment.js';
import { refuse } from '../refusal.js';
import type { IncidentState } from '../state.js';
import { type Decision, given, happened, type IntentOf, numbered, tooMany } from './context.js';

/**
 * Impact as entered. When it says from when to when, that is where it stands in the timeline;
 * otherwise it stands where it was recorded.
 */
export function recordImpact(
  state: IncidentState,
  intent: IntentOf<'RecordImpact'>,
  asking: Asking,
): Decision {
  const { text, failed, total, from, to } = intent;
  if (text === null && failed === null && total === null && intent.components.length === 0) {
    return refuse('IMPACT_EMPTY', { form: 'impact TEXT, or impact --failed 19 --from 01:41 --to 01:44' });
  }
  if (failed !== null && total !== null && failed > total) {
    return refuse('IMPACT_CONTRADICTS', { why: `${failed} failed of ${total}` });
  }
  if (from && to && to.at < from.at) {
    return refuse('TIME_RANGE_BACKWARDS', { from: from.at, to: to.at });
  }
  const components = [...new Set(intent.components)];
  const excess = tooMany(
    'components',
    components.length,
    LIMITS.components,
    'Name the ones that matter most.',
  );
  if (excess) return excess;
  return [
    {
      type: 'ImpactRecorded',
      data: {
        ...happened(state, asking, span(from, to)),
        failed,
        total,
        from: from?.at ?? null,
        to: to?.at ?? null,
        components: components.length,
      },
      texts: { ...given({ text }), ...numbered('component', components) },
    },
  ];
}

function span(from: Moment | null, to: Moment | null): Moment | null {
  if (from && to) {
    // A span is as vague as its vaguer end.
    const precision = from.precision === 'second' ? to.precision : from.precision;
    return { at: from.at, until: to.at, precision };
  }
  return from ?? to;
}
