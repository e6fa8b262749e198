import { setTimeout as sleep } from 'node:timers/promises';
import type { Condition } from '#domain/words.js';

/** One thing that `doctor` looked at. `fix`: what to do when it is not well. */
export interface Finding {
  what: string;
  ok: boolean;
  detail: string;
  fix?: string;
}

/** The same as a condition says it. */
export function findingOf(what: string, { state, reason = state, fix }: Condition): Finding {
  return { what, ok: state === 'ok', detail: state === 'refusing' ? `refuses: ${reason}` : reason, fix };
}

/** A system that does not answer must not keep the doctor. */
const READ_MS = 3_000;
/** Systems that are asked at the same time. */
const AT_ONCE = 8;
/** Something to mend. */
export const bad = (what: string, detail: string, fix: string): Finding => ({ what, ok: false, detail, fix });

/** The remedy is the end of what is said. */
export function saying(what: string, said: string): Finding {
  const [detail = '', ...fix] = said.split('; ');
  return bad(what, detail, fix.join('; '));
}

/** Also where a client does not listen to its signal. */
export async function inTime<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = sleep(READ_MS, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${what} did not answer within ${READ_MS / 1_000} s`);
  });
  try {
    return await Promise.race([work(over.signal), late]);
  } finally {
    over.abort();
  }
}

export async function someAtATime(jobs: Array<() => Promise<Finding>>): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (let at = 0; at < jobs.length; at += AT_ONCE) {
    findings.push(...(await Promise.all(jobs.slice(at, at + AT_ONCE).map((job) => job()))));
  }
  return findings;
}

/** What was thrown, on one line. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s+/g, ' ').slice(0, 500);
}
