/** A word joiner: unseen, and enough to keep Slack from reading a broadcast in what somebody typed. */
const JOINER = '\u2060';

/**
 * Text as entered → text for a Slack message. Slack's three control characters become references, so `<!channel>` or
 * `<@U1>` in a note is shown and pings nobody; `@channel` and its kin, which some clients link by themselves, are broken
 * by an unseen character. Everything else, formatting too, stays as typed.
 */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/@(?=(?:channel|here|everyone|group)\b)/gi, `@${JOINER}`);
}

/** @returns a Slack link; both parts may hold anything. A `|` or `>` in the address would end it early. */
export function link(url: string, label: string): string {
  return `<${escaped(url).replaceAll('|', '%7C')}|${escaped(label).replaceAll('|', '¦')}>`;
}

/** @returns a mention of a channel that clients render with its current name. */
export function channelLink(id: string): string {
  return `<#${id}>`;
}
