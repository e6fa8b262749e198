// What the person at the terminal reads.

export const said = [];

export function say(text = '') {
  said.push(text);
  console.log(text);
}

export const step = (what, detail = '') => say(`  ✓ ${what}${detail ? `  ${detail}` : ''}`);

export const shorten = (text) => (text.length > 90 ? `${text.slice(0, 89)}…` : text);

/** `1 request`, `19 requests`. */
export const count = (n, what) => `${n} ${what}${n === 1 ? '' : 's'}`;
