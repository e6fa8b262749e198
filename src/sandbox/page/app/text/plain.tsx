import { textOf } from '../../../fields.js';
import type { Names } from '../place.js';
import { Mrkdwn } from './mrkdwn.js';
import { Emoji, type Open } from './pieces.js';

const NAME = /:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/;

/** Plain text in which emoji names are emoji, unless `emoji` is false. */
export function Plain({ text, names, emoji = true }: { text: string; names: Names; emoji?: boolean }) {
  if (!emoji) return <>{text}</>;
  return (
    <>
      {text
        .split(NAME)
        .map((piece, index) => (index % 2 === 1 ? <Emoji key={index} name={piece} names={names} /> : piece))}
    </>
  );
}

/** A text object: plain text or mrkdwn. Anything else shows nothing. */
export function TextObject({ text, names, open }: { text: unknown; names: Names; open?: Open }) {
  const found = readText(text);
  if (!found) return null;
  return found.mrkdwn ? (
    <Mrkdwn text={found.text} names={names} open={open} autolink={found.autolink} />
  ) : (
    <Plain text={found.text} names={names} emoji={found.emoji} />
  );
}

/** The words of a text object as they were written, for labels that hold no markup. */
export function wordsOf(text: unknown): string | undefined {
  return readText(text)?.text;
}

function readText(given: unknown) {
  if (typeof given !== 'object' || given === null) return undefined;
  const { type, text, emoji, verbatim } = { type: '', text: '', emoji: true, verbatim: false, ...given };
  const words = textOf(text);
  if (words === undefined) return undefined;
  return { text: words, mrkdwn: type === 'mrkdwn', emoji: emoji !== false, autolink: verbatim !== true };
}
