import { type Fields, isFields, textOf } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { visible } from '../web-api/conversation.js';
import type { Channel } from '../workspace/objects/channel.js';
import { renderFile, type SlackFile } from '../workspace/objects/file.js';
import { isSnippetType, kindOf } from '../workspace/objects/file-kind.js';
import { announceFile, completeFiles, deleteFile, shareFiles } from '../workspace/sharing.js';
import { keptText, lengthOf } from '../workspace/text.js';
import { blocksOf } from './content.js';

const MAX_ALT_TEXT = 1000;
const MAX_SNIPPET = 1_000_000;
const MAX_FILE = 1_000_000_000;
const MAX_CHANNELS = 100;
// The words of `files.list`, beside `all`.
const TYPES: Readonly<Record<string, (file: SlackFile) => boolean>> = {
  spaces: (file) => file.canvas !== undefined,
  snippets: (file) => !file.canvas && kindOf(file.name, file.snippetType).mode === 'snippet',
  images: (file) => kindOf(file.name, file.snippetType).picture,
  gdocs: () => false,
  zips: (file) => ['zip', 'gzip'].includes(kindOf(file.name).filetype),
  pdfs: (file) => kindOf(file.name).filetype === 'pdf',
};

/** Uploads in three steps, and what became of them. */
export const files: Methods = {
  'files.getUploadURLExternal': {
    tier: 4,
    scopes: ['files:write'],
    errors: [
      ...['missing_argument', 'alt_txt_too_large', 'unknown_snippet_type', 'snippet_too_large'],
      'file_upload_size_restricted',
    ],
    run: (call) => {
      const name = call.args.text('filename');
      const length = Number(call.args.text('length') ?? 0);
      if (!name || !Number.isInteger(length) || length < 1) refuse('missing_argument');
      if (length > MAX_FILE) refuse('file_upload_size_restricted');
      const altText = call.args.text('alt_txt');
      if (lengthOf(altText ?? '') > MAX_ALT_TEXT) refuse('alt_txt_too_large');
      const snippetType = call.args.text('snippet_type') || undefined;
      if (snippetType && !isSnippetType(snippetType)) refuse('unknown_snippet_type');
      if (snippetType && length > MAX_SNIPPET) refuse('snippet_too_large');
      const file = announceFile(call.world, name, length, call.me, { altText, snippetType });
      return { upload_url: `${file.baseUrl}/upload/v1/${file.id}`, file_id: file.id };
    },
  },
  'files.completeUploadExternal': {
    tier: 4,
    scopes: ['files:write'],
    errors: [
      ...['missing_argument', 'file_not_found', 'channels_limit_exceeded', 'thread_not_found'],
      ...['channel_not_found', 'not_in_channel', 'is_archived'],
      ...['invalid_blocks', 'invalid_blocks_format', 'invalid_attachments', 'msg_blocks_too_long'],
    ],
    run: (call) => {
      const wanted = call.args.json('files', 'invalid_arguments');
      if (!Array.isArray(wanted) || wanted.length === 0) refuse('missing_argument');
      const ids = call.args.list('channels');
      const one = call.args.text('channel_id');
      if (one) ids.push(one);
      if (ids.length > MAX_CHANNELS) refuse('channels_limit_exceeded');
      const uploaded = wanted.map((item) => uploadOf(call, item));
      // Every channel is checked before anything is shared.
      const channels = [...new Set(ids)].map((id) => shareable(call, id));
      const content = commentOf(call, channels);
      for (const { file, title } of uploaded) if (title) file.title = title;
      const given = uploaded.map(({ file }) => file);
      completeFiles(call.world, given, channels);
      for (const channel of channels)
        shareFiles(call.world, channel, given, { user: call.me, bot: true, ...content });
      return { files: given.map(renderFile) };
    },
  },
  'files.info': {
    tier: 4,
    scopes: ['files:read'],
    errors: ['file_not_found', 'file_deleted', 'not_visible'],
    run: (call) => {
      const file = call.world.files.get(call.args.text('file') ?? '');
      if (file?.deleted) refuse('file_deleted');
      if (!file?.completed) refuse('file_not_found');
      if (!sees(call, file)) refuse('not_visible');
      return { file: renderFile(file), comments: [], response_metadata: { next_cursor: '' } };
    },
  },
  'files.list': {
    tier: 3,
    scopes: ['files:read'],
    errors: ['unknown_type', 'user_not_found', 'channel_not_found'],
    run: (call) => {
      const found = listed(call);
      const count = Math.min(whole(call, 'count', 100), 1000);
      const at = whole(call, 'page', 1);
      return {
        files: found.slice((at - 1) * count, at * count).map(renderFile),
        paging: { count, total: found.length, page: at, pages: Math.ceil(found.length / count) },
      };
    },
  },
  'files.delete': {
    tier: 3,
    scopes: ['files:write'],
    errors: ['file_not_found', 'file_deleted', 'cant_delete_file'],
    run: (call) => {
      const file = call.world.files.get(call.args.need('file'));
      if (file?.deleted) refuse('file_deleted');
      if (!file?.completed || !sees(call, file)) refuse('file_not_found');
      if (file.user !== call.me) refuse('cant_delete_file');
      deleteFile(call.world, file);
      return {};
    },
  },
};

