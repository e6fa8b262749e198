import { refuse } from '../../refuse.js';
import type { Call } from '../context.js';

/** Methods that cannot tell by themselves which workspace of the organisation is meant. */
const OF_ONE_TEAM = new Set([
  ...['conversations.create', 'conversations.list', 'users.list', 'users.conversations', 'bots.info'],
  ...[
    'chat.scheduledMessages.list',
    'files.list',
    'usergroups.list',
    'usergroups.create',
    'usergroups.update',
  ],
  ...['usergroups.enable', 'usergroups.disable', 'usergroups.users.list', 'usergroups.users.update'],
]);
/** These have a code of their own for it. */
const TARGETED = new Set(['usergroups.create', 'usergroups.disable']);

/**
 * With a token for a whole organisation a call says by `team_id` which workspace it means; elsewhere that argument
 * says nothing.
 * @throws SlackError `missing_argument`, `target_team_must_be_specified_in_org_context`, `team_access_not_granted`
 */
export function checkTeam(call: Call, method: string): void {
  const { enterprise, identity } = call.world;
  if (!enterprise?.orgInstall || call.bearer.kind === 'app' || call.bearer.kind === 'config') return;
  const team = call.args.text('team_id');
  if (!team) {
    if (!OF_ONE_TEAM.has(method)) return;
    refuse(TARGETED.has(method) ? 'target_team_must_be_specified_in_org_context' : 'missing_argument');
  }
  if (team !== identity.teamId) refuse('team_access_not_granted');
}
