import type { Core } from '#compose/core.js';
import type { Asking } from '#domain/intent.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import { runRef } from '#domain/run-fact.js';
import { refOf } from '#domain/state.js';

/**
 * Another run holds the target, and here it may well be that no bot runs, so that it would never end.
 * @returns the refusal, and how whoever asks can take that run along; of an incident that is hidden from them nothing
 */
export async function withWatch(
  { store, read }: Pick<Core, 'store' | 'read'>,
  refusal: Refusal,
  target: string,
  asking: Asking,
): Promise<Refusal> {
  const has = await store.targets.holder(asking.team, target);
  if (has === null || isRefusal(await read.incident(asking, has.incident))) return refusal;
  const watch = `\`tocsin runbook watch ${refOf(has.incident)} ${runRef(has.run)}\``;
  return { ...refusal, next: `${refusal.next} Where no bot runs, ${watch} goes on with it.` };
}
