import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import type { Log } from '#log.js';

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
  const path = join(folder, `tocsin-${process.pid}.beat`);
  const aside = `${path}.${Math.random().toString(36).slice(2)}`;
  let told = false;
  let writing: Promise<void> = Promise.resolve();
  const beat = () => {
    const text = JSON.stringify({ pid: process.pid, ...bot, up: uptime() } satisfies Beat);
    // Into place as a whole, and over whatever stands there: nobody reads half of one, nor follows somebody's link.
    writing = writeFile(aside, text, { flag: 'wx', mode: 0o600 })
      .then(() => rename(aside, path))
      .catch((error: NodeJS.ErrnoException) => {
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
    await rm(path, { force: true });
  };
}

/** How a bot on this machine is: `why` null is well. */
export interface Health {
  pid: number;
  role: string;
  why: string | null;
}

/** @returns the bots of this account that run here, each asked how it is */
export async function botsHere(folder = tmpdir()): Promise<Health[]> {
  const names = (await readdir(folder)).filter((name) => /^tocsin-\d+\.beat$/.test(name));
  const beats = await Promise.all(names.map((name) => beatIn(join(folder, name))));
  return Promise.all(
    beats
      .filter((beat) => beat !== null && lives(beat.pid))
      .map(async (beat) => ({
        pid: (beat as Beat).pid,
        role: (beat as Beat).role,
        why: await wrongWith(beat as Beat),
      })),
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
