import { unseal } from '#domain/chain.js';
import { isOfRun } from '#domain/evolve.js';
import type { Fact } from '#domain/fact.js';
import type { Asking } from '#domain/intent.js';
import { type Refusal, refuse } from '#domain/refusal.js';
import { runsOf } from '#domain/run-state.js';
import { type RunView, runViewsOf } from '#domain/runbook-run.js';
import { type IncidentState, maySee, refOf } from '#domain/state.js';
import type { Dossier } from '#render/dossier.js';
import type { Undelivered } from '#render/undelivered.js';
import type { Snapshot } from '#store/snapshot.js';
import type { Store } from '#store/store.js';

/** Who looks: the part of an Asking that decides what may be seen. */
export type Viewer = Pick<Asking, 'team' | 'by' | 'seesPrivate'>;

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
  /** What Slack refused of an incident, or of all: as much of it as `tocsin deliveries` lists. Of incidents that may be seen. */
  refused(team: string, incident?: number): Promise<Undelivered[]>;
  /** Its runs, in order of their numbers. */
  runs(viewer: Viewer, incident: number): Promise<RunView[] | Refusal>;
  /** Everything of one incident, as it stood at one moment. The dossier is dead once `look` has returned. */
  dossier<T>(viewer: Viewer, incident: number, look: (dossier: Dossier) => Promise<T>): Promise<T | Refusal>;
}

export function createRead(store: Store): Read {
  const hidden = (incident: number) => refuse('NO_SUCH_INCIDENT', { ref: refOf(incident) });
  return {
    async incident(viewer, incident) {
      const known = await store.load(viewer.team, incident);
      return known && maySee(known.state, viewer) ? known.state : hidden(incident);
    },
    async open(viewer) {
      return (await store.openIncidents(viewer.team)).filter((state) => maySee(state, viewer));
    },
    async list(viewer, limit) {
      return (await store.listIncidents(viewer.team, { limit })).filter((state) => maySee(state, viewer));
    },
    refused: (team, incident) => store.outbox.refused(team, incident),
    ofChannel: (team, channel) => store.incidentOfChannel(team, channel),
    async runs(viewer, incident) {
      const known = await store.load(viewer.team, incident);
      if (!known || !maySee(known.state, viewer)) return hidden(incident);
      // A standing record has thousands; those of before are in its exports.
      const newest = runsOf(known.state).list.map(({ run }) => run);
      return runViewsOf(await store.factsOfRuns(viewer.team, incident, newest));
    },
    dossier: (viewer, incident, look) =>
      store.snapshot(async (snapshot: Snapshot) => {
        const known = await snapshot.load(viewer.team, incident);
        if (!known || !maySee(known.state, viewer)) return hidden(incident);
        return look({
          state: known.state,
          head: known.head,
          facts: known.seq,
          entries: (only) => snapshot.entries(viewer.team, incident, only),
          factLines: () => snapshot.facts(viewer.team, incident),
          runs: () => runsIn(known.state, snapshot.facts(viewer.team, incident)),
        });
      }),
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
