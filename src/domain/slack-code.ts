import type { Loss } from './words.js';

/**
 * What a *no* of Slack's is worth.
 * - `fatal`: the token is no good; nothing works until a person gives us another.
 * - `shut`: a policy keeps the bot out until a person acts; what is owed is kept for that time.
 * - `doubtful`: it may have happened all the same.
 * - `passing`: it did not happen, and the same call may work later.
 * - `final`: it stays a no until somebody changes something.
 * - `unknown`: nobody has told us. It is tried a few times more, and given up then.
 */
export type Nature = 'fatal' | 'shut' | 'doubtful' | 'passing' | 'final' | 'unknown';

/** Every error code of the Web API methods that we call, by what it is worth: the only such list. */
const CODES: Record<Exclude<Nature, 'unknown'>, string> = {
  fatal: `not_authed invalid_auth account_inactive token_revoked token_expired user_removed_from_team team_disabled`,
  shut: `team_access_not_granted ekm_access_denied access_denied accesslimited enterprise_is_restricted
    two_factor_setup_required`,
  doubtful: `internal_error fatal_error service_unavailable request_timeout update_failed`,
  passing: `ratelimited rate_limited message_limit_exceeded org_login_required team_added_to_org
    external_channel_migrating`,
  final: `missing_scope no_permission not_allowed_token_type not_authorized unknown_method deprecated_endpoint
    method_deprecated missing_argument missing_args missing_post_type limit_required bad_timestamp
    restricted_action user_is_restricted cannot_create_channel name_taken no_channel
    channel_not_found not_in_channel is_archived is_inactive channel_is_limited_access posting_to_channel_denied
    method_not_supported_for_channel_type team_not_found messages_tab_disabled thread_locked thread_not_found
    cannot_reply_to_message too_long too_many_members duplicate_channel_not_found
    no_text msg_too_long msg_blocks_too_long too_many_attachments attachment_payload_limit_exceeded block_mismatch
    markdown_text_conflict as_user_not_supported too_many_contact_cards missing_file_data duplicate_message_not_found
    message_not_found cant_update_message edit_window_closed cant_broadcast_message streaming_state_conflict
    no_dual_broadcast_content_update already_pinned not_pinnable too_many_pins no_item_specified
    already_reacted not_reactable too_many_emoji too_many_reactions no_reaction no_access
    already_in_channel cant_invite cant_invite_self invitee_cant_see_channel no_external_invite_permission no_user
    org_user_not_in_team ura_max_channels user_not_found user_not_visible user_disabled user_not_in_channel
    not_enough_users too_many_users users_list_not_supplied users_not_found cannot_dm_bot
    no_such_subteam subteam_not_found plan_upgrade_required paid_teams_only list_record_comment_fetch_failed
    file_not_found file_not_shared file_deleted file_is_deleted file_type_not_allowed blocked_file_type
    file_update_failed file_share_limit_reached max_file_sharing_exceeded unable_to_share_files
    file_uploads_disabled file_uploads_except_images_disabled file_upload_size_restricted storage_limit_reached
    inactive_call bad_users cannot_unfurl_url cannot_find_channel cannot_find_message cannot_parse_attachment
    missing_channel missing_ts missing_unfurls missing_unfurl_id missing_source
    channel_canvas_already_exists team_tier_cannot_create_channel_canvases free_team_not_allowed
    free_team_canvas_tab_already_exists free_teams_cannot_create_non_tabbed_canvases
    free_teams_cannot_edit_standalone_canvases
    snippet_too_large unknown_snippet_type unknown_subtype alt_txt_too_large channels_limit_exceeded`,
};
/** Families whose members are many and of one kind. */
const FINAL = /^(invalid_|metadata_|restricted_action_|slack_connect_|msg_|draft_|canvas_)/;

const NATURES = new Map<string, Nature>(
  Object.entries(CODES).flatMap(([nature, codes]) =>
    codes.split(/\s+/).map((code) => [code, nature as Nature] as const),
  ),
);

/** @param code as Slack gave it in `error` */
export function natureOf(code: string): Nature {
  return NATURES.get(code) ?? (FINAL.test(code) ? 'final' : 'unknown');
}

/** The channel itself cannot be used by us. */
const OF_CHANNEL = new Set([
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'posting_to_channel_denied',
]);
/** We cannot ask for such a thing at all, or not there. */
const OF_US = new Set(['missing_scope', 'unknown_method', 'method_not_supported_for_channel_type']);

/** What a *no* is about where no other person, text or file would fare better; null: it is about those. */
export function aboutOf(code: string): 'channel' | 'us' | null {
  if (OF_CHANNEL.has(code)) return 'channel';
  return OF_US.has(code) ? 'us' : null;
}

