import { runRef } from '#domain/run-fact.js';
import type { Json } from '#domain/runbook.js';
import type { RunView, StepView } from '#domain/runbook-run.js';
import { type IncidentState, refOf } from '#domain/state.js';
import { LEFT_OUT } from '#domain/template.js';

/**
 * What the templates of a run may read. What a step that was left out would have given is nothing to a `when`; whatever
 * else reads it is told so.
 */
export function scopeOf(view: RunView, incident: IncidentState): Record<string, unknown> {
  const steps: Record<string, unknown> = {};
  for (const [id, phases] of view.steps) if (phases.run?.outcome) steps[id] = given(phases.run);
  return {
    inputs: view.inputs,
    steps,
    incident: incidentScope(incident),
    run: { id: runRef(view.state.run) },
  };
}

/** One that somebody skipped may have done a part of it before. */
function given({ outcome, output }: StepView): Readonly<Record<string, Json>> {
  return outcome === 'skipped' && Object.keys(output).length === 0 ? LEFT_OUT : output;
}

/** What a definition may know of its incident. */
export function incidentScope(incident: IncidentState): Record<string, string> {
  const { number, title, status, severity } = incident;
  return { ref: refOf(number), title, status, severity: severity ?? '' };
}
