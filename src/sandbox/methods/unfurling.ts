import { type Fields, isFields } from '../fields.js';
import { refuse, SlackError } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import type { Channel } from '../workspace/objects/channel.js';
import type { Message } from '../workspace/objects/message.js';
import { edit, whisper } from '../workspace/posting.js';
import { ownLinks, unfurlId } from '../workspace/writing/links.js';
import { blocksOf } from './content.js';

const SOURCES = new Set(['conversations_history', 'composer']);

/** What an app shows of the links to its own domains. */
export const unfurling: Methods = {
  'chat.unfurl': {
    tier: 3,
    scopes: ['links:write'],
    errors: [
      ...['missing_channel', 'missing_ts', 'missing_unfurl_id', 'missing_source', 'invalid_source'],
      ...['invalid_unfurl_id', 'cannot_find_channel', 'cannot_find_message', 'missing_unfurls'],
      ...[
        'invalid_unfurls_format',
        'cannot_parse_attachment',
        'cannot_unfurl_url',
        'invalid_metadata_format',
      ],
    ],
    run: (call) => {
      const { channel, message } = sharedMessage(call);
      const added = [...attachmentsOf(call, message), ...entitiesOf(call, message)];
      const asks = call.args.flag('user_auth_required') || call.args.has('user_auth_url');
      if (added.length === 0 && !asks) refuse('missing_unfurls');
      if (asks) invite(call, channel, message);
      if (added.length > 0) {
        const fresh = new Set(added.map((it) => it.app_unfurl_url));
        // No mark of an edit: it is the same message with more to see.
        edit(call.world, channel, message, (it) => {
          const others = (it.attachments ?? []).filter((old) => !fresh.has(old.app_unfurl_url));
          it.attachments = [...others, ...added].map((one, index) => ({ ...one, id: index + 1 }));
        });
      }
      return {};
    },
  },
};

/** The message, named by channel and time or by the id that came with the event. */
function sharedMessage(call: Call): { channel: Channel; message: Message } {
  const { args, world } = call;
  const id = args.text('unfurl_id');
  const source = args.text('source');
  if (!args.text('channel') && (id || source)) {
    if (!id) refuse('missing_unfurl_id');
    if (!source) refuse('missing_source');
    if (!SOURCES.has(source)) refuse('invalid_source');
    for (const channel of world.channels.values()) {
      const message = channel.messages.find((it) => unfurlId(channel.id, it.ts) === id);
      if (message) return { channel, message };
    }
    refuse('invalid_unfurl_id');
  }
  const wanted = args.text('channel');
  const ts = args.text('ts');
  if (!wanted) refuse('missing_channel');
  if (!ts) refuse('missing_ts');
  const channel = world.channels.get(wanted);
  if (!channel || (channel.isPrivate && !channel.members.has(call.me))) refuse('cannot_find_channel');
  const message = world.message(channel, ts) ?? refuse('cannot_find_message');
  return { channel, message };
}

/** @throws SlackError `invalid_unfurls_format`, `cannot_unfurl_url`, `cannot_parse_attachment` */
function attachmentsOf(call: Call, message: Message): Fields[] {
  const unfurls = call.args.json('unfurls', 'invalid_unfurls_format');
  if (unfurls === undefined) return [];
  if (!isFields(unfurls)) refuse('invalid_unfurls_format');
  return Object.entries(unfurls).map(([url, given]) => {
    mustBeShared(call, message, url);
    if (!isFields(given)) refuse('cannot_parse_attachment');
    const blocks = given.blocks === undefined ? {} : { blocks: shownBlocks(call, given.blocks) };
    return { ...given, ...blocks, ...mark(call, url) };
  });
}

/** Things of the app's own, such as an incident, with their state. @throws SlackError `invalid_metadata_format` */
function entitiesOf(call: Call, message: Message): Fields[] {
  const metadata = call.args.object('metadata', 'invalid_metadata_format');
  if (!metadata) return [];
  const { entities } = metadata;
  if (!Array.isArray(entities)) refuse('invalid_metadata_format');
  return entities.map((entity: unknown) => {
    if (!isFields(entity) || typeof entity.entity_type !== 'string' || !isFields(entity.entity_payload))
      refuse('invalid_metadata_format');
    const url = String(entity.app_unfurl_url ?? entity.url ?? '');
    mustBeShared(call, message, url);
    return { ...mark(call, url), entity: { ...entity } };
  });
}

function mustBeShared(call: Call, message: Message, url: string): void {
  if (!ownLinks(call.world, message.text).some((link) => link.url === url)) refuse('cannot_unfurl_url');
}

function shownBlocks(call: Call, blocks: unknown): Fields[] {
  try {
    return blocksOf(call, blocks);
  } catch (error) {
    if (error instanceof SlackError) throw new SlackError('cannot_parse_attachment', error.extra);
    throw error;
  }
}

function mark(call: Call, url: string): Fields {
  const { appId, botId, teamId } = call.world.identity;
  return {
    from_url: url,
    app_unfurl_url: url,
    is_app_unfurl: true,
    app_id: appId,
    bot_id: botId,
    bot_team_id: teamId,
  };
}

/** Asks whoever shared the link to let the app act for them; nobody else sees it. */
function invite(call: Call, channel: Channel, message: Message): void {
  const { args, world } = call;
  const url = args.text('user_auth_url');
  const text = args.text('user_auth_message') ?? `Connect ${world.identity.appName} to see this link`;
  const given = args.json('user_auth_blocks', 'invalid_unfurls_format');
  whisper(world, {
    channel: channel.id,
    user: message.user,
    from: 'app',
    text: url ? `${text} <${url}>` : text,
    ...(given === undefined ? {} : { blocks: shownBlocks(call, given) }),
  });
}
