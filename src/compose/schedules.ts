import { isRefusal } from '#domain/refusal.js';
import type { RunWorld } from '#runs/context.js';
import type { ScheduleWorld } from '#schedules/world.js';
import type { Core } from './core.js';
import { proposeOf } from './propose.js';

/** Everything that scheduled work stands on. */
export function scheduleWorldOf({ store, handle, runbooks }: Core, world: RunWorld): ScheduleWorld {
  const propose = proposeOf(runbooks);
  return {
    tell: world.tell,
    facts: world.facts,
    systems: world.systems,
    scrub: world.scrub,
    owe: world.owe,
    now: world.now,
    log: world.log,
    incident: world.incident,
    schedules: store.schedules,
    openIncidents: (team) => store.incidents.open(team),
    recordedIn: async (team, key) => (await store.incidents.receiptOf(team, key))?.incident ?? null,
    async propose(_team, runbook, inputs) {
      const proposed = await propose({ runbook, inputs, planOnly: false });
      return isRefusal(proposed) ? proposed : proposed.intent;
    },
    async open(intent, asking) {
      const answer = await handle(intent, null, asking);
      return isRefusal(answer) ? answer : answer.incident;
    },
  };
}
