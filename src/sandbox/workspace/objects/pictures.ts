import type { Fields } from '../../fields.js';

/** Addresses of a picture in the sizes that Slack has, `image_36` … */
export function pictures(base: string, sizes: readonly number[]): Fields {
  return Object.fromEntries(sizes.map((size) => [`image_${size}`, `${base}?s=${size}`]));
}
