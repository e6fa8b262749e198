import { unseal } from '#domain/chain.js';
import { isOfRun } from '#domain/evolve.js';
import type { Fact } from '#domain/fact.js';
import { isStranger, sees, unseen, type Viewer } from '#domain/permission.js';
import type { Account } from '#domain/person.js';
import type { Refusal } from '#domain/refusal.js';
import { runsOf } from '#domain/run-state.js';
import { type RunView, runViewsOf } from '#domain/runbook-run.js';
import type { IncidentState } from '#domain/state.js';
import type { Dossier } from '#render/dossier.js';
import type { Undelivered } from '#render/undelivered.js';
import type { Snapshot } from '#store/snapshot.js';
import type { Store } from '#store/store.js';
import { type Spooled, Spooler } from './read/spool.js';

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
  /** What Slack refused of an incident, or of all: as much of it as `tocsin deliveries` lists. Of incidents that may be seen. */
  refused(team: string, incident?: number): Promise<Undelivered[]>;
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

/**
 * @param inChannel is that person in that channel now? null: Slack does not say
 * @param accountOf what kind of account that is; Slack may be asked
 */
export function createRead(
  store: Store,
  inChannel: (team: string, channel: string, person: string) => Promise<boolean | null> = async () => null,
  accountOf: (team: string, person: string) => Promise<Account> = async () => 'unknown',
): Read {
  const spooler = new Spooler();
  /** What somebody may see hangs on what they are, which is found out here where nobody has said it. */
  const met = async (viewer: Viewer): Promise<Viewer> =>
    isStranger(viewer) && !viewer.seesPrivate
      ? { ...viewer, account: await accountOf(viewer.team, viewer.by.id) }
      : viewer;
  const maySee = async (state: IncidentState, viewer: Viewer) => sees(state, await met(viewer), inChannel);
  const seen = async (list: IncidentState[], viewer: Viewer) => {
    const known = list.length > 0 ? await met(viewer) : viewer;
    const may = await Promise.all(list.map((state) => sees(state, known, inChannel)));
    return list.filter((_, i) => may[i]);
  };
  /** Before any snapshot: Slack may be asked, and no connection is held meanwhile. */
  const isHidden = async (viewer: Viewer, incident: number) => {
    const known = await store.load(viewer.team, incident);
    return !known || !(await maySee(known.state, viewer));
  };
  return {
    async incident(viewer, incident) {
      const known = await store.load(viewer.team, incident);
      return known && (await maySee(known.state, viewer)) ? known.state : unseen(incident);
    },
    async open(viewer) {
      return seen(await store.openIncidents(viewer.team), viewer);
    },
    async list(viewer, limit) {
      return seen(await store.listIncidents(viewer.team, { limit }), viewer);
    },
    refused: (team, incident) => store.outbox.refused(team, incident),
    ofChannel: (team, channel) => store.incidentOfChannel(team, channel),
    async runs(viewer, incident) {
      const known = await store.load(viewer.team, incident);
      if (!known || !(await maySee(known.state, viewer))) return unseen(incident);
      // A standing record has thousands; those of before are in its exports.
      const newest = runsOf(known.state).list.map(({ run }) => run);
      return runViewsOf(await store.factsOfRuns(viewer.team, incident, newest));
    },
    async dossier(viewer, incident, look) {
      if (await isHidden(viewer, incident)) return unseen(incident);
      return store.snapshot((snapshot) => dossierOf(snapshot, viewer, incident, look));
    },
    async exported(viewer, incident, write) {
      if (await isHidden(viewer, incident)) return unseen(incident);
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
  if (!known) return unseen(incident);
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
