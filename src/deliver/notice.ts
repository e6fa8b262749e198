import { isGroup, personLabel } from '#domain/person.js';
import { codeInWords } from '#domain/slack-code.js';
import { escaped } from '#slack/blocks/escaped.js';
import type { Attempt } from './attempt.js';
import { isPermanent } from './failure.js';
import type { Absent } from './invite.js';
import { findTagged, opened, tag } from './look.js';
import { personOf } from './person.js';

// Slack's codes for what people understand at once; any other code is shown as it is.
const REASONS: Record<string, string> = {
  user_is_restricted: 'a guest, who may not be added here',
  ura_max_channels: 'a guest of one channel only',
  user_not_found: 'not found',
  user_disabled: 'deactivated',
  cant_invite: 'cannot be invited',
  no_such_subteam: 'no such group',
  missing_scope: 'the Slack app lacks the scope `usergroups:read`; add it and install the app again',
  org_user_not_in_team: 'not in this workspace',
  plan_upgrade_required: 'this workspace has no user groups',
};

function reasonFor(user: string, error: string): string {
  // Of a person it is another scope, and which one Slack does not say here.
  if (error === 'missing_scope' && /^[UW]/.test(user)) return codeInWords(error);
  return REASONS[error] ?? codeInWords(error);
}

/** Names in the channel those who could not be brought in, so that somebody calls them. */
export async function tellAbsent(
  attempt: Attempt<'channel.open'> | Attempt<'people.invite'>,
  channel: string,
  absent: Absent[],
): Promise<void> {
  if (absent.length === 0) return;
  const id = `absent ${attempt.row.id}`;
  if (attempt.repeated && (await findTagged(attempt, channel, opened(attempt), id))) return;
  const named = await Promise.all(
    absent.map(async ({ user, error }) => {
      const name = isGroup(user)
        ? `@${(await attempt.world.groups.names([user])).get(user) ?? user}`
        : personLabel(await personOf(attempt, user));
      return `${escaped(name.slice(0, 80))} (${escaped(reasonFor(user, error))})`;
    }),
  );
  const shown = named.slice(0, 20).join(', ');
  const more = named.length > 20 ? ` and ${named.length - 20} more` : '';
  try {
    await attempt.write(
      'chat.postMessage',
      { channel, text: `Could not be added: ${shown}${more}.`, metadata: tag({ id }) },
      { patient: true },
    );
  } catch (error) {
    // The invitation itself is done with; a channel that takes no message has said so at the headline.
    if (!isPermanent(error)) throw error;
  }
}
