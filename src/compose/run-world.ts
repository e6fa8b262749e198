import type { RunWorld } from '#deliver/run-ports.js';
import type { Log } from '#log.js';
import { ACTIONS } from '#runbooks/actions.js';
import type { SlackClient } from '#slack/client.js';
import { approversFrom } from './approvers.js';
import type { Core } from './core.js';

/** Everything that taking runs along stands on. @param nudge wakes lanes that owe something now */
export function runWorldOf(
  { store, handle, runbooks }: Core,
  slack: SlackClient | null,
  nudge: (lanes: string[]) => void,
  log: Log,
): RunWorld {
  return {
    outbox: store.outbox,
    incident: async (team, incident) => (await store.load(team, incident))?.state ?? null,
    async facts(team, incident, run) {
      // Whoever takes a run along begins here. The worker before us may have read keys that we have not, and a program
      // may print what no step has read: they are known before anything is done.
      await runbooks.learnKeys();
      return store.runFacts(team, incident, run);
    },
    targets: store.targets,
    tell: (intent, incident, asking) => handle(intent, incident, asking),
    readRunbook: (source) => runbooks.read(source),
    actions: ACTIONS,
    systems: runbooks.systems,
    scrub: runbooks.scrub,
    approversOf: approversFrom(runbooks, store, slack, log),
    gone: async (team, people) =>
      (await store.people.byIds(team, people)).filter(({ deleted }) => deleted).map(({ id }) => id),
    async owe(effect, of) {
      await store.outbox.owe(effect, of);
      if (!of.inMs) nudge([of.lane]);
    },
    now: () => new Date(),
    log,
  };
}
