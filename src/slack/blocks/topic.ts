import type { IncidentState } from '#domain/state.js';
import { refOf } from '#domain/state.js';
import { MAX } from './block.js';
import { cut } from './cut.js';

/** @returns the channel's topic, at most 250 characters. Slack neither formats nor links a topic, so nothing is escaped. */
export function topic(state: IncidentState): string {
  const lead = state.roles.lead;
  const parts = [
    refOf(state.number),
    ...(state.drill ? ['drill'] : []),
    ...(state.severity ? [state.severity] : []),
    state.status,
    ...(lead ? [`lead ${cut(lead.name ?? lead.id, 60)}`] : []),
  ];
  return cut(`${parts.join(' · ')} · ${state.title.replace(/\s+/g, ' ')}`, MAX.topic);
}
