import { Memory } from './memory.js';
import type { Read, Workspace } from './ports.js';

/** Which workspace and which incident a payload speaks of, from memory where that is safe. */
export interface Where {
  /** @returns our name of a Slack workspace */
  team(slackTeamId: string): string | Promise<string>;
  /** @returns the incident whose channel this is, or null */
  incident(team: string, channel: string): number | null | Promise<number | null>;
}

export function createWhere(options: {
  read: Pick<Read, 'ofChannel'>;
  workspace: Workspace;
  now: () => Date;
}): Where {
  // Neither ever changes once it is known: a workspace keeps its name, a channel its incident.
  const teams = new Map<string, string>();
  const channels = new Memory<number>(24 * 3_600_000, 20_000, () => options.now().getTime());
  return {
    team(slackTeamId) {
      const known = teams.get(slackTeamId);
      if (known !== undefined) return known;
      return options.workspace.resolve(slackTeamId).then((team) => {
        teams.set(slackTeamId, team);
        return team;
      });
    },
    incident(team, channel) {
      const key = `${team} ${channel}`;
      const known = channels.get(key);
      if (known !== undefined) return known;
      return options.read.ofChannel(team, channel).then((incident) => {
        // A *no* is not kept: the next line may be typed in a channel that was made a moment ago.
        if (incident !== null) channels.set(key, incident);
        return incident;
      });
    },
  };
}
