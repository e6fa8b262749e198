/** What a decoder writes in place of bytes that are no character. People type it too, though rarely. */
const REPLACEMENT = '\uFFFD';

/**
 * A form may hold half a character (`%ED%A0%80`, or an emoji that was cut). Decoded, it is U+FFFD, and nobody could tell any more
 * that something else was sent. So it becomes a lone surrogate, which every text is refused for: an entry is never altered.
 * @param raw the form as it came
 * @returns the body itself when every byte of the form is part of a character
 */
export function halvesKept(body: Record<string, unknown>, raw: Buffer): Record<string, unknown> {
  // Of a command only the text is kept, and a look at it is all that the hot path pays.
  if (typeof body.text === 'string' && !body.text.includes(REPLACEMENT)) return body;
  try {
    // Strict, unlike the decoder of forms.
    decodeURIComponent(raw.toString());
    return body;
  } catch {
    return JSON.parse(JSON.stringify(body).replaceAll(REPLACEMENT, '\\ud800'));
  }
}
