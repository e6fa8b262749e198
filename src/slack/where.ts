import { z } from 'zod';
import { type Refusal, refuse } from '#domain/refusal.js';
import { nothingKept, notRead } from '#handle.js';
import { Memory } from './memory.js';
import type { Home } from './person.js';
import type { Read, Workspace } from './ports.js';

/** Which workspace and which incident a payload speaks of, from memory where that is safe. */
export interface Where {
  /**
   * Ours, whatever the payload names: in a channel shared with another workspace, and in an Enterprise, the envelope may
   * name another one. What it names counts only while Slack has not said who we are.
   * @returns our name of the workspace that we are installed in
   * @throws NotSure while that is not known: an event is then not answered, so that Slack sends it again
   */
  team(payload: unknown): string | Promise<string>;
  /** @returns the incident whose channel this is, or null */
  incident(team: string, channel: string): number | null | Promise<number | null>;
}

/** Slack has not said who we are, and the payload names a workspace that we have never met. */
export class NotSure extends Error {
  override name = 'NotSure';
  constructor() {
    super('Slack has not said yet in which workspace we are installed');
  }
}

/** @returns the refusal for whoever could not be answered. @param looks they only asked: nothing would have been kept */
export function noAnswer(error: unknown, looks = false): Refusal {
  if (!(error instanceof NotSure)) return looks ? notRead(error) : nothingKept(error);
  const why = 'Slack has not said yet which workspace this bot is installed in';
  return refuse(looks ? 'NOT_READ' : 'NOT_RECORDED', { why });
}

const id = z.string().min(1).nullish().catch(null);
const named = z.object({ id }).nullish().catch(null);
const ENVELOPE = z.object({
  event: z.unknown().optional(),
  authorizations: z
    .array(z.object({ team_id: id }))
    .nullish()
    .catch(null),
  context_team_id: id,
  view: z.object({ app_installed_team_id: id }).nullish().catch(null),
  team: named,
  team_id: id,
  user: z.object({ team_id: id }).nullish().catch(null),
});

/** @returns Slack's id of the workspace for which a payload was sent, as far as it says so; and whether it is an event */
export function addressee(payload: unknown): { team: string | null; event: boolean } {
  const read = ENVELOPE.safeParse(payload);
  if (!read.success) return { team: null, event: false };
  const { event, authorizations, context_team_id, view, team, team_id, user } = read.data;
  // The nearer to the installation first: the outer `team_id` may be that of whoever acted.
  const team_ = authorizations?.[0]?.team_id || context_team_id || view?.app_installed_team_id;
  return { team: team_ || team?.id || team_id || user?.team_id || null, event: event !== undefined };
}

export function createWhere(options: {
  read: Pick<Read, 'ofChannel'>;
  workspace: Workspace;
  /** @returns where we are installed, null while Slack has not said it */
  home: () => Home | null;
  now: () => Date;
}): Where {
  const { workspace, home } = options;
  // Neither ever changes once it is known: a workspace keeps its name, a channel its incident.
  let ours: { slack: string; team: string } | null = null;
  const channels = new Memory<number>(24 * 3_600_000, 20_000, () => options.now().getTime());

  async function installed(slack: string): Promise<string> {
    const team = await workspace.resolve(slack);
    ours = { slack, team };
    return team;
  }

  /** Recording needs nothing from Slack, so a command must not wait for it; but nothing that was not typed makes a workspace. */
  async function unsure(payload: unknown): Promise<string> {
    const { team, event } = addressee(payload);
    const found = team === null ? null : await workspace.find(team);
    if (found !== null) return found;
    const first = team === null || event || !team.startsWith('T') ? null : await workspace.first(team);
    if (first === null) throw new NotSure();
    return first;
  }

  return {
    team(payload) {
      const slack = home()?.team;
      if (slack === undefined) return unsure(payload);
      return ours?.slack === slack ? ours.team : installed(slack);
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
