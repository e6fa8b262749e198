import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Slack's limit on a button's value. */
const VALUE = 2_000;

/**
 * Carry something through a button. Packed into letters that nothing on the way rewrites (`&`, emoji names).
 * @returns null when it does not fit
 */
export function packed(value: unknown): string | null {
  const text = deflateRawSync(JSON.stringify(value)).toString('base64url');
  return text.length <= VALUE ? text : null;
}

/** @returns what was packed, or null for anything else */
export function unpacked(text: string | undefined): unknown {
  if (!text || text.length > VALUE) return null;
  try {
    return JSON.parse(
      inflateRawSync(Buffer.from(text, 'base64url'), { maxOutputLength: 200_000 }).toString(),
    );
  } catch {
    return null;
  }
}
