import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { BadConfig, type Config, loadConfig } from '#config.js';
import type { Asking } from '#domain/intent.js';
import type { Refusal } from '#domain/refusal.js';
import { type Io, Usage } from './verb.js';

/** A runbook as it was asked for on the command line. */
export interface Asked {
  runbook: string;
  inputs: Record<string, string>;
  incident: string | null;
  key: string | null;
}

/**
 * Reads `NAME [key=value]…`. The shell has taken off the quotes, so a value is whatever stands behind the first `=`.
 * @param flags whether `--incident` and `--key` mean something here
 */
export function readAsked(args: string[], flags: boolean): Asked {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: flags ? { incident: { type: 'string' }, key: { type: 'string' } } : {},
  });
  const [name, ...given] = positionals;
  if (!name || name.includes('=')) throw new Usage('name the runbook; `tocsin runbook list` lists them');
  const inputs = new Map<string, string>();
  for (const [i, word] of given.entries()) {
    const at = word.indexOf('=');
    // Not what was typed: it may be the value of a secret.
    if (at < 1) throw new Usage(`word ${i + 1} after ${name} is no input; write it as \`key=value\``);
    const input = word.slice(0, at).toLowerCase();
    if (inputs.has(input)) throw new Usage(`each input once: \`${input}=\` stands there twice`);
    inputs.set(input, word.slice(at + 1));
  }
  const { incident = null, key = null } = values as { incident?: string; key?: string };
  if (key === '') throw new Usage('`--key` needs a value');
  return { runbook: name.toLowerCase(), inputs: Object.fromEntries(inputs), incident, key };
}

/**
 * The configuration of a verb that works with secrets.
 * Fingerprints must be the bot's: with a second pepper a plan of ours would look like another world to it.
 * @throws BadConfig when they could not be
 */
export function configWithSecret(io: Io, need: 'nothing' | 'database'): Config {
  const config = loadConfig(io.env, need);
  if (config.databaseUrl !== null && config.secret === null) {
    throw new BadConfig([
      'TOCSIN_SECRET: is needed with DATABASE_URL, so that keys have the same fingerprints here as in the bot; set it to what the bot has, or make the first one with `openssl rand -hex 32`',
    ]);
  }
  return config;
}

/** Whoever sits at this machine. @param key names the request: the same one twice is one fact; null: no such promise */
export function askingHere(team: string, key: string | null): Asking {
  const user = userInfo().username;
  return {
    team,
    by: { id: `cli:${user}`, name: user },
    source: 'cli',
    key: key === null ? null : `cli:${key}`,
    now: new Date(),
    seesPrivate: false,
  };
}

export const refusalText = ({ sentence, next }: Refusal) => `${sentence} ${next}\n`;
