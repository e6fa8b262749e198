import { isFields, textOf } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { visible } from '../web-api/conversation.js';
import { SlackFile } from '../workspace/objects/file.js';
import { post } from '../workspace/posting.js';
import { keptText } from '../workspace/text.js';

export const files: Methods = {
  'files.getUploadURLExternal': {
    tier: 4,
    scopes: ['files:write'],
    run: (call) => {
      const name = call.args.text('filename');
      const length = Number(call.args.text('length') ?? 0);
      if (!name || !Number.isInteger(length) || length < 1) refuse('missing_argument');
      const { world } = call;
      const id = world.ids.make('F');
      const { url, teamId } = world.identity;
      const file = new SlackFile(id, name, length, call.me, world.clock.seconds(), url, teamId);
      file.altText = call.args.text('alt_txt') ?? undefined;
      world.files.set(id, file);
      return { upload_url: `${url}/upload/v1/${id}`, file_id: id };
    },
  },
  'files.completeUploadExternal': {
    tier: 4,
    scopes: ['files:write'],
    run: (call) => {
      const wanted = call.args.json('files', 'invalid_arguments');
      if (!Array.isArray(wanted) || wanted.length === 0) refuse('missing_argument');
      const channels = call.args.list('channels');
      const one = call.args.text('channel_id');
      if (one) channels.push(one);
      const uploaded = wanted.map((item) => {
        const file = isFields(item) ? call.world.files.get(String(item.id)) : undefined;
        // Once only, and only after the bytes arrived.
        if (!file?.content || file.completed) refuse('file_not_found');
        return { file, title: isFields(item) ? textOf(item.title) : undefined };
      });
      // Every channel is checked before anything is shared.
      for (const id of channels) shareable(call, id);
      for (const { file, title } of uploaded) {
        file.completed = true;
        if (title) file.title = title;
      }
      for (const id of channels)
        share(
          call,
          id,
          uploaded.map(({ file }) => file),
        );
      call.world.changed();
      return { files: uploaded.map(({ file }) => file.show()) };
    },
  },
  'files.info': {
    tier: 4,
    scopes: ['files:read'],
    run: (call) => {
      const file = call.world.files.get(call.args.text('file') ?? '');
      if (!file?.completed) refuse('file_not_found');
      return { file: file.show(), comments: [], response_metadata: { next_cursor: '' } };
    },
  },
};

function shareable(call: Call, id: string): void {
  const channel = visible(call, id);
  if (!channel.members.has(call.me)) refuse('not_in_channel');
  if (channel.isArchived) refuse('is_archived');
}

function share(call: Call, channelId: string, uploads: SlackFile[]): void {
  const channel = visible(call, channelId);
  const threadTs = call.args.text('thread_ts');
  const message = post(call.world, channel, {
    user: call.me,
    bot: true,
    subtype: 'file_share',
    text: keptText(call.args.text('initial_comment') ?? ''),
    files: uploads.map((file) => file.id),
    ...(threadTs ? { thread_ts: threadTs } : {}),
  });
  for (const file of uploads) {
    file.shares.set(channel.id, { ts: message.ts, isPrivate: channel.isPrivate, name: channel.name });
  }
}
