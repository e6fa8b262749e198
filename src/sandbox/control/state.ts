import type { Modals } from '../app/modals.js';
import type { Fields } from '../fields.js';
import { renderChannel } from '../workspace/objects/channel.js';
import { renderFile } from '../workspace/objects/file.js';
import type { World } from '../workspace/world.js';

/** What `/control/state` may be narrowed to. */
export interface StateQuery {
  /** Only what this person sees. */
  readonly user?: string;
  /** Messages of this channel (id or name) only. */
  readonly channel?: string;
  /** The newest so many messages of each channel. */
  readonly limit?: number;
}

/** The whole workspace as plain data, for tests and for the live page. */
export function stateOfWorld(world: World, modals: Modals, query: StateQuery = {}): Fields {
  const { user, limit = Number.POSITIVE_INFINITY } = query;
  const channels = [...world.channels.values()].filter(
    (it) => !user || !it.isPrivate || it.members.has(user),
  );
  const only = query.channel
    ? (world.channels.get(query.channel) ?? world.channelNamed(query.channel))
    : undefined;
  return {
    identity: { ...world.identity, verificationToken: undefined },
    now: world.clock.now(),
    users: [...world.users.values()].map((it) => ({
      id: it.id,
      name: it.name,
      real_name: it.realName,
      display_name: it.displayName,
      tz: it.tz,
      deleted: it.deleted ?? false,
      is_bot: Boolean(it.bot),
      is_guest: (it.restricted ?? false) || (it.ultraRestricted ?? false),
    })),
    usergroups: [...world.usergroups.values()],
    commands: world.manifest.commands,
    shortcuts: world.manifest.shortcuts,
    channels: channels.map((it) => ({
      ...renderChannel(it, world.identity.teamId, user ?? world.identity.botUserId, true),
      id: it.id,
      name: it.name,
      kind: it.kind,
      is_private: it.isPrivate,
      is_archived: it.isArchived,
      creator: it.creator,
      topic: it.topic.value,
      purpose: it.purpose.value,
      members: [...it.members],
      bookmarks: it.bookmarks.map((bookmark) => bookmark.fields),
      pins: it.messages.filter((message) => message.pinnedBy).map((message) => message.ts),
      messages:
        only && only !== it
          ? []
          : it.messages
              .slice(-Math.min(limit, it.messages.length || 1))
              .map((message) => world.show(it, message)),
    })),
    ephemerals: world.ephemerals.filter((it) => !user || it.user === user),
    views: [...modals.stacks].flatMap(([owner, stack]) =>
      !user || owner === user ? stack.map((view) => ({ user: owner, ...modals.show(view) })) : [],
    ),
    homes: [...modals.homes].flatMap(([owner, view]) =>
      !user || owner === user ? [{ user: owner, ...modals.show(view) }] : [],
    ),
    files: [...world.files.values()]
      .filter((file) => file.completed)
      .map((file) => ({
        ...renderFile(file),
        ...(query.limit === undefined ? contentOf(file.content) : {}),
      })),
  };
}

/** Text as text, anything else as base64. */
function contentOf(content: Buffer | undefined): Fields {
  if (!content) return {};
  const text = content.toString('utf8');
  return Buffer.from(text).equals(content)
    ? { content: text }
    : { content_base64: content.toString('base64') };
}
