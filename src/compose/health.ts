import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { deliveriesCondition, LATE_MS } from '#deliver/undelivered.js';
import type { Condition } from '#domain/words.js';
import { age, type Moment, moment } from '#elapsed.js';
import type { Log } from '#log.js';
import type { Canary } from '#queue/canary.js';
import type { Engine } from '#queue/engine.js';
import type { Slack } from '#slack/app.js';
import { troubleOf } from '#store/pools.js';
import type { Store } from '#store/store.js';
import type { Check, Part } from '#web/health.js';

/** Failures that no caller awaited: mistakes of ours, after which the process goes on. */
export class Unseen {
  #times = 0;
  #last: Moment | null = null;

  count(): void {
    this.#times += 1;
    this.#last = moment();
  }

  /** What is recorded stands with its commit, so ending the process would help nobody; a person should look at the log. */
  condition(): Condition {
    if (this.#last === null) return { state: 'ok' };
    const times = this.#times === 1 ? 'once' : `${this.#times} times`;
    return {
      state: age(this.#last) < UNSEEN_MS ? 'degraded' : 'ok',
      reason: `something failed ${times} that nobody waited for`,
      fix: 'look for “failed unseen” in the log and tell the authors; restart it when that suits',
    };
  }
}

/** Long enough for a monitor and its people; later it is only told. */
const UNSEEN_MS = 15 * 60_000;

export interface Checked {
  store: Pick<Store, 'tryWriting' | 'outbox'>;
  engine: Pick<Engine, 'check'>;
  canary: Pick<Canary, 'status'>;
  slack: Pick<Slack, 'condition'>;
  unseen: Pick<Unseen, 'condition'>;
  /** The public page. */
  page: { condition(): Condition };
}

/**
 * How to find out how each part is that the bot stands on.
 * @param firstMs so long a queue that has just been opened need not have shown anything
 */
export function checksOf(
  { store, engine, canary, slack, unseen, page }: Checked,
  firstMs: number,
): Record<Part, Check> {
  let database: Condition = { state: 'ok' };
  return {
    async database() {
      database = await databaseCondition(store);
      return database;
    },
    async queue() {
      const server = await engine.check();
      if (server === null && database.state !== 'ok')
        return { state: database.state, reason: 'it is in the database' };
      if (server !== null && server.state !== 'ok') return server;
      const { ok, lastSeenAt, quietMs } = canary.status();
      if (ok || (lastSeenAt === null && quietMs < firstMs)) return { state: 'ok' };
      return {
        state: 'degraded',
        reason: `nothing that was put into it has come out for ${Math.round(quietMs / 1000)} s`,
        fix: 'is a worker running? recording goes on, deliveries wait',
      };
    },
    deliveries: () => deliveries(store, slack.condition()),
    slack: () => slack.condition(),
    page: () => page.condition(),
    process: () => unseen.condition(),
  };
}

/** How the database is, by a write that is taken back. Never rejects with what it could put into words. */
export async function databaseCondition(store: Pick<Store, 'tryWriting'>): Promise<Condition> {
  try {
    await store.tryWriting();
    return { state: 'ok' };
  } catch (error) {
    return troubleOf(error);
  }
}

/** How what is owed to Slack stands. */
async function deliveries(store: Pick<Store, 'outbox'>, slack: Pick<Condition, 'state'>): Promise<Condition> {
  try {
    const { lanes, dead } = await store.outbox.late(LATE_MS, 1_000);
    return deliveriesCondition(lanes, dead, slack);
  } catch (error) {
    // Without the database nobody knows what is owed, and nothing is paid.
    return { state: troubleOf(error).state, reason: 'what is owed stands in the database' };
  }
}

const EVERY_MS = 5_000;
/** Four beats and a bit: a busy machine may miss one or two. */
const SILENT_S = 21;

/** What a bot says of itself: where it listens (null: a worker), and how long the machine had been up when it said so. */
interface Beat {
  pid: number;
  role: string;
  host: string;
  port: number | null;
  up: number;
}

/**
 * A file that this process writes again and again, for as long as its event loop turns: how `tocsin health` finds a bot
 * of any role, also one that listens nowhere. The machine's uptime is its clock: nobody sets that.
 * @returns stops, and takes the file away
 */
export function startHeartbeat(
  bot: Pick<Beat, 'role' | 'host' | 'port'>,
  log: Pick<Log, 'warn'>,
  folder = tmpdir(),
): () => Promise<void> {
  const path = beatPath(folder, process.pid);
  const aside = `${path}.${Math.random().toString(36).slice(2)}`;
  let told = false;
  let writing: Promise<void> = Promise.resolve();
  const beat = () => {
    const text = JSON.stringify({ pid: process.pid, ...bot, up: uptime() } satisfies Beat);
    // Renamed into place as a whole: no reader sees half of it, and a link that stands there is replaced, not followed.
    writing = writeFile(aside, text, { flag: 'wx', mode: 0o600 })
      .then(() => rename(aside, path))
      .catch(async (error: NodeJS.ErrnoException) => {
        // What is left of it would stop every later beat, also when there is room again.
        await takeAway(aside);
        if (told) return;
        told = true;
        const why = `${folder} takes no file (${error.code}): \`tocsin health\` will not find this bot; let it write there`;
        log.warn({ why }, 'no heartbeat');
      });
  };
  beat();
  const timer = setInterval(beat, EVERY_MS).unref();
  return async () => {
    clearInterval(timer);
    await writing;
    await takeAway(path);
  };
}

/** The account is part of the name: in a folder that many share, what a dead process of somebody else left cannot be replaced. */
function beatPath(folder: string, pid: number): string {
  return join(folder, `tocsin-${process.getuid?.() ?? 0}-${pid}.beat`);
}

/** One that stays says nothing of a bot that lives. */
async function takeAway(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined);
}

/** How a bot on this machine is: `why` null is well. */
export interface Health {
  pid: number;
  role: string;
  why: string | null;
}

/** @returns the bots of this account that run here, each asked how it is */
export async function botsHere(folder = tmpdir()): Promise<Health[]> {
  const names = (await readdir(folder)).filter((name) => /^tocsin-\d+-\d+\.beat$/.test(name));
  const beats = await Promise.all(names.map((name) => beatIn(join(folder, name))));
  const living = beats.filter((beat) => beat !== null).filter(({ pid }) => lives(pid));
  return Promise.all(
    living.map(async (beat) => ({ pid: beat.pid, role: beat.role, why: await wrongWith(beat) })),
  );
}

async function beatIn(path: string): Promise<Beat | null> {
  try {
    // Somebody else's file says nothing about our bot.
    if (process.getuid && (await stat(path)).uid !== process.getuid()) return null;
    return JSON.parse(await readFile(path, 'utf8')) as Beat;
  } catch {
    return null;
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function wrongWith({ up, host, port }: Beat): Promise<string | null> {
  const silent = Math.round(uptime() - up);
  if (silent > SILENT_S) return `has not given a sign of life for ${silent} s`;
  if (port === null) return null;
  const any: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };
  const at = any[host] ?? (host.includes(':') ? `[${host}]` : host);
  try {
    const answer = await fetch(`http://${at}:${port}/healthz`, { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.ok ? null : `answers ${answer.status} at /healthz`;
  } catch {
    return `does not answer on port ${port}`;
  }
}
