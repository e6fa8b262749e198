import { unseal } from '#domain/chain.js';
import { isOfRun } from '#domain/evolve.js';
import type { Fact } from '#domain/fact.js';
import type { Asking } from '#domain/intent.js';
import { type Refusal, refuse } from '#domain/refusal.js';
import { runsOf } from '#domain/run-state.js';
import { type RunView, runViewsOf } from '#domain/runbook-run.js';
import { type IncidentState, maySee, refOf } from '#domain/state.js';
import type { Dossier } from '#render/dossier.js';
import type { Snapshot } from '#store/snapshot.js';
import type { Store } from '#store/store.js';
import { type Spooled, Spooler } from './read/spool.js';

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
  /** Its runs, in order of their numbers. */
  runs(viewer: Viewer, incident: number): Promise<RunView[] | Refusal>;
  /**
   * Everything of one incident, as it stood at one moment. The dossier is dead once `look` has returned; until then it
   * holds a connection that others wait for, so `look` waits for nobody outside.
   */
  dossier<T>(viewer: Viewer, incident: number, look: (dossier: Dossier) => Promise<T>): Promise<T | Refusal>;
  /**
   * Whatever is written of one incident, complete before a reader gets the first byte: however slow they are, nobody
   * waits for them, and no snapshot is kept open. Whoever gets it closes it.
   * @throws {ExportsBusy}
   */
  exported(
    viewer: Viewer,
    incident: number,
    write: (dossier: Dossier) => AsyncIterable<string>,
  ): Promise<Spooled | Refusal>;
}

const hidden = (incident: number) => refuse('NO_SUCH_INCIDENT', { ref: refOf(incident) });

export function createRead(store: Store): Read {
  const spooler = new Spooler();
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
    ofChannel: (team, channel) => store.incidentOfChannel(team, channel),
    async runs(viewer, incident) {
      const known = await store.load(viewer.team, incident);
      if (!known || !maySee(known.state, viewer)) return hidden(incident);
      // A standing record has thousands; those of before are in its exports.
      const newest = runsOf(known.state).list.map(({ run }) => run);
      return runViewsOf(await store.factsOfRuns(viewer.team, incident, newest));
    },
    dossier: (viewer, incident, look) =>
      store.snapshot((snapshot) => dossierOf(snapshot, viewer, incident, look)),
    async exported(viewer, incident, write) {
      const { outcome, kept } = await spooler.spool((keep) =>
        store.longSnapshot((snapshot) =>
          dossierOf(snapshot, viewer, incident, async (dossier) => {
            await keep(write(dossier));
            return null;
          }),
        ),
      );
      if (outcome === null) return kept;
      await kept.close();
      return outcome;
    },
  };
}

async function dossierOf<T>(
  snapshot: Snapshot,
  viewer: Viewer,
  incident: number,
  look: (dossier: Dossier) => Promise<T>,
): Promise<T | Refusal> {
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
