/** Scopes of which any one lets the app hear of these events, and the events. */
const BY_SCOPES: ReadonlyArray<readonly [scopes: string, events: string]> = [
  [
    '',
    `app_context_changed app_deleted app_home_opened app_installed app_uninstalled app_uninstalled_team
     agent_session_stopped agent_session_title_changed entity_details_requested function_executed
     grid_migration_finished grid_migration_started message.app_home team_access_granted team_access_revoked
     tokens_revoked workflow_deleted workflow_published workflow_unpublished`,
  ],
  ['admin.apps:read', 'app_requested'],
  ['admin.invites:read', 'invite_requested'],
  ['app_mentions:read', 'app_mention'],
  ['assistant:write', 'assistant_thread_context_changed assistant_thread_started'],
  ['calls:read', 'call_rejected'],
  ['channels:history', 'channel_history_changed message.channels'],
  [
    'channels:read',
    'channel_archive channel_created channel_deleted channel_id_changed channel_left channel_rename channel_unarchive',
  ],
  ['channels:read groups:read', 'member_joined_channel member_left_channel'],
  ['channels:read groups:read im:read mpim:read', 'channel_shared channel_unshared'],
  ['conversations.connect:manage', 'shared_channel_invite_requested'],
  [
    'conversations.connect:manage conversations.connect:read conversations.connect:write',
    'shared_channel_invite_accepted shared_channel_invite_approved shared_channel_invite_declined',
  ],
  ['conversations.connect:read', 'shared_channel_invite_received'],
  ['dnd:read', 'dnd_updated dnd_updated_user'],
  ['emoji:read', 'emoji_changed'],
  [
    'files:read',
    `file_change file_comment_added file_comment_deleted file_comment_edited file_created file_deleted file_public
     file_shared file_unshared`,
  ],
  ['groups:history', 'group_history_changed message.groups'],
  [
    'groups:read',
    'group_archive group_close group_deleted group_left group_open group_rename group_unarchive',
  ],
  ['im:history', 'im_history_changed message.im'],
  ['im:read', 'im_close im_created im_open'],
  ['links:read', 'link_shared'],
  ['metadata.message:read', 'message_metadata_deleted message_metadata_posted message_metadata_updated'],
  ['mpim:history', 'message.mpim'],
  ['pins:read', 'pin_added pin_removed'],
  ['reactions:read', 'reaction_added reaction_removed'],
  ['stars:read', 'star_added star_removed'],
  ['team:read', 'email_domain_changed team_domain_change team_rename'],
  [
    'usergroups:read',
    'subteam_created subteam_members_changed subteam_self_added subteam_self_removed subteam_updated',
  ],
  ['users:read', 'team_join user_change user_huddle_changed user_profile_changed user_status_changed'],
  ['workflow.steps:execute', 'workflow_step_deleted workflow_step_execute'],
];

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** Every event that an app may subscribe to, with the scopes of which it needs any one; none needed when empty. */
export const EVENT_SCOPES: ReadonlyMap<string, readonly string[]> = new Map(
  BY_SCOPES.flatMap(([scopes, events]) => words(events).map((event) => [event, words(scopes)] as const)),
);

/** What Slack sends without a subscription. */
export const UNASKED: ReadonlySet<string> = new Set(['app_rate_limited', 'url_verification']);
