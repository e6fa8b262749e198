import type { Fields } from '../../fields.js';
import type { Message } from './message.js';

interface Bookmark {
  readonly id: string;
  readonly fields: Fields;
}

interface Note {
  value: string;
  creator: string;
  last_set: number;
}

/** A conversation: public or private channel, or a direct message. */
export interface Channel {
  readonly id: string;
  name: string;
  readonly kind: 'channel' | 'im' | 'mpim';
  isPrivate: boolean;
  isArchived: boolean;
  isGeneral: boolean;
  readonly created: number;
  updated: number;
  readonly creator: string;
  readonly members: Set<string>;
  topic: Note;
  purpose: Note;
  previousNames: string[];
  /** Ascending by `ts`, thread replies included. */
  messages: Message[];
  bookmarks: Bookmark[];
  /** The other workspace of a Slack Connect channel, `T…`. */
  sharedWith?: string | undefined;
}

/** A channel with nobody and nothing in it. */
export function emptyChannel(
  seed: Pick<Channel, 'id' | 'name' | 'kind' | 'isPrivate' | 'creator'> & { createdMs: number },
): Channel {
  const { createdMs, ...rest } = seed;
  return {
    ...rest,
    isArchived: false,
    isGeneral: false,
    created: Math.floor(createdMs / 1000),
    updated: createdMs,
    members: new Set(),
    topic: { value: '', creator: '', last_set: 0 },
    purpose: { value: '', creator: '', last_set: 0 },
    previousNames: [],
    messages: [],
    bookmarks: [],
  };
}

/** The conversation object as the app sees it. */
export function renderChannel(channel: Channel, teamId: string, viewer: string, withCount = false): Fields {
  const count = withCount ? { num_members: channel.members.size } : {};
  if (channel.kind === 'im') {
    return {
      id: channel.id,
      created: channel.created,
      is_archived: false,
      is_im: true,
      is_org_shared: false,
      context_team_id: teamId,
      updated: channel.updated,
      user: [...channel.members].find((member) => member !== viewer) ?? viewer,
      ...count,
    };
  }
  return {
    id: channel.id,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: !channel.isPrivate,
    is_group: channel.isPrivate && channel.kind === 'channel',
    is_im: false,
    is_mpim: channel.kind === 'mpim',
    is_private: channel.isPrivate,
    is_archived: channel.isArchived,
    is_general: channel.isGeneral,
    is_member: channel.members.has(viewer),
    is_shared: channel.sharedWith !== undefined,
    is_ext_shared: channel.sharedWith !== undefined,
    is_org_shared: false,
    is_pending_ext_shared: false,
    pending_shared: [],
    created: channel.created,
    updated: channel.updated,
    creator: channel.creator,
    unlinked: 0,
    context_team_id: teamId,
    shared_team_ids: [teamId, ...(channel.sharedWith ? [channel.sharedWith] : [])],
    previous_names: [...channel.previousNames],
    topic: { ...channel.topic },
    purpose: { ...channel.purpose },
    ...count,
  };
}

/** The value of `channel_type` in message and membership events. */
export function channelType(channel: Channel): 'channel' | 'group' | 'im' | 'mpim' {
  if (channel.kind !== 'channel') return channel.kind;
  return channel.isPrivate ? 'group' : 'channel';
}

/** `C`, `G` or `D`: what membership events carry instead of the long form. */
export function channelLetter(channel: Channel): 'C' | 'G' | 'D' {
  if (channel.kind === 'im') return 'D';
  return channel.isPrivate ? 'G' : 'C';
}
