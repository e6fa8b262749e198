/** `unknown`: Slack does not say; `chosen`: Slack does something else or more, and we chose; `missing`: not here. */
type Why = 'unknown' | 'chosen' | 'missing';

/** Something in which the sandbox differs from Slack, or may. */
export interface Difference {
  readonly area: string;
  readonly what: string;
  /** What the sandbox does. */
  readonly here: string;
  readonly why: Why;
}

/** What is known to differ in what is said and shown: channels, messages, blocks, forms, the page. */
export const MESSAGES_DIFFER: readonly Difference[] = [
  {
    area: 'Messages',
    what: 'sum of the text of all blocks',
    here: '13,000 characters, then `msg_blocks_too_long`; the setting `block_text_cap` changes it',
    why: 'unknown',
  },
  {
    area: 'Messages',
    what: '`mrkdwn: false`',
    here: 'kept and given out; the page shows the text formatted all the same',
    why: 'missing',
  },
  {
    area: 'Messages',
    what: 'unit of limits on length',
    here: 'UTF-16 units, the stricter reading',
    why: 'unknown',
  },
  {
    area: 'Messages',
    what: '`markdown_text` and `markdown` blocks',
    here: 'kept as they were written; Slack expands them to other blocks',
    why: 'chosen',
  },
  {
    area: 'Messages',
    what: 'text of an app without blocks',
    here: 'gets no `rich_text` block; emoji become names in the text, not in blocks',
    why: 'chosen',
  },
  {
    area: 'Messages',
    what: 'a thread that grows',
    here: 'no `message_replied`, and no `message_changed` of the parent',
    why: 'unknown',
  },
  {
    area: 'Messages',
    what: 'streams',
    here: 'no event for each piece, one `message_changed` at the end; 12,000 characters, then `msg_blocks_too_long`',
    why: 'unknown',
  },
  {
    area: 'Messages',
    what: '`link_shared`',
    here: 'public channels also without the app, private ones with it; links in `text` only; its own posts unless `unfurl_links` is false',
    why: 'unknown',
  },
  {
    area: 'Messages',
    what: '`prevent_creation` where there is no conversation',
    here: '`channel_not_found`',
    why: 'unknown',
  },
  {
    area: 'Response addresses',
    what: 'answer of a used-up or expired one',
    here: 'HTTP 404 with `used_url` or `expired_url`',
    why: 'unknown',
  },
  {
    area: 'Response addresses',
    what: 'what uses up one of the five',
    here: 'a post that is refused does; one that cannot be read, or comes too fast, does not',
    why: 'unknown',
  },
  {
    area: 'Scheduled messages',
    what: 'taking one back shortly before it is posted',
    here: 'refused within 60 seconds',
    why: 'unknown',
  },
  {
    area: 'Scheduled messages',
    what: '30 for a channel within 5 minutes',
    here: 'windows that stand still, not sliding ones',
    why: 'unknown',
  },
  {
    area: 'Reactions',
    what: 'of files and comments',
    here: 'only messages have them; their greatest number is a guess (`caps`)',
    why: 'chosen',
  },
  {
    area: 'Emoji',
    what: '`cache_ts` and the names of kinds',
    here: 'now, and those of the gemoji library',
    why: 'chosen',
  },
  {
    area: 'Emoji',
    what: 'names beyond the gemoji library',
    here: "a list made by hand, in which Slack's own may lack; gemoji's (`rofl`) are taken too",
    why: 'chosen',
  },
  {
    area: 'Channels',
    what: '`conversations.unarchive` by a bot',
    here: 'the code is a guess',
    why: 'unknown',
  },
  {
    area: 'Channels',
    what: '`conversations.rename`',
    here: 'refuses names that it would have to mend',
    why: 'unknown',
  },
  { area: 'Channels', what: '`last_member`', here: 'also in public channels', why: 'unknown' },
  { area: 'Channels', what: 'more than `caps.channels`', here: '`cannot_create_channel`', why: 'unknown' },
  {
    area: 'Invitations',
    what: 'code for inviting a deactivated person',
    here: '`user_not_found`',
    why: 'unknown',
  },
  {
    area: 'Invitations',
    what: 'outsiders; strangers; `caps.members`',
    here: '`no_external_invite_permission`; `user_not_found`; invitations do not count towards it',
    why: 'unknown',
  },
  {
    area: 'Files',
    what: 'an upload of another length than was announced',
    here: 'HTTP 400 with `upload_length_mismatch`, a code of ours',
    why: 'unknown',
  },
  {
    area: 'Files',
    what: 'sharing into an archived channel, or an unknown thread',
    here: '`is_archived`, `thread_not_found`',
    why: 'unknown',
  },
  {
    area: 'Canvases',
    what: 'ids of sections, and how messages stand in them',
    here: 'our own; a canvas posts no message, and codes of plans do not come',
    why: 'unknown',
  },
  { area: 'Calls', what: '`invalid_call_id` of `calls.info`', here: 'not documented there', why: 'unknown' },
  {
    area: 'Blocks',
    what: '`action_id`',
    here: "unique within its block, as in Slack's types; elsewhere it says message or view",
    why: 'unknown',
  },
  { area: 'Blocks', what: '`alert`', here: 'messages and modals, not Home', why: 'unknown' },
  {
    area: 'Blocks',
    what: 'where the blocks of 2025 and 2026 may stand',
    here: 'others than `alert` in messages only',
    why: 'unknown',
  },
  {
    area: 'Blocks',
    what: '`failed to match all allowed schemas`',
    here: 'not said beside the line that says what is wrong',
    why: 'chosen',
  },
  {
    area: 'Blocks',
    what: 'words of rarer mistakes (charts, containers, tables, unfurl domains, initials)',
    here: 'our own',
    why: 'unknown',
  },
  {
    area: 'Blocks',
    what: '`blocks.validate`',
    here: 'the code `failed_constraint` for all; the sum of texts is not counted',
    why: 'unknown',
  },
  {
    area: 'Blocks',
    what: '`data_table`, `chart`, `header`',
    here: '101 rows; 12 series or segments; levels 1 to 4',
    why: 'unknown',
  },
  { area: 'Blocks', what: '`table` with rows of unequal length', here: 'taken', why: 'unknown' },
  {
    area: 'Blocks',
    what: 'attachments',
    here: 'a footer over 300 characters and more than 5 old actions are refused',
    why: 'unknown',
  },
  {
    area: 'Blocks',
    what: 'confirm dialogs',
    here: "title, text, confirm and deny are all wanted; Slack's types let some go",
    why: 'unknown',
  },
  {
    area: 'Blocks',
    what: '`links.embed:write` for `video`, `files:read` for `file_input`',
    here: 'not asked for',
    why: 'unknown',
  },
  { area: 'Blocks', what: '`default_to_current_conversation`', here: 'not filled in', why: 'missing' },
  {
    area: 'Blocks',
    what: 'menus of attachments (`interactive_message`)',
    here: 'buttons are shown and cannot be pressed; nothing is sent',
    why: 'missing',
  },
  {
    area: 'Views',
    what: 'an answer for a form that was closed meanwhile',
    here: 'does nothing',
    why: 'unknown',
  },
  {
    area: 'Views',
    what: 'sending an old form',
    here: 'refused only where a `hash` is given',
    why: 'unknown',
  },
  {
    area: 'Views',
    what: '`rich_text_input` filled by the control API with a text',
    here: 'becomes one text element',
    why: 'chosen',
  },
  {
    area: 'Page',
    what: '`rich_text_input`',
    here: "a text with marks and a preview; dates are the browser's own fields",
    why: 'chosen',
  },
  {
    area: 'Page',
    what: 'bare `@name` and `#name` in texts of apps',
    here: 'stay text; addresses become links',
    why: 'unknown',
  },
  {
    area: 'Page',
    what: 'videos, workflow buttons',
    here: 'are not played; say that workflows do not run here',
    why: 'missing',
  },
  { area: 'Page', what: 'long messages', here: 'folded from 700 characters or 15 lines', why: 'chosen' },
  {
    area: 'Page',
    what: '`data_table`',
    here: 'pages, without sorting; kinds of cells other than text, number and rich text show their name',
    why: 'missing',
  },
  {
    area: 'Page',
    what: 'words of failures, and where they stand',
    here: 'ours but for commands; beside the button that failed, else in a note at the edge',
    why: 'unknown',
  },
  {
    area: 'Page',
    what: 'unread',
    here: 'all since the start until it is opened; joins, leaves and replies in threads do not count',
    why: 'chosen',
  },
  { area: 'Page', what: 'typing, presence, huddles, skin tones', here: 'not shown', why: 'missing' },
  {
    area: 'Page',
    what: 'side by side',
    here: 'four people at most: a browser keeps six connections to one place',
    why: 'chosen',
  },
];
