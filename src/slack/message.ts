import { z } from 'zod';

const text = z.string().nullish().catch(null);
const listed = z
  .array(z.object({ title: text, name: text, text, fallback: text, pretext: text }))
  .nullish()
  .catch(null);

const MESSAGE = z.object({
  ts: z.string().regex(/^\d+\.\d+$/),
  text,
  user: text,
  bot_id: text,
  username: text,
  user_profile: z.unknown().optional(),
  bot_profile: z.object({ name: text }).nullish().catch(null),
  files: listed,
  attachments: listed,
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

/** @returns the message, or null for something that is none. A message without words is named by what it carries. */
export function messageIn(payload: unknown): SlackMessage | null {
  const read = MESSAGE.safeParse(payload);
  if (!read.success) return null;
  const { ts, user, bot_id: bot, username, bot_profile: profile, files, attachments } = read.data;
  return {
    ts,
    raw: read.data.text?.trim() ? read.data.text : carried(files ?? [], attachments ?? []),
    author: user
      ? { id: user, name: null, profile: read.data.user_profile }
      : { id: bot ?? 'unknown', name: username || profile?.name || null },
  };
}

type Listed = NonNullable<z.infer<typeof listed>>;

function carried(files: Listed, attachments: Listed): string {
  const names = files.flatMap((file) => file.title || file.name || []);
  if (names.length > 0) return encoded(`(${names.length === 1 ? 'file' : 'files'}: ${names.join(', ')})`);
  const said = attachments.flatMap(
    (one) => one.fallback || [one.pretext, one.title, one.text].filter(Boolean).join('\n') || [],
  );
  return said.join('\n') || '(a message without text)';
}

/** File names are plain; what they stand beside is not. */
function encoded(plain: string): string {
  return plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
