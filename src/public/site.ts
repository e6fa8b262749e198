import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PublicPage } from '#domain/status/page.js';
import type { Condition } from '#domain/words.js';
import { age, type Moment, moment } from '#elapsed.js';
import type { PlainLog } from '#log.js';
import type { Metrics } from '#metrics.js';
import { type Folder, PageNotWritten, type PublicFile } from './folder.js';

export interface SitePorts {
  folder: Folder;
  /** Of the page (IANA): when its days end. */
  zone: string;
  /** All that the public may know, as it is recorded at this moment. */
  read(): Promise<PublicPage>;
  /** Names settings and version, without a blank: with others the same facts make other files. */
  version: string;
  /** Names the recorded facts that the page is made of. Another one: it has to be made anew. */
  revision(): Promise<string>;
  /**
   * @param only `ref` of the incidents and maintenances whose pages are needed; those of others may be left out, and nothing
   *   else. null: all are needed
   */
  files(page: PublicPage, only: ReadonlySet<string> | null): Iterable<PublicFile> | AsyncIterable<PublicFile>;
  log: PlainLog;
  now(): Date;
  metrics?: Pick<Metrics, 'pageBuilt' | 'pageIsCurrent'>;
}

interface Built {
  /** How many files the page has. */
  readonly files: number;
  /** How many of them are new. */
  readonly written: number;
  readonly ms: number;
}

export interface Site {
  /**
   * Brings the folder up to what is recorded. Whoever asks while one is under way gets the next one, together with all others
   * who ask: it reads what they have recorded. @param why for the log
   * @throws {PageNotWritten}, or what reading throws
   */
  build(why: string): Promise<Built>;
  /** Looks again and again, and builds what is not current. @returns ends it; resolves when nothing is under way any more */
  keep(everyMs: number): () => Promise<void>;
  /** How the page is: what completes “the status page is degraded: …”. */
  state(): Condition;
}

/** Names and slugs of components, for who serves them by name. */
const NAMES_FILE = 'components.json';

/** For so long the page may be older than what is recorded, before somebody is told. */
const STALE_MS = 60_000;
/** A bot whose clock is ahead by less may have begun the next day before us. */
const CLOCKS_MS = 3_600_000;
/**
 * For so long a bot leaves alone what another one that began later wrote with other settings: while a deployment rolls, the two
 * do not undo each other's work. After that the other one may be gone.
 */
const YIELD_MS = 300_000;
const TWO =
  'another bot, with other settings or of another version, writes the status page into the same folder: the one that began later has its way';

/** Keeps a folder in step with what is recorded. One for a folder and process; other processes may have the same folder. */
export function createSite(ports: SitePorts): Site {
  const { folder, log } = ports;
  const days = dayIn(ports.zone);
  let running: Promise<Built> | null = null;
  let following: Promise<Built> | null = null;
  let trouble: PageNotWritten | null = null;
  let said = '';
  let stale: Moment | null = null;
  /** What we know to be in the folder: by which revision, made of what. */
  let last: { revision: string; marks: Marks } | null = null;
  const began = ports.now().getTime();
  /** What another bot wrote with other settings, and since when it stands there. */
  let others: { there: string; since: Moment } | null = null;
  let warned = false;

  async function once(why: string): Promise<Built> {
    const start = performance.now();
    try {
      const { written, removed, files } = await folder.write(async (standing) => {
        // Before the page is read: it may be newer than its revision, which costs another look, and never older.
        const ours = { day: days(ports.now()), version: ports.version, began };
        const made = { ...ours, facts: await ports.revision() };
        const before = standing === null ? null : partsOf(standing);
        const revision = standing !== null && before && isSame(before, made) ? standing : named(made);
        const page = await ports.read();
        const marks = marksOf(page);
        const only = standing !== null && last?.revision === standing ? changed(last.marks, marks) : null;
        last = { revision, marks };
        const some = only && { keeps: (path: string) => path.startsWith('incidents/') };
        return { revision, files: all(page, only), ...some };
      });
      const ms = performance.now() - start;
      trouble = null;
      stale = null;
      others = null;
      said = '';
      ports.metrics?.pageBuilt(written + removed > 0 ? 'written' : 'same', ms);
      ports.metrics?.pageIsCurrent();
      if (written + removed > 0)
        log.info({ why, files, written, removed, ms: Math.round(ms) }, 'the status page is written');
      return { files, written, ms };
    } catch (error) {
      // It is not known what is there.
      last = null;
      trouble = error instanceof PageNotWritten ? error : null;
      stale ??= moment(ports.now().getTime());
      ports.metrics?.pageBuilt('failed', performance.now() - start);
      throw error;
    }
  }

  async function* all(page: PublicPage, only: ReadonlySet<string> | null): AsyncGenerator<PublicFile> {
    yield* ports.files(page, only);
    yield [NAMES_FILE, `${JSON.stringify(page.components.map(({ name, slug }) => ({ name, slug })))}\n`];
  }

  function build(why: string): Promise<Built> {
    if (running === null) {
      running = once(why).finally(() => {
        running = null;
      });
      return running;
    }
    following ??= running
      .catch(() => undefined)
      .then(() => {
        following = null;
        return build(why);
      });
    return following;
  }

  /** @returns why it has to be built; null: it is current, or left to another one */
  async function lacking(): Promise<string | null> {
    const there = await folder.look();
    const why = await lackingOf(there, ports);
    if (why !== null || there === null) return why;
    const made = partsOf(there);
    if (made.version === ports.version || yields(there, made)) return null;
    return 'it was made with other settings, or by another version';
  }

  /** Whoever began later has the settings that hold from now on: an older one waits until that is over, or until it may be gone. */
  function yields(there: string, made: Made): boolean {
    const now = ports.now().getTime();
    const younger = made.began > began || (made.began === began && made.version > ports.version);
    if (!younger || made.began > now + CLOCKS_MS) return false;
    if (others?.there !== there) {
      if (!warned) log.warn({ folder: folder.dir }, TWO);
      warned = true;
      others = { there, since: moment(now) };
    }
    return age(others.since, now) <= YIELD_MS;
  }

  async function lookAfter(): Promise<void> {
    try {
      const why = await lacking();
      if (why === null) {
        stale = null;
        trouble = null;
        ports.metrics?.pageIsCurrent();
        return;
      }
      stale ??= moment(ports.now().getTime());
      await build(why);
    } catch (error) {
      const { message } = error as Error;
      // Once, until it is another one.
      if (message !== said) log.warn({ err: error }, 'the status page could not be brought up to date');
      said = message;
    }
  }

  return {
    build,
    keep(everyMs) {
      const stopping = new AbortController();
      const { signal } = stopping;
      // One that cannot be written from the start on is late from the start on.
      ports.metrics?.pageIsCurrent();
      const kept = (async () => {
        while (!signal.aborted) {
          await lookAfter();
          await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
        }
      })();
      return () => {
        stopping.abort();
        return kept;
      };
    },
    state() {
      if (trouble) {
        const { path, code, why, fix } = trouble;
        return { state: 'degraded', reason: `it cannot be written to ${path} (${code}): ${why}`, fix };
      }
      const ms = stale === null ? 0 : age(stale, ports.now().getTime());
      if (ms <= STALE_MS) return { state: 'ok' };
      return {
        state: 'degraded',
        reason: `for ${Math.round(ms / 1000)} s it has been older than what is recorded`,
        fix: 'the log says what keeps it from being written',
      };
    },
  };
}

