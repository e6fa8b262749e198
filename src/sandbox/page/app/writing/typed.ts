import type { Names } from '../place.js';

/** The text of a message as somebody would type it again: names instead of ids, addresses without brackets. */
export function typedOf(text: string, names: Names): string {
  return text
    .replace(/<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/g, (whole, id: string) => named('@', names.user(id), whole))
    .replace(/<#(C[A-Z0-9]+)(?:\|[^>]*)?>/g, (whole, id: string) => named('#', names.channel(id), whole))
    .replace(/<!subteam\^([A-Z0-9]+)(?:\|[^>]*)?>/g, (whole, id: string) =>
      named('@', names.group(id), whole),
    )
    .replace(/<!(here|channel|everyone)(?:\|[^>]*)?>/g, '@$1')
    .replace(/<((?:https?|mailto|tel):[^|>]+)(?:\|[^>]*)?>/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

function named(sign: string, name: string | undefined, whole: string): string {
  return name ? `${sign}${name}` : whole;
}

/** A line that is a command, and not a path such as /etc/hosts. */
export function commandIn(text: string): { command: string; text: string } | undefined {
  const found = /^(\/[\p{L}\p{N}_-]+)(?:\s+([\s\S]*))?$/u.exec(text);
  return found?.[1] ? { command: found[1], text: found[2] ?? '' } : undefined;
}
