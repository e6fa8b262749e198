import { withoutSecrets } from './logger.js';
import type { Log } from './ports.js';

/** Slack takes five answers per address, within thirty minutes. */
const ATTEMPTS = 3;

/**
 * Say something through a response address: it works wherever the person is, whether or not the bot is there.
 * @returns whether Slack took it; never throws. The address is a secret and stays out of the log.
 */
export async function respondTo(url: string | null | undefined, message: object, log: Log): Promise<boolean> {
  if (!url) return false;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(message),
        redirect: 'error',
        signal: AbortSignal.timeout(5_000),
      });
      await response.body?.cancel();
      if (response.ok) return true;
      log.warn({ status: response.status, attempt }, 'Slack did not take a late answer');
      // Used up or expired: asking again changes nothing.
      if (response.status >= 400 && response.status < 500 && response.status !== 429) return false;
    } catch (error) {
      const why = withoutSecrets(error instanceof Error ? error.message : String(error));
      log.warn({ why, attempt }, 'A late answer did not reach Slack');
    }
    await new Promise((resolve) => setTimeout(resolve, 300 * attempt));
  }
  return false;
}
