import { elementsIn } from '../blocks/walk.js';
import { type Fields, listOf } from '../fields.js';
import type { Channel } from '../workspace/objects/channel.js';
import type { Ephemeral, Message } from '../workspace/objects/message.js';
import type { View } from './modals.js';

/** Where a button stands. */
export type Place =
  | { readonly view: View }
  | { readonly channel: Channel; readonly message: Message }
  | { readonly channel: Channel; readonly ephemeral: Ephemeral };

/** An element with the block and, where it stands in one, the attachment around it. */
export interface Spot {
  readonly block: Fields;
  readonly element: Fields;
  readonly attachment?: Fields;
}

/** All blocks of a place, those of its attachments too. */
export function blocksOf(place: Place): Fields[] {
  return layersOf(place).flatMap(({ blocks }) => blocks);
}

/** The first element of that action, in that block when one is named. */
export function spotIn(place: Place, actionId: string, blockId?: string): Spot | undefined {
  for (const { blocks, attachment } of layersOf(place)) {
    for (const { block, element } of elementsIn(blocks)) {
      if (element.action_id !== actionId) continue;
      if (blockId === undefined || block.block_id === blockId) return { block, element, attachment };
    }
  }
  return undefined;
}

/** The `container` of a payload about something in this place. */
export function containerOf(place: Place, attachment?: Fields): Fields {
  if ('view' in place) return { type: 'view', view_id: place.view.id };
  const ephemeral = 'ephemeral' in place;
  const { ts, thread_ts: threadTs } = ephemeral ? place.ephemeral : place.message;
  return {
    type: attachment ? 'message_attachment' : 'message',
    message_ts: ts,
    ...(attachment ? { attachment_id: attachment.id } : {}),
    channel_id: place.channel.id,
    is_ephemeral: ephemeral,
    ...(attachment ? { is_app_unfurl: attachment.is_app_unfurl === true } : {}),
    ...(attachment?.app_unfurl_url ? { app_unfurl_url: attachment.app_unfurl_url } : {}),
    ...(threadTs ? { thread_ts: threadTs } : {}),
  };
}

/** The conversation as interaction payloads name it. */
export function channelOf(channel: Channel): Fields {
  if (channel.kind === 'im') return { id: channel.id, name: 'directmessage' };
  return { id: channel.id, name: channel.isPrivate ? 'privategroup' : channel.name };
}

function layersOf(place: Place): Array<{ blocks: Fields[]; attachment?: Fields }> {
  if ('view' in place) return [{ blocks: listOf(place.view.source.blocks) }];
  const shown = 'message' in place ? place.message : place.ephemeral;
  return [
    { blocks: listOf(shown.blocks) },
    ...listOf(shown.attachments).map((attachment) => ({ blocks: listOf(attachment.blocks), attachment })),
  ];
}
