/** @returns the link when it is one that a browser may follow; anything else (`javascript:` …) is never made clickable. */
export function safeLink(link: string | null): string | null {
  return link !== null && /^https?:\/\/[^\s\p{Cc}]+$/iu.test(link) ? link : null;
}
