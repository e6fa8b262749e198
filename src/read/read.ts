import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionItem } from '#domain/incident/action.js';
import { unseal } from '#domain/incident/chain.js';
import { isOfRun } from '#domain/incident/entry.js';
import type { Fact } from '#domain/incident/fact.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isStranger, type Permits, sees, unseen, type Viewer } from '#domain/permission.js';
import type { Refusal } from '#domain/refusal.js';
import { runsOf } from '#domain/run/state.js';
import { type RunView, runViewsOf } from '#domain/run/view.js';
import type { Account } from '#domain/words.js';
import { actionItems, type Dossier } from '#render/document.js';
import type { Undelivered } from '#render/undelivered.js';
import type { Snapshot } from '#store/incidents.js';
import { Unavailable } from '#store/pools.js';
import type { Store } from '#store/store.js';
import { createFinding } from './finding.js';

export type { Viewer } from '#domain/permission.js';

/** The only way to look at an incident. A private one that this person may not see answers exactly like one that does not exist. */
export type Read = ReturnType<typeof createRead>;

/**
 * @param inChannel is that person in that channel now? null: Slack does not say
 * @param accountOf what kind of account that is; Slack may be asked
 * @param permits may whoever asks do that, where tocsin.yml says who may look; null: it does not say
 */
