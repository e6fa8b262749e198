import { z } from 'zod';
import type { SlackClient } from '../transport/client.js';

/** The names of user groups, from memory. */
export interface Groups {
  /** @returns the group's handle, without `@`; null: not known here */
  known(id: string): string | null;
  /**
   * Handles by id. Slack is asked when one is not known, once at a time and not twice within half a minute; a Slack that
   * does not tell leaves it out.
   */
  names(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** @returns the group of that handle; null: there is none; or Slack's code where it does not tell */
  called(handle: string): Promise<{ id: string; handle: string } | { unsaid: string } | null>;
}

/** Handles change seldom; an unknown id is asked about again no sooner than this. */
const FRESH_MS = 6 * 3_600_000;
const AGAIN_MS = 30_000;

const LIST = z.object({
  usergroups: z.array(
    z.object({
      id: z.string(),
      handle: z.string().nullish(),
      name: z.string().nullish(),
      date_delete: z.number().nullish(),
    }),
  ),
});

/** By these Slack says that a workspace has no groups at all. */
const WITHOUT = /^(plan_upgrade_required|paid_teams_only)$/;

/** @param client gives up soon: whoever asks stands in an answer */
export function createGroups(client: SlackClient, clock: () => number = () => performance.now()): Groups {
  let handles = new Map<string, string>();
  /** Those that are in use, by handle in lower case. */
  let ids = new Map<string, string>();
  let unsaid: string | null = null;
  let read = Number.NEGATIVE_INFINITY;
  let tried = Number.NEGATIVE_INFINITY;
  let under: Promise<void> | null = null;

  async function load(): Promise<void> {
    tried = clock();
    // Those that were disabled still stand in messages of before.
    const result = await client.call('usergroups.list', { include_disabled: true });
    const list = result.kind === 'ok' ? LIST.safeParse(result.data) : null;
    const code = result.kind === 'ok' || result.kind === 'ratelimited' ? result.kind : result.error;
    unsaid = list?.success || WITHOUT.test(code) ? null : code;
    if (!list?.success) return;
    ids = new Map(
      list.data.usergroups.flatMap(({ id, handle, date_delete }) =>
        handle && !date_delete ? [[handle.toLowerCase(), id] as const] : [],
      ),
    );
    handles = new Map(
      list.data.usergroups.flatMap(({ id, handle, name }) => {
        const called = handle || name;
        return called ? [[id, called] as const] : [];
      }),
    );
    read = clock();
  }

  async function refreshed(missing: boolean): Promise<void> {
    const stale = missing || clock() - read > FRESH_MS;
    if (!stale || (!under && clock() - tried <= AGAIN_MS)) return;
    under ??= load().finally(() => {
      under = null;
    });
    await under;
  }

  return {
    known: (id) => handles.get(id) ?? null,
    async names(wanted) {
      if (wanted.length > 0) await refreshed(wanted.some((id) => !handles.has(id)));
      return new Map(
        wanted.flatMap((id) => (handles.has(id) ? [[id, handles.get(id) as string] as const] : [])),
      );
    },
    async called(handle) {
      const name = handle.toLowerCase();
      await refreshed(!ids.has(name));
      const id = ids.get(name);
      if (id !== undefined) return { id, handle: handles.get(id) ?? handle };
      return unsaid === null ? null : { unsaid };
    },
  };
}

/** @returns ids of the groups that a text of Slack's names without saying how they are called */
export function groupsIn(raw: string): string[] {
  return [
    ...new Set([...raw.matchAll(/<!subteam\^([A-Z0-9]+)(?:\|)?>/g)].map((match) => match[1] as string)),
  ];
}
