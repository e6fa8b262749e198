import { randomBytes } from 'node:crypto';
import { BadConfig, type Config, loadConfig } from '#config.js';
import { Scrub } from '#runbooks/scrub.js';
import { fingerprints, passwordIn } from '#runbooks/secret.js';
import { type RunbookSettings, readRunbookSettings } from '#runbooks/settings.js';
import { openSystems, type Systems } from '#runbooks/systems.js';

/** Passwords that are shorter may be words that stand in any text. */
const PASSWORD = 12;

/**
 * Our own, and what tocsin.yml refers to: known from the start, so that it is recognised wherever it turns up.
 * @returns what could not be resolved
 */
export function learnSecrets(
  config: Config,
  settings: RunbookSettings,
  systems: Pick<Systems, 'secret'>,
  scrub: Scrub,
): string[] {
  const missing: string[] = [];
  const { botToken, appToken, signingSecret: slack } = config.slack;
  for (const own of [botToken, appToken, slack, config.secret]) if (own !== null) scrub.learn(own);
  for (const address of [config.databaseUrl, config.redisUrl]) {
    const password = address === null ? null : passwordIn(address);
    if (password !== null && password.length >= PASSWORD) scrub.learn(password);
  }
  for (const name of settings.secrets.keys()) {
    try {
      systems.secret(name);
    } catch (error) {
      missing.push((error as Error).message);
    }
  }
  return missing;
}

/**
 * The secrets that can be known here by reading only: no store is opened, and no pepper is made, so that its markers
 * mean nothing. Of a configuration that cannot be used none is known; who needs it says what is wrong.
 */
export function knownSecrets(env: NodeJS.ProcessEnv): Scrub {
  const fingerprint = fingerprints(randomBytes(32).toString('hex'));
  const scrub = new Scrub(fingerprint);
  try {
    const config = loadConfig(env, 'nothing');
    const read = readRunbookSettings(config.org, config.org.at);
    if ('problems' in read) return scrub;
    learnSecrets(config, read.settings, openSystems(read.settings, { env, scrub, fingerprint }), scrub);
  } catch (error) {
    if (!(error instanceof BadConfig)) throw error;
  }
  return scrub;
}
