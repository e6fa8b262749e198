/** Where the sandbox is not as documented, and why; entries are `method: what`. */
type Differences = ReadonlyArray<{ readonly why: string; readonly are: readonly string[] }>;

/** Methods that the reference does not describe. */
export const UNDOCUMENTED: readonly string[] = ['blocks.validate'];

export const OTHER_TIERS: Differences = [
  {
    why: 'the special limit of posts, by conversation',
    are: ['chat.postMessage: posting, documented special'],
  },
];

/** `also`: a scope that does beside the documented ones; `not`: a documented one that does not. */
export const OTHER_SCOPES: Differences = [
  {
    why: 'of the app-level token, told in the text of the page',
    are: ['apps.event.authorizations.list: also authorizations:read'],
  },
  { why: 'what it needed before', are: ['assistant.threads.setStatus: also assistant:write'] },
  {
    why: 'of user tokens, which need it in place of channels:manage; the table is of bot tokens',
    are: ['archive', 'close', 'create', 'kick', 'leave', 'mark', 'rename', 'unarchive'].map(
      (name) => `conversations.${name}: not channels:write`,
    ),
  },
  {
    why: 'these are refused in direct messages whatever the scope',
    are: [
      ...['create', 'invite', 'setPurpose', 'setTopic'].flatMap((name) => [
        `conversations.${name}: not im:write`,
        `conversations.${name}: not mpim:write`,
      ]),
      ...['setPurpose', 'setTopic'].flatMap((name) => [
        `conversations.${name}: not im:write.topic`,
        `conversations.${name}: not mpim:write.topic`,
      ]),
    ],
  },
];

const of = (code: string, methods: readonly string[]) => methods.map((name) => `${name}: ${code}`);

/** Codes that the reference of the method does not list. */
export const OTHER_ERRORS: Differences = [
  {
    why: 'as every list',
    are: [
      ...of('invalid_limit', ['apps.event.authorizations.list', 'users.list', 'chat.scheduledMessages.list']),
      ...of('invalid_limit', ['conversations.history', 'conversations.replies', 'reactions.list']),
      ...of('invalid_cursor', ['reactions.list']),
    ],
  },
  { why: 'as `apps.manifest.export`', are: ['apps.manifest.update: app_not_found'] },
  { why: 'documented in 2021', are: ['dnd.endSnooze: snooze_not_active'] },
  { why: 'at most fifty, told in the text of the page', are: ['dnd.teamInfo: too_many_users'] },
  {
    why: 'the group it names does not exist; `usergroups.users.list` says it so',
    are: of('no_such_subteam', [
      ...['usergroups.disable', 'usergroups.enable', 'usergroups.update', 'usergroups.users.update'],
    ]),
  },
  {
    why: 'checked as in `usergroups.create`, and the other way round',
    are: [
      'usergroups.create: too_many_linked_channels',
      ...['bad_handle', 'description_too_long', 'forbidden_handle', 'handle_already_exists'].flatMap((code) =>
        of(code, ['usergroups.update']),
      ),
      ...['invalid_channel_provided', 'name_already_exists', 'name_too_long'].flatMap((code) =>
        of(code, ['usergroups.update']),
      ),
    ],
  },
  {
    why: 'the user it names does not exist, or is not to be seen; `users.info` says it so',
    are: [
      ...of('user_not_found', ['dnd.teamInfo', 'users.getPresence', 'users.profile.set']),
      ...of('user_not_found', ['users.conversations', 'views.publish']),
      ...of('user_not_visible', ['users.getPresence', 'users.profile.get', 'users.profile.set']),
    ],
  },
  {
    why: 'a thread that does not exist: no page names a code',
    are: of('thread_not_found', [
      ...['chat.meMessage', 'chat.postEphemeral', 'chat.postMessage', 'chat.scheduleMessage'],
      ...['chat.startStream', 'files.completeUploadExternal'],
    ]),
  },
  {
    why: 'the app must be in the channel, as the methods beside it say',
    are: of('not_in_channel', [
      ...['bookmarks.add', 'bookmarks.edit', 'bookmarks.list', 'bookmarks.remove', 'canvases.create'],
      ...['conversations.canvases.create', 'conversations.replies', 'conversations.unarchive', 'pins.list'],
      ...['pins.remove', 'reactions.add', 'reactions.get', 'reactions.remove'],
    ]),
  },
  {
    why: 'an archived channel is only read',
    are: of('is_archived', [
      ...['bookmarks.add', 'bookmarks.edit', 'bookmarks.remove', 'files.completeUploadExternal'],
    ]),
  },
  {
    why: 'the channel or file it names does not exist',
    are: [
      ...of('channel_not_found', ['canvases.create', 'conversations.canvases.create', 'files.list']),
      'reactions.add: file_not_found',
    ],
  },
  {
    why: 'what is posted is checked as by the other methods that post',
    are: [
      ...of('cannot_reply_to_message', ['chat.meMessage', 'chat.scheduleMessage', 'chat.startStream']),
      ...of('messages_tab_disabled', ['chat.meMessage', 'chat.scheduleMessage']),
      ...of('as_user_not_supported', ['chat.postEphemeral', 'chat.scheduleMessage']),
      ...of('msg_blocks_too_long', ['chat.postEphemeral', 'chat.scheduleMessage', 'chat.update']),
      ...of('msg_blocks_too_long', ['files.completeUploadExternal']),
      ...of('invalid_blocks_format', ['chat.stopStream', 'files.completeUploadExternal']),
      ...of('invalid_attachments', ['chat.postMessage', 'chat.scheduleMessage', 'chat.stopStream']),
      ...of('invalid_attachments', ['files.completeUploadExternal']),
      ...['invalid_metadata_format', 'invalid_metadata_schema', 'metadata_too_large'].flatMap((code) =>
        of(code, ['chat.postEphemeral']),
      ),
      ...of('msg_too_long', ['chat.postMessage', 'chat.stopStream']),
      'chat.stopStream: markdown_text_conflict',
    ],
  },
  { why: 'as the other methods of calls', are: ['calls.info: invalid_call_id'] },
  { why: 'more than a hundred', are: ['conversations.invite: too_many_users'] },
];

