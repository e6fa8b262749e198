import { proposeOf } from '#compose/propose.js';
import { openRunbooks } from '#compose/runbooks.js';
import { planSteps } from '#deliver/run-plan.js';
import { isRefusal } from '#domain/refusal.js';
import type { RunPlan } from '#domain/runbook-plan.js';
import { UNKNOWN } from '#domain/unknown.js';
import { ACTIONS } from '#runbooks/actions.js';
import { configWithSecret, readAsked, refusalText } from './runbook-asked.js';
import { plain, planText } from './runbook-text.js';
import type { Io } from './verb.js';

// A plan of no incident: whatever would be read of one is known when it runs.
const INCIDENT = { ref: UNKNOWN, title: UNKNOWN, status: UNKNOWN, severity: UNKNOWN };

/** `runbook plan NAME [key=value]…`: reads what a run would do and prints it. Nothing is changed, nothing recorded. */
export async function planRunbook(args: string[], io: Io): Promise<number> {
  const asked = readAsked(args, 'plan');
  const runbooks = await openRunbooks(configWithSecret(io, 'nothing'));
  const { scrub, systems } = runbooks;
  const no = (text: string) => {
    io.err(`${scrub.text(text)}\n`);
    return 1;
  };
  try {
    const proposed = await proposeOf(runbooks)({ ...asked, planOnly: true });
    if (isRefusal(proposed)) return no(refusalText(proposed).trimEnd());
    const { intent } = proposed;
    const runbook = intent.type === 'ProposeRun' ? runbooks.read(intent.definition) : null;
    if (intent.type !== 'ProposeRun' || !runbook) return no(`${asked.runbook} cannot be read.`);
    const scope = { inputs: JSON.parse(intent.inputs), incident: INCIDENT, run: { id: UNKNOWN } };
    const world = { actions: ACTIONS, systems, scrub, now: () => new Date() };
    let plan: RunPlan;
    try {
      const of = { target: intent.target, key: `plan/${runbook.name}`, scope };
      plan = await planSteps(of, runbook, world, new AbortController().signal);
    } catch (error) {
      return no(`No plan can be made: ${plain(error instanceof Error ? error.message : String(error))}`);
    }
    await io.out(scrub.text(planText(runbook, plan)));
    return 0;
  } finally {
    await runbooks.close();
  }
}
