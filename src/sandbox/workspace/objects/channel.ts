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
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  updated: number;
  readonly creator: string;
  readonly members: Set<string>;
  topic: Note;
  purpose: Note;
  previousNames: string[];
  /** Ascending by `ts`, thread replies included. */
  messages: Message[];
  bookmarks: Bookmark[];
  /** How far each member has read: user id → time of a message. */
  readonly lastRead: Map<string, string>;
  /** Who closed this direct message; it opens again with the next message. */
  readonly closedBy: Set<string>;
  /** The file that is the channel's canvas. */
  canvas?: string | undefined;
  /** Files of further canvases that stand beside the channel. */
  readonly canvasTabs: string[];
  /** The other workspace of a Slack Connect channel, `T…`. */
  sharedWith?: string | undefined;
}

/** A channel with nobody and nothing in it. */
export function emptyChannel(
  seed: Pick<Channel, 'id' | 'name' | 'kind' | 'isPrivate' | 'creator' | 'createdMs'>,
): Channel {
  return {
    ...seed,
    isArchived: false,
    isGeneral: false,
    created: Math.floor(seed.createdMs / 1000),
    updated: seed.createdMs,
    members: new Set(),
    topic: { value: '', creator: '', last_set: 0 },
    purpose: { value: '', creator: '', last_set: 0 },
    previousNames: [],
    messages: [],
    bookmarks: [],
    lastRead: new Map(),
    closedBy: new Set(),
    canvasTabs: [],
  };
}

const NEVER = '0000000000.000000';

/** The conversation object as the viewer sees it. @param withCount adds `num_members` */
export function renderChannel(channel: Channel, teamId: string, viewer: string, withCount = false): Fields {
  const count = withCount ? { num_members: channel.members.size } : {};
  const member = channel.members.has(viewer);
  const common = {
    ...(member ? { last_read: channel.lastRead.get(viewer) ?? NEVER } : {}),
    priority: 0,
    properties: properties(channel),
  };
  if (channel.kind === 'im') {
    return {
      id: channel.id,
      created: channel.created,
      is_archived: false,
      is_im: true,
      is_org_shared: false,
      context_team_id: teamId,
      updated: channel.updated,
      user: partner(channel, viewer),
      is_user_deleted: false,
      is_open: !channel.closedBy.has(viewer),
      ...common,
      ...count,
    };
  }
  const teams = [teamId, ...(channel.sharedWith ? [channel.sharedWith] : [])];
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
    is_member: member,
    is_shared: channel.sharedWith !== undefined,
    is_ext_shared: channel.sharedWith !== undefined,
    is_org_shared: false,
    is_pending_ext_shared: false,
    pending_shared: [],
    pending_connected_team_ids: [],
    created: channel.created,
    updated: channel.updated,
    creator: channel.creator,
    unlinked: 0,
    is_moved: 0,
    parent_conversation: null,
    context_team_id: teamId,
    shared_team_ids: teams,
    internal_team_ids: channel.sharedWith ? [teamId] : [],
    ...(channel.sharedWith
      ? {
          connected_team_ids: [channel.sharedWith],
          connected_limited_team_ids: [],
          conversation_host_id: teamId,
        }
      : {}),
    ...(channel.kind === 'mpim' ? { is_open: !channel.closedBy.has(viewer) } : {}),
    previous_names: [...channel.previousNames],
    topic: { ...channel.topic },
    purpose: { ...channel.purpose },
    ...common,
    ...count,
  };
}

/** What `conversations.info` and `.open` say beside the conversation itself: who may write, what is unread. */
export function renderDetails(channel: Channel, viewer: string, latest: Fields | undefined): Fields {
  if (channel.kind === 'channel') {
    return {
      is_read_only: false,
      is_thread_only: false,
      is_non_threadable: false,
      is_global_shared: false,
      is_org_default: false,
      is_org_mandatory: false,
    };
  }
  const read = channel.lastRead.get(viewer) ?? NEVER;
  const unread = channel.messages.filter((it) => it.ts > read && it.user !== viewer).length;
  return { ...(latest ? { latest } : {}), unread_count: unread, unread_count_display: unread };
}

/** The other person of a direct message; oneself where there is nobody else. */
export function partner(channel: Channel, viewer: string): string {
  for (const member of channel.members) if (member !== viewer) return member;
  return viewer;
}

function properties({ canvas, canvasTabs }: Channel): Fields {
  const tab = (id: string, type: string) => ({
    id: `Ct${id.slice(1)}`,
    type,
    label: '',
    data: { file_id: id },
  });
  const tabs: Fields[] = [
    ...(canvas ? [tab(canvas, 'channel_canvas')] : []),
    ...canvasTabs.map((id) => tab(id, 'canvas')),
    { id: 'files', type: 'files', label: '' },
  ];
  return {
    ...(canvas
      ? { canvas: { file_id: canvas, is_empty: false, quip_thread_id: '', is_migrated: false } }
      : {}),
    tabs,
    tabz: tabs.map(({ type, data }) => ({ type, ...(data ? { data } : {}) })),
    is_dormant: false,
    has_slack_connect_invite_created: false,
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