/** How a channel is lost: by which codes Slack says so, what that means, and what somebody does about it. */
export const LOST: Record<Loss, { codes: readonly string[]; means: string; mend: string }> = {
  removed: {
    codes: ['not_in_channel'],
    means: 'I was removed from it',
    mend: 'type `/invite @tocsin` there',
  },
  archived: {
    codes: ['is_archived', 'is_inactive'],
    means: 'it is archived',
    mend: 'unarchive it, and type `/invite @tocsin` there if I am not in it then',
  },
  gone: {
    codes: ['channel_not_found'],
    means: 'it was deleted, or it is private and I was removed from it',
    mend: 'type `/invite @tocsin` there, if it is there still',
  },
};

/** Does Slack say by it that nothing can be shown in that channel? */
export function isLoss(code: string): boolean {
  return Object.values(LOST).some(({ codes }) => codes.includes(code));
}

/** As it is kept with what is owed there and waits: `channel: not_in_channel`. */
export function waitingFor(lost: Loss): string {
  return `${WAITS}${LOST[lost].codes[0]}`;
}

/** What begins so waits for its channel, and not for a person who retries it. */
export const WAITS = 'channel: ';

/** What people understand at once, and what mends it. Any other code is shown as it is. */
const MEANS: Record<string, { means: string; mend?: string }> = {
  restricted_action: {
    means: 'a setting of this workspace forbids it',
    mend: 'an owner or admin of the workspace allows it for this app, under Settings & administration → Permissions',
  },
  user_is_restricted: {
    means: 'the app counts as a restricted account',
    mend: 'an owner or admin of the workspace lifts the restriction of this app',
  },
  no_permission: {
    means: 'the app has no permission for it',
    mend: 'an owner or admin of the workspace gives this app the permission, or the app is reinstalled',
  },
  missing_scope: {
    means: 'the app lacks a scope',
    mend: 'add the scopes of manifest.yml under OAuth & Permissions and reinstall the app; `tocsin doctor` names them',
  },
  name_taken: {
    means: 'every name for it is taken',
    mend: 'rename or delete channels whose names begin like that of this incident',
  },
  is_archived: { means: 'the channel is archived', mend: 'unarchive the channel' },
  is_inactive: { means: 'the channel is archived', mend: 'unarchive the channel' },
  channel_not_found: {
    means: 'there is no such channel, or it is private and the bot is not in it',
    mend: 'check its name, and invite the bot into it',
  },
  not_in_channel: { means: 'the bot is not in the channel', mend: 'type `/invite @tocsin` in the channel' },
  ekm_access_denied: {
    means: 'the administrators of the organisation have suspended posting',
    mend: 'an administrator of the organisation allows it again',
  },
  team_access_not_granted: {
    means: 'the app was not given this workspace',
    mend: 'an administrator of the organisation grants the app this workspace',
  },
  ...Object.fromEntries(
    [
      ...['team_tier_cannot_create_channel_canvases', 'free_team_not_allowed'],
      ...['free_teams_cannot_create_non_tabbed_canvases', 'free_teams_cannot_edit_standalone_canvases'],
    ].map((code) => [
      code,
      {
        means: 'the plan of this workspace has no such canvases',
        mend: 'take `canvas: true` out of tocsin.yml, or ask for a plan that has them',
      },
    ]),
  ),
  canvas_disabled_user_team: {
    means: 'canvases are switched off in this workspace',
    mend: 'an owner or admin switches them on, or take `canvas: true` out of tocsin.yml',
  },
  org_login_required: {
    means: 'the workspace is being moved into an organisation',
    mend: 'wait until Slack has moved it',
  },
  ...Object.fromEntries(
    CODES.fatal.split(/\s+/).map((code) => [
      code,
      {
        means: 'the bot’s token is no good any more',
        mend: 'install the app again, put its new token into SLACK_BOT_TOKEN and start the bot again',
      },
    ]),
  ),
  not_filed: {
    means: 'the tracker does not take it',
    mend: 'mend what `tocsin doctor` says of the tracker',
  },
  user_disabled: { means: 'that account is deactivated' },
  cannot_dm_bot: { means: 'a bot takes no direct messages' },
  messages_tab_disabled: {
    means: 'the app takes no direct messages',
    mend: 'switch on the Messages tab under App Home',
  },
  file_uploads_disabled: { means: 'uploads are switched off in this workspace' },
  storage_limit_reached: { means: 'the workspace has no room for files left' },
};

/** `restricted_action`, or `restricted_action: a setting of this workspace forbids it`. */
export function codeInWords(code: string): string {
  const known = MEANS[code] ?? MEANS[code.replace(/^(restricted_action)_.*/, '$1')];
  return known ? `${code}: ${known.means}` : code;
}

/** What somebody has to do before the same call can work, without a full stop; null: we do not know. */
export function mendOf(code: string): string | null {
  return (MEANS[code] ?? MEANS[code.replace(/^(restricted_action)_.*/, '$1')])?.mend ?? null;
}

/** The code in what is kept with a delivery: `chat.postMessage: is_archived (try 5 of 5)` → `is_archived`. */
export function codeOf(error: string): string {
  return /(?:^|: )([\w.-]+)(?: \(try \d+ of \d+\))?$/.exec(error)?.[1] ?? error;
}
