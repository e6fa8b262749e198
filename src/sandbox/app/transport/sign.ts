import { createHmac } from 'node:crypto';

/**
 * Slack's `v0` signature.
 * @param body the exact bytes that are sent
 * @param timestamp epoch seconds, also sent as a header
 */
export function sign(secret: string, timestamp: number, body: string): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
}
