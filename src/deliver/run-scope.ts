import { runRef } from '#domain/run-fact.js';
import type { RunView } from '#domain/runbook-run.js';
import { type IncidentState, refOf } from '#domain/state.js';

/** What the templates of a run may read. A step that was left out has no outputs: reading one is an error that says so. */
export function scopeOf(view: RunView, incident: IncidentState): Record<string, unknown> {
  const steps: Record<string, unknown> = {};
  for (const [id, phases] of view.steps) if (phases.run?.outcome) steps[id] = phases.run.output;
  return {
    inputs: view.inputs,
    steps,
    incident: incidentScope(incident),
    run: { id: runRef(view.state.run) },
  };
}

/** What a definition may know of its incident. */
export function incidentScope(incident: IncidentState): Record<string, string> {
  const { number, title, status, severity } = incident;
  return { ref: refOf(number), title, status, severity: severity ?? '' };
}
