import { z } from 'zod';
import { wordsOf } from './words.js';

const text = z.string().nullish().catch(null);
const listed = z.array(z.looseObject({})).nullish().catch(null);

const MESSAGE = z.object({
  ts: z.string().regex(/^\d+\.\d+$/),
  user: text,
  bot_id: text,
  username: text,
  user_profile: z.unknown().optional(),
  bot_profile: z.object({ name: text }).nullish().catch(null),
  files: listed,
});

/**
 * A message as a payload gives it. `raw` is in Slack's encoding; `author.name` is null for people: they are looked up, and
 * `author.profile` is what the message says of them.
 */
export interface SlackMessage {
  ts: string;
  raw: string;
  author: { id: string; name: string | null; profile?: unknown };
}

/** @returns the message, or null for something that is none. */
export function messageIn(payload: unknown): SlackMessage | null {
  const read = MESSAGE.safeParse(payload);
  if (!read.success) return null;
  const { ts, user, bot_id: bot, username, bot_profile: profile, files } = read.data;
  return {
    ts,
    raw: saidBy(payload, files ?? []),
    author: user
      ? { id: user, name: null, profile: read.data.user_profile }
      : { id: bot ?? 'unknown', name: username || profile?.name || null },
  };
}

/** @returns in Slack's encoding, what a message says; one without words is named by what it carries */
export function saidBy(message: unknown, files: readonly unknown[]): string {
  const words = wordsOf(message);
  if (words.trim() !== '') return words;
  const names = files.flatMap((file) => {
    const { title, name, id } = file as { title?: unknown; name?: unknown; id?: unknown };
    return [title, name, id].find((one) => typeof one === 'string' && one !== '') ?? [];
  });
  if (names.length === 0) return '(a message without text)';
  return encoded(`(${names.length === 1 ? 'file' : 'files'}: ${names.join(', ')})`);
}

/** File names are plain; what they stand beside is not. */
function encoded(plain: string): string {
  return plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
