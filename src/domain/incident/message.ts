import { z } from 'zod';
import { SECRET_KINDS } from '../secret/kind.js';
import { count, happened, id, number, shape } from '../shape.js';
import { LIMITS } from '../text.js';

/** What a message of Slack's comes to in the record: its facts, its files, and the words for what became of it. */

/** What was taken out of its text: the message in Slack has it still. Absent: nothing. */
const secrets = z.array(z.enum(SECRET_KINDS)).min(1).optional();

/** Images that are kept where tocsin.yml says so, by what their bytes begin with: each is shown by every browser, and runs nothing. */
const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const;
export type ImageType = (typeof IMAGE_TYPES)[number];

export const MESSAGE_FACTS = {
  MessageCaptured: shape(
    {
      ...{ ...happened, channel: id, ts: id, author: id, link: z.string().nullable() },
      secrets,
      /** When it had been edited last, in Slack's time. Absent: it had not. */
      edited: id.optional(),
      /** What came with it, as Slack says; their names are `file.0` … Absent: nothing. */
      files: z
        .array(z.strictObject({ id, type: id.nullable(), size: count.nullable() }))
        .min(1)
        .max(LIMITS.files)
        .optional(),
    },
    {
      required: ['text'],
      optional: ['author'],
      list: { field: 'file', count: (d) => d.files?.length ?? 0, required: true },
    },
  ),
  /**
   * Its author wrote other words, at `ts` of Slack's time. `shown`: the entry says these from now on; else somebody has corrected
   * the entry here, or a later edit was heard of first.
   */
  MessageEdited: shape(
    {
      ...{ entry: number, ts: id, shown: z.boolean(), secrets },
      /** Who recorded the message, and its channel: for telling them of a secret in it. There are these only where there is one. */
      recorder: id.optional(),
      channel: id.optional(),
    },
    { required: ['text'] },
  ),
  /**
   * It was deleted in Slack, at `ts`; by whom Slack does not say. `hidden`: readings have its words and files no more. `corrected`:
   * the words were not its author's any more.
   */
  MessageDeleted: shape({
    ...{ entry: number, ts: id },
    ...{ hidden: z.literal(true).optional(), corrected: z.literal(true).optional() },
  }),
  /** Images of its files are kept here. `image.0` …: the digests of their bytes, by whose erasure the bytes go too. */
  FilesKept: shape(
    {
      entry: number,
      files: z.array(z.strictObject({ id, type: z.enum(IMAGE_TYPES), size: number })).min(1),
    },
    { list: { field: 'image', count: (d) => d.files.length, required: true } },
  ),
};

/** A file of a message, as Slack says what it is; `type` as in MIME, `size` in bytes, null where it does not say. */
export interface RecordedFile {
  readonly id: string;
  readonly name: string;
  readonly type: string | null;
  readonly size: number | null;
}

/** An image of which the bytes are kept. `digest`: SHA-256 of these, as hex. */
export interface KeptImage {
  readonly id: string;
  readonly type: ImageType;
  readonly size: number;
  readonly digest: string;
}

/** Does Slack say that it is an image of a kind that can be kept? Whether it is one its bytes say. */
export function mayBeKept({ type }: Pick<RecordedFile, 'type'>): boolean {
  return IMAGE_TYPES.some((one) => one === type);
}

const startsWith = (bytes: Uint8Array, at: number, text: string) =>
  bytes.length >= at + text.length && [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));

/** @returns what kind of image these bytes are, whatever they are called; null: none that is kept */
export function imageTypeOf(bytes: Uint8Array): ImageType | null {
  if (startsWith(bytes, 0, '\x89PNG\r\n\x1a\n')) return 'image/png';
  if (startsWith(bytes, 0, '\xff\xd8\xff')) return 'image/jpeg';
  if (startsWith(bytes, 0, 'GIF87a') || startsWith(bytes, 0, 'GIF89a')) return 'image/gif';
  return startsWith(bytes, 0, 'RIFF') && startsWith(bytes, 8, 'WEBP') ? 'image/webp' : null;
}

/** @returns `a.png (image/png, 12 kB)` */
export function fileText({ name, type, size }: RecordedFile): string {
  const what = [type, size === null ? null : sizeText(size)].filter((part) => part !== null);
  return what.length === 0 ? name : `${name} (${what.join(', ')})`;
}

function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  const [unit, of] = bytes < 1_000_000 ? (['kB', 1_000] as const) : (['MB', 1_000_000] as const);
  return `${(bytes / of).toFixed(bytes / of < 10 ? 1 : 0).replace(/\.0$/, '')} ${unit}`;
}

/** What stands for the words of a message that has none but its files. */
export function filesAsWords(names: readonly string[]): string {
  return `(${names.length === 1 ? 'file' : 'files'}: ${names.join(', ')})`;
}

/** What stands in place of a message's words once it was deleted in Slack. @param at UTC, in ISO 8601 */
export function deletedText(at: string): string {
  return `[deleted in Slack ${at.slice(0, 10)} ${at.slice(11, 16)} UTC]`;
}

/** @returns the moment that a `ts` of Slack's names, with whole seconds: the digits behind its dot are no part of a second */
export function momentOfTs(ts: string): string {
  return `${new Date(Number.parseInt(ts, 10) * 1000).toISOString().slice(0, 19)}Z`;
}

/** @returns below 0: the one `ts` comes before the other; 0: they are one. Never read as numbers, which would be rounded. */
export function compareTs(a: string, b: string): number {
  const [[whole = '', part = ''], [otherWhole = '', otherPart = '']] = [a.split('.'), b.split('.')];
  const length = Math.max(whole.length, otherWhole.length);
  const key = (of: string, behind: string) => `${of.padStart(length, '0')}.${behind}`;
  const [left, right] = [key(whole, part), key(otherWhole, otherPart)];
  return left < right ? -1 : left > right ? 1 : 0;
}
