import type { Fields } from '../fields.js';
import { type Channel, channelLetter, emptyChannel, renderChannel } from './objects/channel.js';
import { post } from './posting.js';
import { escapeText } from './text.js';
import type { World } from './world.js';

/** Makes a channel with its creator as the only member. Names are the caller's business. */
export function createChannel(world: World, name: string, isPrivate: boolean, creator: string): Channel {
  const channel = emptyChannel({
    id: world.ids.make('C'),
    name,
    kind: 'channel',
    isPrivate,
    creator,
    createdMs: world.clock.now(),
  });
  world.channels.set(channel.id, channel);
  channel.members.add(creator);
  if (!isPrivate) {
    const shown = renderChannel(channel, world.identity.teamId, world.identity.botUserId);
    happen(world, channel, { type: 'channel_created', channel: shown }, true);
  }
  return channel;
}

/** Makes a person a member; tells the channel and the app. */
export function join(world: World, channel: Channel, user: string, inviter?: string): void {
  channel.members.add(user);
  post(world, channel, {
    user,
    subtype: channel.isPrivate ? 'group_join' : 'channel_join',
    text: `<@${user}> has joined the channel`,
    ...(inviter ? { extra: { inviter } } : {}),
  });
  happen(world, channel, {
    type: 'member_joined_channel',
    user,
    channel: channel.id,
    channel_type: channelLetter(channel),
    team: world.users.get(user)?.teamId ?? world.identity.teamId,
    ...(inviter ? { inviter } : {}),
  });
}

/** Ends a membership; whose the app was is told that it left. @param by who ended it: the member, or who removed them */
export function leave(world: World, channel: Channel, user: string, by = user): void {
  post(world, channel, {
    user,
    subtype: channel.isPrivate ? 'group_leave' : 'channel_leave',
    text: `<@${user}> has left the channel`,
  });
  happen(world, channel, {
    type: 'member_left_channel',
    user,
    channel: channel.id,
    channel_type: channelLetter(channel),
    team: world.users.get(user)?.teamId ?? world.identity.teamId,
  });
  if (user === world.identity.botUserId)
    happen(world, channel, { type: `${kindOf(channel)}_left`, channel: channel.id, actor_id: by });
  channel.members.delete(user);
  channel.lastRead.delete(user);
  world.changed();
}

/** Sets topic or purpose and says so in the channel. */
export function setNote(
  world: World,
  channel: Channel,
  note: 'topic' | 'purpose',
  value: string,
  user: string,
): void {
  channel[note] = { value, creator: user, last_set: world.clock.seconds() };
  channel.updated = world.clock.now();
  // Topics have no markup: what looks like it is shown as it stands.
  const verb = value === '' ? `cleared the channel ${note}` : `set the channel ${note}: ${escapeText(value)}`;
  post(world, channel, {
    user,
    subtype: `${channel.isPrivate ? 'group' : 'channel'}_${note}`,
    text: `<@${user}> ${verb}`,
    extra: { [note]: value },
  });
}

/** Renames a channel. The name must have been checked. */
export function rename(world: World, channel: Channel, name: string, user: string): void {
  const oldName = channel.name;
  channel.previousNames = [oldName, ...channel.previousNames.filter((other) => other !== oldName)];
  channel.name = name;
  channel.updated = world.clock.now();
  const kind = kindOf(channel);
  post(world, channel, {
    user,
    subtype: `${kind}_name`,
    text: `<@${user}> has renamed the channel from "${oldName}" to "${name}"`,
    extra: { old_name: oldName, name },
  });
  const shown = {
    id: channel.id,
    is_channel: !channel.isPrivate,
    name,
    name_normalized: name,
    is_mpim: false,
    created: channel.created,
  };
  happen(world, channel, { type: `${kind}_rename`, channel: shown }, true);
}

/** Archives a channel, or takes it out of the archive. */
export function archive(world: World, channel: Channel, user: string, on: boolean): void {
  const kind = kindOf(channel);
  const verb = on ? 'archive' : 'unarchive';
  post(world, channel, { user, subtype: `${kind}_${verb}`, text: `<@${user}> ${verb}d the channel` });
  channel.isArchived = on;
  channel.updated = world.clock.now();
  const who = kind === 'group' && !on ? { actor_id: user } : { user };
  const moved = on ? { is_moved: 0 } : {};
  happen(world, channel, { type: `${kind}_${verb}`, channel: channel.id, ...who, ...moved }, true);
}

/** Deletes a channel with everything in it. */
export function deleteChannel(world: World, channel: Channel, user: string): void {
  const kind = kindOf(channel);
  const date = kind === 'group' ? { date_deleted: world.clock.seconds() } : {};
  happen(world, channel, { type: `${kind}_deleted`, channel: channel.id, actor_id: user, ...date }, true);
  world.channels.delete(channel.id);
  world.changed();
}

/** Gives a channel another id, as Slack does when a private one is shared with another workspace. */
export function changeChannelId(world: World, channel: Channel): Channel {
  const renamed: Channel = { ...channel, id: world.ids.make('C') };
  world.channels.delete(channel.id);
  world.channels.set(renamed.id, renamed);
  const ids = { old_channel_id: channel.id, new_channel_id: renamed.id };
  happen(world, renamed, { type: 'channel_id_changed', ...ids }, true);
  return renamed;
}

/** Opens a direct message that somebody closed, or closes it. */
export function openDirect(world: World, channel: Channel, user: string, on: boolean): void {
  if (on) channel.closedBy.delete(user);
  else channel.closedBy.add(user);
  const kind = channel.kind === 'im' ? 'im' : 'group';
  happen(world, channel, { type: `${kind}_${on ? 'open' : 'close'}`, user, channel: channel.id });
}

function kindOf(channel: Channel): 'channel' | 'group' {
  return channel.isPrivate ? 'group' : 'channel';
}

function happen(world: World, channel: Channel, event: Fields & { type: string }, everywhere = false): void {
  world.happened({ channel, everywhere, event: { ...event, event_ts: world.ids.ts() } });
}
