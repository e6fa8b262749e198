// What the load generator counts, and waiting for it.
import { setTimeout as sleep } from 'node:timers/promises';
import { count } from './say.mjs';

/** Requests that must go well before something is believed. */
const WELL = 40;
const PATIENCE_MS = 60_000;

/** Waits until it is so. @throws with the counts, after a minute */
export async function until(load, what, right) {
  const late = Date.now() + PATIENCE_MS;
  for (;;) {
    const counts = await load.counts();
    if (right(counts)) return counts;
    if (Date.now() > late) throw new Error(`${what} did not happen: ${JSON.stringify(counts)}`);
    await sleep(20);
  }
}

/** Waits until that service has answered many requests well. @param {'old'|'new'} name */
export async function answersWell(load, name) {
  const ok = ({ byServer }) => byServer[`tts-${name}`]?.ok ?? 0;
  const from = ok(await load.counts());
  await until(load, `${name} answering well`, (counts) => ok(counts) >= from + WELL);
}

/** Leaves nothing under way. @returns a mark from which on no request has failed @throws when one has */
export async function allIsWell(load) {
  await load.settled();
  const mark = await load.mark();
  await until(load, 'well answered requests', ({ ok }) => ok >= mark.ok + WELL);
  await load.settled();
  const failed = await load.failedSince(mark);
  if (failed > 0) throw new Error(`${count(failed, 'request')} failed after all was thought to be well`);
  return mark;
}

/** `0 of 312 requests failed`. @throws when one did */
export async function noneFailed(load, mark) {
  await load.settled();
  const { sent, failed } = await load.since(mark);
  if (failed > 0) throw new Error(`${failed} of ${count(sent, 'request')} failed`);
  return `0 of ${count(sent, 'request')} failed`;
}

/** `2.9 s` */
export const lasted = (from, to) => `${((Date.parse(to) - Date.parse(from)) / 1000).toFixed(1)} s`;

/** A moment as a command takes it, in the second in which it lies; `after`: when that second is over. */
export function typedSecond(iso, { after = false } = {}) {
  const ms = Date.parse(iso);
  const second = new Date((after ? Math.ceil(ms / 1000) : Math.floor(ms / 1000)) * 1000).toISOString();
  return `${second.slice(0, 10)} ${second.slice(11, 19)} UTC`;
}