/** @throws SlackError `file_not_found`: once only, and only after the bytes arrived */
function uploadOf(call: Call, item: unknown): { file: SlackFile; title: string | undefined } {
  const file = isFields(item) ? call.world.files.get(String(item.id)) : undefined;
  if (!file?.content || file.completed || file.user !== call.me) refuse('file_not_found');
  return { file, title: isFields(item) ? textOf(item.title) : undefined };
}

function shareable(call: Call, id: string): Channel {
  const channel = visible(call, id);
  if (!channel.members.has(call.me)) refuse('not_in_channel');
  if (channel.isArchived) refuse('is_archived');
  return channel;
}

/** The words that go with the files; blocks count only without a comment, a thread only in a single channel. */
function commentOf(
  call: Call,
  channels: readonly Channel[],
): { text: string; blocks?: Fields[]; thread_ts?: string } {
  const comment = call.args.text('initial_comment');
  const blocks = comment ? undefined : call.args.json('blocks', 'invalid_blocks_format');
  const threadTs = call.args.text('thread_ts');
  const [only] = channels;
  if (threadTs && channels.length > 1) refuse('invalid_arguments');
  if (threadTs && only && !call.world.message(only, threadTs)) refuse('thread_not_found');
  return {
    text: keptText(comment ?? ''),
    ...(blocks === undefined ? {} : { blocks: blocksOf(call, blocks) }),
    ...(threadTs ? { thread_ts: threadTs } : {}),
  };
}

/** Whether the caller may see a file: their own, or shared or given where they can look. */
function sees(call: Call, file: SlackFile): boolean {
  if (file.user === call.me || file.canvas?.access.has(call.me)) return true;
  return [...file.shares.keys(), ...(file.canvas?.access.keys() ?? [])].some((id) => {
    const channel = call.world.channels.get(id);
    return channel !== undefined && (!channel.isPrivate || channel.members.has(call.me));
  });
}

/** Newest first. @throws SlackError `unknown_type`, `user_not_found`, `channel_not_found` */
function listed(call: Call): SlackFile[] {
  const { args, world } = call;
  const user = args.text('user');
  if (user && !world.users.has(user)) refuse('user_not_found');
  const channel = args.text('channel');
  if (channel) visible(call, channel);
  const types = args.list('types').filter((type) => type !== 'all');
  const kinds = types.map((type) => TYPES[type] ?? refuse('unknown_type'));
  const from = Number(args.text('ts_from') || 0);
  const to = Number(args.text('ts_to') || Number.POSITIVE_INFINITY);
  return [...world.files.values()]
    .filter((file) => file.completed && sees(call, file))
    .filter((file) => !user || file.user === user)
    .filter((file) => !channel || file.shares.has(channel) || file.canvas?.access.has(channel))
    .filter((file) => kinds.length === 0 || kinds.some((is) => is(file)))
    .filter((file) => file.created >= from && file.created <= to)
    .reverse();
}

function whole(call: Call, name: 'count' | 'page', fallback: number): number {
  const value = Number(call.args.text(name) || fallback);
  return Number.isInteger(value) && value > 0 ? value : fallback;
}