/** What a revision says, in this order. `began`: when the bot that wrote it did, in ms; what else is equal is the same page. */
interface Made {
  day: string;
  version: string;
  began: number;
  facts: string;
}

const named = ({ day, version, began, facts }: Made): string => `${day} ${version} ${began} ${facts}`;

/** @returns which settings and version a revision names, see `SitePorts.version` */
export const versionIn = (revision: string): string => partsOf(revision).version;

function partsOf(revision: string): Made {
  const [day = '', version = '', began = '', ...facts] = revision.split(' ');
  return { day, version, began: Number(began), facts: facts.join(' ') };
}

const isSame = (a: Made, b: Made): boolean =>
  a.day === b.day && a.version === b.version && a.facts === b.facts;

/**
 * @param there the revision that stands in the folder; null: none, or not whole
 * @returns why it is not current, whatever settings and version it was made with; null: it is
 */
export async function lackingOf(
  there: string | null,
  { zone, now, revision }: Pick<SitePorts, 'zone' | 'now' | 'revision'>,
): Promise<string | null> {
  if (there === null) return 'it was not there whole';
  const { day, facts } = partsOf(there);
  const at = now();
  // Not the one before: two whose clocks differ would undo each other's work for as long.
  const days = [at, new Date(at.getTime() + CLOCKS_MS)].map(dayIn(zone));
  if (!days.includes(day)) return 'another day';
  return facts === (await revision()) ? null : 'it was not current';
}

/** @returns the day in a zone, `2024-11-10` */
function dayIn(zone: string): (at: Date) => string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return `${parts.year}-${parts.month}-${parts.day}`;
  };
}

interface Marks {
  /** Of what pages of incidents show beside their incident: what components are called, and where they are found. */
  names: string;
  /** By `ref`. */
  of: ReadonlyMap<string, string>;
}

function marksOf({ components, incidents, maintenances }: PublicPage): Marks {
  const mark = (what: unknown) => createHash('sha1').update(JSON.stringify(what)).digest('base64');
  return {
    names: mark(components.map(({ id, name, slug, group }) => [id, name, slug, group])),
    of: new Map([...incidents, ...maintenances].map((one) => [one.ref, mark(one)])),
  };
}

/** @returns of whom another page is needed; null: of all, and some have to go */
function changed(before: Marks, now: Marks): ReadonlySet<string> | null {
  if (before.names !== now.names) return null;
  for (const ref of before.of.keys()) if (!now.of.has(ref)) return null;
  return new Set([...now.of].flatMap(([ref, mark]) => (before.of.get(ref) === mark ? [] : [ref])));
}
