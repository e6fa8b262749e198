/** Limits on what people enter, in characters (Unicode code points) or items. Slack's own limit on a message is 40,000. */
export const LIMITS = {
  title: 200,
  text: 40_000,
  reason: 3_000,
  post: 10_000,
  component: 100,
  components: 50,
  role: 32,
  roles: 20,
  people: 100,
  members: 1_000,
  logLines: 1_000,
  count: 1_000_000_000_000,
} as const;

/** @returns length in Unicode code points, as people count. */
export function lengthOf(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