/** Members of the official samples that the sandbox does not give, by reason. */
export const LEFT_OUT: ReadonlyArray<{
  readonly why: string;
  /** All when absent; `*` at the end for the rest of a name. */
  readonly methods?: readonly string[];
  readonly members: readonly string[];
}> = [
  { why: 'there only when the caller sends it', methods: ['api.test'], members: ['args.error'] },
  {
    why: 'the manifest as it was given: these members are not in the one of the test',
    methods: ['apps.manifest.export'],
    members: [
      ...['_metadata', 'background_color', 'description', 'long_description', 'functions'],
      ...['messages_tab_read_only_enabled', 'url', 'usage_hint', 'pkce_enabled', 'redirect_urls'],
      ...['token_management_enabled', 'allowed_ip_address_ranges', 'request_url', 'user_events'],
      ...['function_runtime', 'hermes_app_type', 'message_menu_options_url', 'is_mcp_enabled'],
      ...['org_deploy_enabled', 'token_rotation_enabled'],
    ],
  },
  { why: 'tokens are not rotated', members: ['expires_in', 'refresh_token'] },
  {
    why: 'no address for incoming messages is chosen',
    methods: ['oauth.v2.access'],
    members: ['incoming_webhook'],
  },
  { why: 'reminders of a channel are gone', methods: ['reminders.list'], members: ['channel'] },
  {
    why: 'the plan, the sign-in and the sales side of a workspace',
    methods: ['team.info'],
    members: [
      ...['is_sfdc_auto_slack', 'lob_sales_home_enabled', 'pay_prod_cur', 'sso_provider'],
      'icon.image_original',
    ],
  },
  { why: 'of a custom emoji alone', members: ['status_emoji_url'] },
  { why: 'for admins of the organisation alone', members: ['two_factor_type'] },
  { why: 'from before there were cursors', methods: ['users.list'], members: ['offset'] },
  { why: 'of bots alone', methods: ['users.profile.get'], members: ['always_active'] },
  { why: 'focus mode is not here', members: ['status_clear_on_focus_end'] },
  { why: 'of refusals', members: ['detail', 'arg', 'callstack', 'deprecated_argument'] },
  { why: 'of huddles and assistants', members: ['assistant_app_thread', 'room'] },
  { why: 'drawn by Slack for an emoji as the icon', members: ['icons.image_64'] },
  {
    why: 'of messages with files, which the message of this call is not',
    methods: ['chat.update', 'conversations.history', 'reactions.list'],
    members: ['files', 'upload', 'display_as_bot'],
  },
  { why: 'files of which nothing is to be seen', members: ['x_files'] },
  { why: 'of group conversations alone', methods: ['conversations.*', 'users.*'], members: ['is_open'] },
  { why: 'of the clients', members: ['is_starred', 'no_notifications'] },
  {
    why: 'of messages of another kind',
    methods: ['conversations.open'],
    members: ['latest.client_msg_id', 'latest.subtype'],
  },
  {
    why: 'of messages of another kind',
    methods: ['reactions.list'],
    members: ['inviter', 'message.channel'],
  },
  {
    why: 'of channels for a whole organisation',
    members: ['is_global_shared', 'is_org_default', 'is_org_mandatory'],
  },
  {
    why: 'of channels for a whole organisation',
    methods: ['users.conversations'],
    members: ['enterprise_id'],
  },
  {
    why: "what a channel is set to by people in Slack's own client",
    methods: ['conversations.*', 'users.conversations'],
    members: [
      ...['meeting_notes', 'use_case', 'channel_workflows', 'posting_restricted_to', 'threads_restricted_to'],
      ...['huddles_restricted', 'shared_ts', 'is_disabled', 'folder_bookmark_id', 'mute_edit_updates'],
      ...['tabz.id', 'tabz.label'],
    ],
  },
  {
    why: 'comments on files and pins of files are gone',
    members: ['comments', 'items.comment', 'items.file'],
  },
  {
    why: 'e-mails, lists, films, sounds, PDFs and moving pictures as files',
    methods: ['files.*'],
    members: [
      ...[
        'cc',
        'to',
        'from',
        'headers',
        'subject',
        'original_attachment_count',
        'plain_text',
        'simplified_html',
      ],
      ...[
        'list_csv_download_url',
        'list_limits',
        'list_metadata',
        'mp4',
        'mp4_low',
        'hls',
        'hls_embed',
        'vtt',
      ],
      ...['duration_ms', 'media_progress', 'transcription', 'thumb_video', 'thumb_video_h', 'thumb_video_w'],
      ...[
        'thumb_pdf',
        'thumb_pdf_h',
        'thumb_pdf_w',
        'converted_pdf',
        'deanimate',
        'deanimate_gif',
        'thumb_gif',
      ],
      ...['thumb_64_gif', 'thumb_80_gif', 'thumb_160_gif', 'thumb_360_gif', 'thumb_480_gif', 'thumb_720_gif'],
      ...['thumb_800_gif', 'thumb_960_gif', 'thumb_1024_gif', 'pjpeg', 'preview_plain_text'],
    ],
  },
  {
    why: 'files of other services, and what their apps say of them',
    methods: ['files.*'],
    members: [
      'external_id',
      'external_url',
      'app_id',
      'app_name',
      'bot_id',
      'url_static_preview',
      'source_team',
    ],
  },
  {
    why: "canvases in Slack's own client: templates, locks, editors",
    methods: ['files.*'],
    members: [
      ...['can_toggle_canvas_lock', 'canvas_template_mode', 'channel_actions_count', 'channel_actions_ts'],
      ...['edit_timestamp', 'editor', 'editors', 'last_editor', 'last_read', 'linked_channel_id', 'access'],
      ...['quip_thread_id', 'non_owner_editable', 'template_conversion_ts', 'template_description'],
      ...['template_icon', 'template_name', 'template_title', 'title_blocks', 'update_notification'],
      ...['team_pref_version_history_enabled', 'is_restricted_sharing_enabled', 'org_or_workspace_access'],
      ...['private_channels_with_file_access_count', 'private_file_with_access_count', 'show_badge'],
      ...['dm_mpdm_users_with_file_access', 'teams_shared_with', 'file.canvas_printing_enabled'],
      ...['file.is_channel_space', 'file.updated', 'subtype'],
    ],
  },
  {
    why: 'what a reader did with a file: stars, favourites, saved for later, reactions, pins',
    methods: ['files.*'],
    members: [
      ...['favorites', 'num_stars', 'saved', 'sent_to_self', 'reactions', 'pinned_to', 'initial_comment'],
      ...['has_more', 'has_more_shares', 'is_modified_by_ai', 'is_silent_share', 'thumb_tiny'],
    ],
  },
  {
    why: 'of a share in a thread, or of one that was answered',
    methods: ['files.*'],
    members: ['date_last_shared', 'latest_reply', 'shares.private.*.thread_ts'],
  },
  {
    why: 'small square pictures say no size',
    methods: ['files.*'],
    members: ['thumb_64_h', 'thumb_64_w', 'thumb_80_h', 'thumb_80_w', 'thumb_160_h', 'thumb_160_w'],
  },
  {
    why: 'of text; the file of this call is a picture',
    methods: ['files.completeUploadExternal'],
    members: ['edit_link', 'lines', 'lines_more', 'preview', 'preview_highlight', 'preview_is_truncated'],
  },
  {
    why: 'the content of a text beside it, and pages of comments',
    methods: ['files.info'],
    members: [
      ...['content', 'content_highlight_css', 'content_highlight_html', 'content_highlight_html_truncated'],
      ...['is_truncated', 'paging'],
    ],
  },
  {
    why: 'work objects shown in a view',
    methods: ['views.*'],
    members: ['app_unfurl_url', 'channel', 'entity_url', 'external_ref', 'message_ts', 'thread_ts'],
  },
  { why: 'of modals alone', methods: ['views.publish'], members: ['close', 'submit'] },
];
