import type { Fields } from '../fields.js';
import type { Channel } from './objects/channel.js';
import type { SlackFile } from './objects/file.js';
import type { Draft, Message } from './objects/message.js';
import { edit, post, remove } from './posting.js';
import type { World } from './world.js';

/** A file that is not there yet: a name, announced bytes, and who will have uploaded it. */
export function announceFile(
  world: World,
  name: string,
  length: number,
  user: string,
  more: Pick<Partial<SlackFile>, 'altText' | 'snippetType' | 'title' | 'canvas'> = {},
): SlackFile {
  const { url, teamId } = world.identity;
  const file: SlackFile = {
    id: world.ids.make('F'),
    name,
    length,
    user,
    created: world.clock.seconds(),
    baseUrl: url,
    teamId,
    title: name,
    completed: false,
    deleted: false,
    shares: new Map(),
    ...more,
  };
  world.files.set(file.id, file);
  return file;
}

/**
 * Takes the bytes of an upload. They must be as many as were announced.
 * @returns HTTP status and text of the answer
 */
export function receive(file: SlackFile | undefined, bytes: Buffer): { status: number; text: string } {
  if (!file || file.completed || file.deleted) return { status: 404, text: 'file_not_found' };
  if (bytes.length !== file.length)
    return { status: 400, text: `upload_length_mismatch: ${bytes.length} of ${file.length}` };
  file.content = bytes;
  return { status: 200, text: `OK - ${bytes.length}` };
}

/** Makes uploads files of the workspace. Who sees them is told: of those not shared only the app itself, of its own. */
export function completeFiles(world: World, files: readonly SlackFile[], channels: readonly Channel[]): void {
  for (const file of files) {
    file.completed = true;
    tell(world, file, { type: 'file_created', file_id: file.id, user_id: file.user }, channels);
  }
  world.changed();
}

/** Shows files in a channel with one message. */
export function shareFiles(
  world: World,
  channel: Channel,
  files: readonly SlackFile[],
  draft: Omit<Draft, 'subtype' | 'files'>,
): Message {
  const message = post(world, channel, {
    ...draft,
    subtype: 'file_share',
    files: files.map((file) => file.id),
  });
  for (const file of files) {
    const wasPublic = [...file.shares.values()].some((share) => !share.isPrivate);
    file.shares.set(channel.id, {
      ts: message.ts,
      isPrivate: channel.isPrivate,
      direct: channel.kind !== 'channel',
      name: channel.name,
      threadTs: draft.thread_ts,
    });
    const about = { file_id: file.id, user_id: file.user };
    if (!wasPublic && !channel.isPrivate) tell(world, file, { type: 'file_public', ...about }, [channel]);
    tell(world, file, { type: 'file_shared', ...about, channel_id: channel.id }, [channel]);
  }
  return message;
}

/** Says that a file is not as it was. */
export function fileChanged(world: World, file: SlackFile): void {
  tell(world, file, { type: 'file_change', file_id: file.id, user_id: file.user }, placesOf(world, file));
  world.changed();
}

/** Deletes a file; a message that was nothing else goes with it, others keep a sign that there was one. */
export function deleteFile(world: World, file: SlackFile): void {
  const channels = placesOf(world, file);
  tell(
    world,
    file,
    { type: 'file_deleted', file_id: file.id, channel_ids: channels.map((it) => it.id) },
    channels,
    false,
  );
  for (const [id, { ts }] of file.shares) {
    const channel = world.channels.get(id);
    const message = channel && world.message(channel, ts);
    if (!channel || !message) continue;
    const others = message.files?.filter((other) => other !== file.id && !world.files.get(other)?.deleted);
    if (message.text === '' && !message.blocks && !others?.length) remove(world, channel, message);
    else edit(world, channel, message, () => lose(file));
  }
  lose(file);
  for (const channel of world.channels.values()) {
    if (channel.canvas === file.id) channel.canvas = undefined;
    const tab = channel.canvasTabs.indexOf(file.id);
    if (tab >= 0) channel.canvasTabs.splice(tab, 1);
  }
  world.changed();
}

function lose(file: SlackFile): void {
  file.deleted = true;
  file.completed = false;
  file.content = undefined;
}

function placesOf(world: World, file: SlackFile): Channel[] {
  const ids = [...file.shares.keys(), ...(file.canvas?.access.keys() ?? [])];
  return ids.map((id) => world.channels.get(id)).filter((it) => it !== undefined);
}

/** An event reaches the app once, wherever it may see the file. */
function tell(
  world: World,
  file: SlackFile,
  event: Fields & { type: string },
  channels: readonly Channel[],
  withFile = true,
): void {
  const { botUserId } = world.identity;
  const seen = channels.find((it) => it.members.has(botUserId)) ?? channels.find((it) => !it.isPrivate);
  if (!seen && file.user !== botUserId) return;
  const about = withFile ? { file: { id: file.id } } : {};
  world.happened({
    ...(seen ? { channel: seen, everywhere: true } : {}),
    event: { ...event, ...about, event_ts: world.ids.ts() },
  });
}
