import type { Fields } from '../../fields.js';

/** Somebody in a call: one of the workspace, or somebody whom only the other service knows. */
export interface Participant {
  readonly slackId?: string;
  readonly externalId?: string;
  readonly displayName?: string;
  readonly avatarUrl?: string;
}

/** A call of another service that an app told Slack of. */
export interface PlatformCall {
  readonly id: string;
  readonly appId: string;
  readonly externalId: string;
  readonly displayId: string;
  readonly createdBy: string;
  /** Seconds since the epoch. */
  readonly start: number;
  joinUrl: string;
  desktopUrl: string;
  title: string;
  participants: Participant[];
  /** Everybody who was ever in it. */
  everybody: Participant[];
  /** Seconds since the epoch; absent while it lasts. */
  ended?: number;
}

/** The call object that `calls.*` answer. */
export function renderCall(call: PlatformCall): Fields {
  return {
    id: call.id,
    date_start: call.start,
    ...(call.ended === undefined ? {} : { date_end: call.ended }),
    external_unique_id: call.externalId,
    external_display_id: call.displayId,
    join_url: call.joinUrl,
    desktop_app_join_url: call.desktopUrl,
    title: call.title,
    created_by: call.createdBy,
    users: call.participants.map(renderUser),
    channels: [],
  };
}

/** What Slack adds to a `call` block when it shows a message. */
export function renderCallBlock(call: PlatformCall): Fields {
  return {
    api_decoration_available: false,
    call: {
      v1: {
        id: call.id,
        app_id: call.appId,
        app_icon_urls: {},
        date_start: call.start,
        date_end: call.ended ?? 0,
        active_participants: call.ended === undefined ? call.participants.map(renderUser) : [],
        all_participants: call.everybody.map(renderUser),
        display_id: call.displayId,
        join_url: call.joinUrl,
        desktop_app_join_url: call.desktopUrl,
        name: call.title,
        created_by: call.createdBy,
        channels: [],
        is_dm_call: false,
        was_rejected: false,
        was_missed: false,
        was_accepted: false,
        has_ended: call.ended !== undefined,
      },
      media_backend_type: 'platform_call',
    },
  };
}

/** Whether both are the same person. */
export function isSame(one: Participant, other: Participant): boolean {
  return one.slackId === undefined
    ? one.externalId === other.externalId && other.slackId === undefined
    : one.slackId === other.slackId;
}

function renderUser(it: Participant): Fields {
  return {
    ...(it.slackId ? { slack_id: it.slackId } : {}),
    ...(it.externalId ? { external_id: it.externalId } : {}),
    ...(it.displayName ? { display_name: it.displayName } : {}),
    ...(it.avatarUrl ? { avatar_url: it.avatarUrl } : {}),
  };
}
