import { unseal } from '#domain/chain.js';
import { isOfRun } from '#domain/evolve.js';
import type { Fact } from '#domain/fact.js';
import { sees, unseen, type Viewer } from '#domain/permission.js';
import type { Refusal } from '#domain/refusal.js';
import { runsOf } from '#domain/run-state.js';
import { type RunView, runViewsOf } from '#domain/runbook-run.js';
import type { IncidentState } from '#domain/state.js';
import type { Dossier } from '#render/dossier.js';
import type { Snapshot } from '#store/snapshot.js';
import type { Store } from '#store/store.js';

export type { Viewer } from '#domain/permission.js';

/**
 * The only way to look at an incident: may this person see it, then fold.
 * A private incident answers exactly like one that does not exist.
 */
export interface Read {
  incident(viewer: Viewer, incident: number): Promise<IncidentState | Refusal>;
  /** Incidents that are not resolved, oldest first. */
  open(viewer: Viewer): Promise<IncidentState[]>;
  /** The newest incidents first. */
  list(viewer: Viewer, limit: number): Promise<IncidentState[]>;
  /** Whose channel this is, or null. */
  ofChannel(team: string, channel: string): Promise<number | null>;
  /** Its runs, in order of their numbers. */
  runs(viewer: Viewer, incident: number): Promise<RunView[] | Refusal>;
  /** Everything of one incident, as it stood at one moment. The dossier is dead once `look` has returned. */
  dossier<T>(viewer: Viewer, incident: number, look: (dossier: Dossier) => Promise<T>): Promise<T | Refusal>;
}

/** @param inChannel is that person in that channel now? null: Slack does not say */
export function createRead(
  store: Store,
  inChannel: (team: string, channel: string, person: string) => Promise<boolean | null> = async () => null,
): Read {
  const hidden = unseen;
  const maySee = (state: IncidentState, viewer: Viewer) => sees(state, viewer, inChannel);
  const seen = async (list: IncidentState[], viewer: Viewer) => {
    const may = await Promise.all(list.map((state) => maySee(state, viewer)));
    return list.filter((_, i) => may[i]);
  };
  return {
    async incident(viewer, incident) {
      const known = await store.load(viewer.team, incident);
      return known && (await maySee(known.state, viewer)) ? known.state : hidden(incident);
    },
    async open(viewer) {
      return seen(await store.openIncidents(viewer.team), viewer);
    },
    async list(viewer, limit) {
      return seen(await store.listIncidents(viewer.team, { limit }), viewer);
    },
    ofChannel: (team, channel) => store.incidentOfChannel(team, channel),
    async runs(viewer, incident) {
      const known = await store.load(viewer.team, incident);
      if (!known || !(await maySee(known.state, viewer))) return hidden(incident);
      // A standing record has thousands; those of before are in its exports.
      const newest = runsOf(known.state).list.map(({ run }) => run);
      return runViewsOf(await store.factsOfRuns(viewer.team, incident, newest));
    },
    async dossier(viewer, incident, look) {
      // Before the snapshot: Slack may be asked, and no connection is held meanwhile.
      const first = await store.load(viewer.team, incident);
      if (!first || !(await maySee(first.state, viewer))) return hidden(incident);
      return store.snapshot(async (snapshot: Snapshot) => {
        const known = await snapshot.load(viewer.team, incident);
        if (!known) return hidden(incident);
        return look({
          state: known.state,
          head: known.head,
          facts: known.seq,
          entries: (only) => snapshot.entries(viewer.team, incident, only),
          factLines: () => snapshot.facts(viewer.team, incident),
          runs: () => runsIn(known.state, snapshot.facts(viewer.team, incident)),
        });
      });
    },
  };
}

/** Runs out of the facts of one snapshot; an incident without any is not read through. */
async function runsIn(state: IncidentState, facts: ReturnType<Snapshot['facts']>): Promise<RunView[]> {
  if (runsOf(state).count === 0) return [];
  const told: Fact[] = [];
  for await (const row of facts) {
    if (!/^(Run|Step)/.test(row.type)) continue;
    const fact = unseal(row);
    if (isOfRun(fact)) told.push(fact);
  }
  return runViewsOf(told);
}
