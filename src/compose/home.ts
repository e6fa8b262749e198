import type { WorkspaceRow } from '#store/people.js';
import type { Store } from '#store/store.js';
import { Told } from '#told.js';

/** Which workspace is meant cannot be told: the message lists those that there are. */
class NoTeam extends Told {
  override name = 'NoTeam';
}

/** How long Slack's *no answer* is remembered. */
const AGAIN_MS = 30_000;

/** The workspace that is meant where no payload and no token says so. */
export interface HomeWorkspace {
  /**
   * The one that was named; else the only one; else the one that we are installed in; else the only one that holds anything.
   * @param named our id or Slack's
   * @throws NoTeam
   */
  team(named?: string | null): Promise<string>;
  /** The same, without a name. @returns null where that cannot be told, or none is there yet */
  known(): Promise<string | null>;
}

/**
 * @param installed asks Slack in which workspace our token is; null: Slack does not say, or there is no token. Asked
 *   only where there is more than one workspace, and once it has said it never again
 */
export function homeWorkspace(
  { workspaces }: Pick<Store, 'workspaces'>,
  installed: () => Promise<string | null>,
): HomeWorkspace {
  let slack: string | null = null;
  let again = 0;

  async function whereInstalled(): Promise<string | null> {
    if (slack === null && performance.now() >= again) {
      slack = await installed();
      again = performance.now() + AGAIN_MS;
    }
    return slack;
  }

  async function among(rows: readonly WorkspaceRow[]): Promise<string | null> {
    const [first, second] = rows;
    if (!first || !second) return first?.team ?? null;
    const told = await whereInstalled();
    const ours = told === null ? undefined : rows.find((row) => row.slackTeam === told);
    if (ours) return ours.team;
    const held = await workspaces.holdings();
    const [only, other] = rows.filter((row) => held.has(row.team));
    return only && !other ? only.team : null;
  }

  return {
    async team(named) {
      await workspaces.ensureLocal();
      const rows = await workspaces.list();
      if (named) {
        const meant = rows.find((row) => row.team === named || row.slackTeam === named);
        if (meant) return meant.team;
        throw new NoTeam(`There is no workspace ${named} here. Name one of these:\n${await listed(rows)}`);
      }
      const team = await among(rows);
      if (team !== null) return team;
      throw new NoTeam(
        `Several workspaces share this database. Say which one with \`--team\`:\n${await listed(rows)}`,
      );
    },
    known: async () => among(await workspaces.list()),
  };

  async function listed(rows: readonly WorkspaceRow[]): Promise<string> {
    const held = await workspaces.holdings();
    return rows
      .map(
        ({ slackTeam, team }) =>
          `  --team ${slackTeam ?? team}  ${many(held.get(team)?.incidents ?? 0, 'incident')}`,
      )
      .join('\n');
  }
}

/** @returns `1 incident`, `2 incidents` */
export function many(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
