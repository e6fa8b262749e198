import { type Logger, LogLevel } from '@slack/bolt';
import type { Log } from './ports.js';

/**
 * Slack's libraries log through ours, one level quieter. Their debug lines hold whole requests (texts, response addresses,
 * tickets), so those are dropped whatever the level.
 */
export function slackLogger(log: Log): Logger {
  return {
    debug: () => {},
    info: (...said) => log.debug({}, words(said)),
    warn: (...said) => log.warn({}, words(said)),
    error: (...said) => log.error({}, words(said)),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  };
}

function words(said: unknown[]): string {
  return withoutSecrets(
    `slack: ${said.map((one) => (one instanceof Error ? one.message : String(one))).join(' ')}`,
  );
}

/** Tokens, and addresses that are secrets by themselves, never reach a log. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/\bx(?:ox[a-z]|app)[-.][\w.-]+/gi, '[token]')
    .replace(/\b(wss?:\/\/[^\s/?]+)\S*/gi, '$1/[ticket]')
    .replace(/(\/(?:commands|actions|response|app)\/)\S+/gi, '$1[address]')
    .slice(0, 1_000);
}