export function createRead(
  store: Store,
  inChannel: (team: string, channel: string, person: string) => Promise<boolean | null> = async () => null,
  accountOf: (team: string, person: string) => Promise<Account> = async () => 'unknown',
  permits: Permits | null = null,
) {
  const spooler = new Spooler();
  /** What somebody may see depends on their kind of account, which is found out here if it is not known. */
  const met = async (viewer: Viewer): Promise<Viewer> =>
    isStranger(viewer) && !viewer.seesPrivate
      ? { ...viewer, account: await accountOf(viewer.team, viewer.by.id) }
      : viewer;
  const maySee = async (state: IncidentState, viewer: Viewer) => sees(state, await met(viewer), inChannel);
  const seen = async (list: IncidentState[], viewer: Viewer) => {
    const known = list.length > 0 ? await met(viewer) : viewer;
    const may = await Promise.all(list.map((state) => sees(state, known, inChannel)));
    const open = list.filter((_, i) => may[i]);
    if (!permits) return open;
    const asking = { source: 'api' as const, key: null, now: new Date(), ...viewer };
    const no = await Promise.all(open.map(({ number }) => permits('see', number, asking)));
    return open.filter((_, i) => no[i] === null);
  };
  /** Before any snapshot: Slack may be asked, and no connection is held meanwhile. */
  const isHidden = async (viewer: Viewer, incident: number) => {
    const known = await store.incidents.load(viewer.team, incident);
    return !known || !(await maySee(known.state, viewer));
  };
  return {
    ...createFinding({ store, seen, met }),
    async incident(viewer: Viewer, incident: number): Promise<IncidentState | Refusal> {
      const known = await store.incidents.load(viewer.team, incident);
      return known && (await maySee(known.state, viewer)) ? known.state : unseen(incident);
    },
    /** Incidents that are not resolved, oldest first. */
    async open(viewer: Viewer): Promise<IncidentState[]> {
      return seen(await store.incidents.open(viewer.team), viewer);
    },
    /** Action items of an incident, in order of their numbers. */
    async actions(viewer: Viewer, incident: number): Promise<ActionItem[] | Refusal> {
      if (await isHidden(viewer, incident)) return unseen(incident);
      const all = await store.incidents.entriesOf(viewer.team, incident, ['action']);
      return actionItems(all);
    },
    /** What Slack refused of an incident, or of all: as much of it as `tocsin deliveries` lists. Of incidents that may be seen. */
    refused: (team: string, incident?: number): Promise<Undelivered[]> =>
      store.outbox.refused(team, incident),
    /** Whose channel this is, or null. */
    ofChannel: store.incidents.ofChannel,
    /** In which incidents a message of Slack's is recorded: for what Slack says of it, and shown to nobody. */
    captured: store.incidents.captures,
    /** All facts about one of its entries, in order. */
    async history(viewer: Viewer, incident: number, n: number): Promise<Fact[] | Refusal> {
      if (await isHidden(viewer, incident)) return unseen(incident);
      return store.incidents.history(viewer.team, incident, n);
    },
    /** Its runs, in order of their numbers. */
    async runs(viewer: Viewer, incident: number): Promise<RunView[] | Refusal> {
      const known = await store.incidents.load(viewer.team, incident);
      if (!known || !(await maySee(known.state, viewer))) return unseen(incident);
      // A standing record has thousands; those of before are in its exports.
      const newest = runsOf(known.state).list.map(({ run }) => run);
      return runViewsOf(await store.incidents.factsOfRuns(viewer.team, incident, newest));
    },
    /**
     * Everything of one incident, as it stood at one moment. The dossier is dead once `use` has returned; until then it
     * holds a connection that others wait for, so `use` waits for nobody outside.
     */
    async dossier<T>(
      viewer: Viewer,
      incident: number,
      use: (dossier: Dossier) => Promise<T>,
    ): Promise<T | Refusal> {
      if (await isHidden(viewer, incident)) return unseen(incident);
      return store.snapshot((snapshot) => dossierOf(snapshot, viewer, incident, use));
    },
    /**
     * Whatever is written of one incident, complete before a reader gets the first byte: however slow they are, nobody
     * waits for them, and no snapshot is kept open. Whoever gets it closes it.
     * @throws {ExportsBusy}
     */
    async exported(
      viewer: Viewer,
      incident: number,
      write: (dossier: Dossier) => AsyncIterable<string>,
    ): Promise<Spooled | Refusal> {
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
  use: (dossier: Dossier) => Promise<T>,
): Promise<T | Refusal> {
  const known = await snapshot.load(viewer.team, incident);
  if (!known) return unseen(incident);
  return use({
    state: known.state,
    head: known.head,
    facts: known.seq,
    entries: (only) => snapshot.entries(viewer.team, incident, only),
    factLines: () => snapshot.facts(viewer.team, incident),
    image: (n, file) => snapshot.keptBytes(viewer.team, incident, n, file),
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

/** An export that is complete and rests on the database no more. */
interface Spooled {
  /** In bytes. */
  length: number;
  /** From the start, each time it is called. */
  bytes(): AsyncIterable<Uint8Array>;
  /** Gives back what it occupied. Nothing can be read afterwards. */
  close(): Promise<void>;
}

/** More exports than are let in at once. Ask again in `retryAfterS`. */
export class ExportsBusy extends Unavailable {
  override name = 'ExportsBusy';
  readonly retryAfterS = 5;
  constructor() {
    super('too many exports are under way');
  }
}

/** What an incident usually comes to; more goes to a file. */
const IN_MEMORY = 1_000_000;
const PIECE = 64 * 1024;

/**
 * Lets in so many at once: `reading` read from the database, the others wait for that; `open` in all, those included that
 * are read by somebody slow. Each may occupy a file, so there is an end to them.
 */
export class Spooler {
  private reading = 0;
  private opened = 0;
  private readonly queue: Array<() => void> = [];

  constructor(private readonly limits = { reading: 2, open: 32 }) {}

  /**
   * @param work is given what keeps its pieces, and settles when there are no more
   * @returns what `work` returned, or what was kept
   * @throws {ExportsBusy}
   */
  async spool<R>(
    work: (keep: (pieces: AsyncIterable<string>) => Promise<void>) => Promise<R>,
  ): Promise<{ outcome: R; kept: Spooled }> {
    if (this.opened >= this.limits.open) throw new ExportsBusy();
    this.opened += 1;
    const store = new Kept(() => {
      this.opened -= 1;
    });
    try {
      await this.turn();
      try {
        const outcome = await work((pieces) => store.take(pieces));
        return { outcome, kept: store };
      } finally {
        this.reading -= 1;
        this.queue.shift()?.();
      }
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  private async turn(): Promise<void> {
    while (this.reading >= this.limits.reading) {
      await new Promise<void>((resolve) => this.queue.push(resolve));
    }
    this.reading += 1;
  }
}

class Kept implements Spooled {
  length = 0;
  private parts: Buffer[] = [];
  private file: FileHandle | null = null;
  private closed = false;

  constructor(private readonly onClose: () => void) {}

  async take(pieces: AsyncIterable<string>): Promise<void> {
    let held = 0;
    for await (const piece of pieces) {
      const bytes = Buffer.from(piece);
      this.parts.push(bytes);
      this.length += bytes.byteLength;
      held += bytes.byteLength;
      if (held < IN_MEMORY) continue;
      await this.flush();
      held = 0;
    }
    if (this.file) await this.flush();
  }

  private async flush(): Promise<void> {
    this.file ??= await nameless();
    const all = Buffer.concat(this.parts);
    this.parts = [];
    for (let at = 0; at < all.byteLength; ) at += (await this.file.write(all, at)).bytesWritten;
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    const { file } = this;
    if (!file) return yield* this.parts;
    for (let at = 0; at < this.length; ) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(PIECE), 0, PIECE, at);
      if (bytesRead === 0) throw new Error('an export’s file is shorter than what was written');
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.parts = [];
    await this.file?.close();
    this.onClose();
  }
}

/** A file that has no name any more: nobody else can open it, and whatever becomes of us, it goes. */
async function nameless(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-export-'));
  try {
    return await open(join(folder, 'export'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
