import { type Fields, textOf } from '../../../fields.js';
import type { Message as Written } from '../../protocol.js';

/** A message of a channel, or what only this person sees. */
export type Shown = Written & { readonly only?: true };

/** Notes that the channel makes itself: who came, what was renamed. */
export function isSystem(message: Shown): boolean {
  return /^(channel|group)_/.test(textOf(message.subtype) ?? '');
}

/** What only one person sees, as a message among the others. */
export function shownWhisper(whisper: Fields & { ts: string; from: string }, bot: string): Shown {
  return { ...whisper, user: whisper.from === 'slackbot' ? 'USLACKBOT' : bot, only: true };
}
