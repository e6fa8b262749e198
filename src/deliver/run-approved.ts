import type { Json, StepSpec } from '#domain/runbook.js';
import type { RunView } from '#domain/runbook-run.js';
import { fill } from '#domain/template.js';
import { couldBe, UNKNOWN } from '#domain/unknown.js';

/**
 * What was approved is what is done. The incident may get another title or severity while a run is under way: a step
 * that mentions them says and does what the plan said.
 * @param given the step's input as it would be now
 * @returns the input to use
 */
export function inputAsApproved(
  view: RunView,
  spec: StepSpec,
  given: Json,
  scope: Record<string, unknown>,
): Json {
  const planned = plannedStep(view, spec);
  if (!planned || planned.when === 'left out' || JSON.stringify(planned.input) === JSON.stringify(given))
    return given;
  // As a plan would keep it, had nothing been known of the incident.
  const open = JSON.parse(JSON.stringify(fill(spec.with, { ...scope, incident: UNKNOWN }))) as Json;
  return couldBe(open, planned.input) && couldBe(open, given) ? planned.input : given;
}

/**
 * Held to the plan wherever it could know what a step would be given.
 * @returns what to ask; null: it is as planned, or a person has said *retry* and so saw how things stand
 */
export function unlikeThePlan(view: RunView, spec: StepSpec, given: Json): string | null {
  const planned = plannedStep(view, spec);
  if (!planned || (planned.effect === 'read' && !planned.sends)) return null;
  if (view.steps.get(spec.id)?.run?.answer?.choice === 'retry') return null;
  // Only a step that the plan could not know in full has anything open: a value that reads so by chance has not.
  const same = JSON.stringify(planned.input) === JSON.stringify(given);
  if (same ? planned.when !== 'left out' : planned.when === 'maybe' && couldBe(planned.input, given))
    return null;
  return 'it would now do something else than what was approved';
}

function plannedStep(view: RunView, spec: StepSpec) {
  return view.plan?.steps.find(({ id }) => id === spec.id) ?? null;
}
