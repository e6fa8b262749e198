import { z } from 'zod';
import type { SlackClient } from './client.js';

/** The names of user groups, from memory. */
export interface Groups {
  /** @returns the group's handle, without `@`; null: not known here */
  known(id: string): string | null;
  /**
   * Handles by id. Slack is asked when one is not known, once at a time and not twice within half a minute; a Slack that
   * does not tell leaves it out.
   */
  names(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** Handles change seldom; an unknown id is asked about again no sooner than this. */
const FRESH_MS = 6 * 3_600_000;
const AGAIN_MS = 30_000;

const LIST = z.object({
  usergroups: z.array(z.object({ id: z.string(), handle: z.string().nullish(), name: z.string().nullish() })),
});

/** @param client gives up soon: whoever asks stands in an answer */
export function createGroups(client: SlackClient, clock: () => number = () => performance.now()): Groups {
  let handles = new Map<string, string>();
  let read = Number.NEGATIVE_INFINITY;
  let tried = Number.NEGATIVE_INFINITY;
  let under: Promise<void> | null = null;

  async function load(): Promise<void> {
    tried = clock();
    // Those that were disabled still stand in messages of before.
    const result = await client.call('usergroups.list', { include_disabled: true });
    const list = result.kind === 'ok' ? LIST.safeParse(result.data) : null;
    if (!list?.success) return;
    handles = new Map(
      list.data.usergroups.flatMap(({ id, handle, name }) => {
        const called = handle || name;
        return called ? [[id, called] as const] : [];
      }),
    );
    read = clock();
  }

  return {
    known: (id) => handles.get(id) ?? null,
    async names(ids) {
      const stale = clock() - read > FRESH_MS || ids.some((id) => !handles.has(id));
      if (ids.length > 0 && stale && (under || clock() - tried > AGAIN_MS)) {
        under ??= load().finally(() => {
          under = null;
        });
        await under;
      }
      return new Map(
        ids.flatMap((id) => (handles.has(id) ? [[id, handles.get(id) as string] as const] : [])),
      );
    },
  };
}

/** @returns ids of the groups that a text of Slack's names without saying how they are called */
export function groupsIn(raw: string): string[] {
  return [
    ...new Set([...raw.matchAll(/<!subteam\^([A-Z0-9]+)(?:\|)?>/g)].map((match) => match[1] as string)),
  ];
}
