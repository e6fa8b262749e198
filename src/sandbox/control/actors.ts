import type { Channel } from '../workspace/objects/channel.js';
import { nameProblem } from '../workspace/objects/channel-name.js';
import type { Message } from '../workspace/objects/message.js';
import type { User } from '../workspace/objects/user.js';
import type { World } from '../workspace/world.js';

/** A request of the control API that cannot be done; becomes HTTP 400 with this code. */
export class ControlError extends Error {}

/** The person by id or name; deactivated people can do nothing. */
export function actor(world: World, name: string): User {
  const user = world.userNamed(name);
  if (!user) throw new ControlError(`unknown_user: ${name}`);
  if (user.deleted) throw new ControlError(`deactivated_user: ${name}`);
  return user;
}

/** The channel by id or name. */
export function place(world: World, name: string): Channel {
  const channel = world.channels.get(name) ?? world.channelNamed(name.replace(/^#/, ''));
  if (!channel) throw new ControlError(`unknown_channel: ${name}`);
  return channel;
}

/** The channel, if this person can write there. */
export function ownPlace(world: World, user: User, name: string): Channel {
  const channel = place(world, name);
  if (!channel.members.has(user.id))
    throw new ControlError(`user_not_in_channel: ${user.name} in ${channel.name}`);
  if (channel.isArchived) throw new ControlError(`is_archived: ${channel.name}`);
  const { manifest, identity } = world;
  if (channel.kind === 'im' && channel.members.has(identity.botUserId)) {
    if (!manifest.messagesTab) throw new ControlError('messages_tab_disabled');
    // There is nothing to type into.
    if (manifest.messagesTabReadOnly) throw new ControlError('messages_tab_read_only');
  }
  return channel;
}

/** The message, or a complaint. */
export function messageAt(world: World, channel: Channel, ts: string): Message {
  const message = world.message(channel, ts);
  if (!message) throw new ControlError(`unknown_message: ${ts} in ${channel.name}`);
  return message;
}

/** Complains of a name that Slack's clients refuse. @param channel whose name it is to be, if it is there already */
export function checkName(world: World, name: string, channel?: Channel): void {
  const problem = nameProblem(name);
  if (problem) throw new ControlError(problem);
  const holder = world.channelNamed(name);
  if (holder && holder !== channel) throw new ControlError('name_taken');
}
