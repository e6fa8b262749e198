import { type Fields, isFields, listOf, textOf } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { messageIn, visible } from '../web-api/conversation.js';
import type { Channel } from '../workspace/objects/channel.js';
import type { Message } from '../workspace/objects/message.js';
import { edit, post, withBlockIds } from '../workspace/posting.js';
import { lengthOf } from '../workspace/text.js';
import {
  blocksOf,
  CONTENT_ERRORS,
  costume,
  markdownContent,
  metadataOf,
  PLACE_ERRORS,
  target,
  threadOf,
} from './content.js';

const MAX_STREAM = 12_000;
const WRITING = ['no_text', 'invalid_chunks', 'msg_blocks_too_long'];
const OWN = ['message_not_found', 'message_not_owned_by_app', 'message_not_in_streaming_state'];
const STATUSES = new Set(['pending', 'in_progress', 'complete', 'error']);

/** Answers that are written piece by piece, as apps with a language model do. */
export const streams: Methods = {
  'chat.startStream': {
    tier: 2,
    tokens: ['bot'],
    scopes: ['chat:write'],
    errors: [
      ...PLACE_ERRORS,
      ...WRITING,
      ...['missing_recipient_user_id', 'missing_recipient_team_id', 'user_not_found', 'team_not_found'],
    ],
    run: (call) => {
      const channel = target(call);
      call.args.need('thread_ts');
      const threadTs = threadOf(call, channel);
      if (channel.kind === 'channel') mustKnowReader(call);
      const piece = pieceOf(call);
      const message = post(call.world, channel, {
        user: call.me,
        bot: true,
        streaming_state: 'in_progress',
        ...(threadTs ? { thread_ts: threadTs } : {}),
        ...costume(call),
        ...written(call, undefined, piece),
      });
      return { channel: channel.id, ts: message.ts };
    },
  },
  'chat.appendStream': {
    tier: 4,
    tokens: ['bot'],
    scopes: ['chat:write'],
    errors: ['channel_not_found', ...WRITING, ...OWN],
    run: (call) => {
      const { channel, message } = streamOf(call);
      const piece = pieceOf(call);
      if (piece.markdown === '' && piece.tasks.length === 0 && piece.plan === undefined) refuse('no_text');
      // Nobody is told of every piece: the app hears of the whole when it is finished.
      Object.assign(message, written(call, message, piece));
      call.world.changed();
      return { channel: channel.id, ts: message.ts };
    },
  },
  'chat.stopStream': {
    tier: 2,
    tokens: ['bot'],
    scopes: ['chat:write'],
    errors: ['channel_not_found', ...WRITING, ...OWN, ...CONTENT_ERRORS],
    run: (call) => {
      const { channel, message } = streamOf(call);
      const last = written(call, message, pieceOf(call));
      const given = call.args.json('blocks', 'invalid_blocks');
      const more = given === undefined ? [] : blocksOf(call, given);
      const metadata = metadataOf(call);
      edit(call.world, channel, message, (it) => {
        Object.assign(it, last, { streaming_state: 'completed' }, metadata ? { metadata } : {});
        const blocks = [...(it.blocks ?? []), ...more];
        if (blocks.length > 0) it.blocks = blocks;
      });
      return { channel: channel.id, ts: message.ts, message: call.world.show(channel, message) };
    },
  },
};

/** What one call adds: text, steps of a plan, the plan's title. */
interface Piece {
  readonly markdown: string;
  readonly tasks: Fields[];
  readonly plan: string | undefined;
}

/** @throws SlackError `missing_recipient_user_id`, `missing_recipient_team_id`, `user_not_found`, `team_not_found` */
function mustKnowReader({ args, world }: Call): void {
  const user = args.text('recipient_user_id');
  const team = args.text('recipient_team_id');
  if (!user) refuse('missing_recipient_user_id');
  if (!team) refuse('missing_recipient_team_id');
  const person = world.users.get(user);
  if (!person || person.deleted) refuse('user_not_found');
  if (team !== (person.teamId ?? world.identity.teamId)) refuse('team_not_found');
}

function streamOf(call: Call): { channel: Channel; message: Message } {
  const channel = visible(call, call.args.need('channel'));
  const message = messageIn(call, channel, call.args.need('ts'));
  if (message.user !== call.me) refuse('message_not_owned_by_app');
  if (message.streaming_state !== 'in_progress') refuse('message_not_in_streaming_state');
  return { channel, message };
}

/** @throws SlackError `invalid_chunks` */
function pieceOf({ args }: Call): Piece {
  const chunks = args.json('chunks', 'invalid_chunks') ?? [];
  if (!Array.isArray(chunks)) refuse('invalid_chunks');
  let markdown = args.text('markdown_text') ?? '';
  let plan: string | undefined;
  const tasks: Fields[] = [];
  for (const chunk of chunks) {
    if (!isFields(chunk)) refuse('invalid_chunks');
    const { type, text, title, id, status } = chunk;
    if (type === 'markdown_text' && typeof text === 'string') markdown += text;
    else if (type === 'plan_update' && typeof title === 'string') plan = title;
    else if (type === 'task_update' && typeof id === 'string' && STATUSES.has(String(status)))
      tasks.push({ ...chunk });
    else refuse('invalid_chunks');
  }
  return { markdown, tasks, plan };
}

/** Text and blocks of the stream after one more piece: the plan, its steps, then the text. */
function written(call: Call, before: Message | undefined, piece: Piece): { text: string; blocks?: Fields[] } {
  const blocks = before?.blocks ?? [];
  const known = textOf(blocks.find((block) => block.type === 'markdown')?.text) ?? '';
  const markdown = known + piece.markdown;
  if (lengthOf(markdown) > MAX_STREAM) refuse('msg_blocks_too_long');
  const steps = cards(blocks);
  for (const { type: _type, id, ...rest } of piece.tasks) {
    const card = { type: 'task_card', task_id: id, ...rest };
    const at = steps.findIndex((step) => step.task_id === id);
    if (at < 0) steps.push(card);
    else steps[at] = { ...steps[at], ...card };
  }
  const title = piece.plan ?? textOf(blocks.find((block) => block.type === 'plan')?.title);
  const inPlan = title !== undefined || call.args.text('task_display_mode') === 'plan';
  const plan = inPlan ? [{ type: 'plan', title: title ?? '', tasks: steps }] : steps;
  const content = markdown === '' ? { text: '', blocks: [] } : markdownContent(call, markdown);
  const all = [...withBlockIds(call.world, steps.length > 0 || inPlan ? plan : []), ...content.blocks];
  return { text: content.text, ...(all.length > 0 ? { blocks: all } : {}) };
}

function cards(blocks: readonly Fields[]): Fields[] {
  const plan = blocks.find((block) => block.type === 'plan');
  return plan ? listOf(plan.tasks) : blocks.filter((block) => block.type === 'task_card');
}
