import type { Asking } from '../intent.js';
import { LIMITS } from '../limits.js';
import { momentNow } from '../moment.js';
import { type Decision, type IntentOf, numbered, tooMany } from './context.js';

/** The first fact of an incident. Its number comes from the caller: two who race for one are told apart by the store. */
export function openIncident(intent: IntentOf<'OpenIncident'>, asking: Asking): Decision {
  const components = [...new Set(intent.components)];
  const excess = tooMany(
    'components',
    components.length,
    LIMITS.components,
    'Name the ones that matter most.',
  );
  if (excess) return excess;
  const { at, until, precision } = intent.moment ?? momentNow(asking.now);
  return [
    {
      type: 'IncidentOpened',
      data: {
        n: 1,
        at,
        until,
        precision,
        severity: intent.severity,
        private: intent.private,
        drill: intent.drill,
        components: components.length,
      },
      texts: { title: intent.title, ...numbered('component', components) },
    },
  ];
}

/** The record of what is done outside of incidents: it has a title so that it reads like one. */
export function openStandingRecord(asking: Asking): Decision {
  const data = {
    n: 1,
    ...momentNow(asking.now),
    severity: null,
    private: false,
    drill: false,
    components: 0,
  };
  return [{ type: 'IncidentOpened', data, texts: { title: 'Scheduled work' } }];
}
