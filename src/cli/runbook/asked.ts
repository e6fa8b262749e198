import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import type { Core } from '#compose/core.js';
import { BadConfig, type Config, loadConfig } from '#config/config.js';
import type { Asking } from '#domain/incident/intent.js';
import { numberOf, type Person } from '#domain/words.js';
import { askedOf } from '#handle/handle.js';
import { granted, type Io, Usage } from '../core.js';

/** A runbook as it was asked for on the command line. */
export interface Asked {
  runbook: string;
  inputs: Record<string, string>;
  /** The number of the incident that was named, or null. */
  incident: number | null;
  key: string | null;
  /** Whose word it is, as typed; null: nobody's. */
  owner: string | null;
  planOnly: boolean;
}

const OPTIONS = { incident: { type: 'string' }, plan: { type: 'boolean' } } as const;

/**
 * Reads `[INC-7] NAME [key=value]…`. The shell has taken off the quotes, so a value is whatever stands behind the
 * first `=`. A `plan` takes what a `run` takes, so that one becomes the other by changing the verb.
 */
export function readAsked(args: string[], verb: 'plan' | 'run'): Asked {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: verb === 'run' ? { ...OPTIONS, key: { type: 'string' }, owner: { type: 'string' } } : OPTIONS,
  });
  const { words, incident } = withoutIncident(positionals, values.incident as string | undefined);
  const [name, ...given] = words;
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
  const {
    key = null,
    owner = null,
    plan = false,
  } = values as { key?: string; owner?: string; plan?: boolean };
  if (key === '') throw new Usage('`--key` needs a value');
  if (owner?.trim() === '') throw new Usage('`--owner` needs a person: `--owner @ana`');
  const planOnly = verb === 'plan' || plan;
  return { runbook: name.toLowerCase(), inputs: Object.fromEntries(inputs), incident, key, owner, planOnly };
}

/** The incident stands among the words, best behind the verb, as with the other verbs, or in its flag. */
function withoutIncident(
  positionals: string[],
  flag: string | undefined,
): { words: string[]; incident: number | null } {
  // Alone, or only with inputs, it is the name of a runbook.
  const names = positionals.filter((word) => !word.includes('='));
  const at = names.length > 1 ? positionals.findIndex((word) => numberOf(word) !== null) : -1;
  const leads = at < 0 ? null : numberOf(positionals[at] ?? '');
  const words = positionals.filter((_, i) => i !== at);
  if (flag === undefined) return { words, incident: leads };
  const incident = numberOf(flag);
  if (incident === null) throw new Usage('name the incident, such as INC-7');
  if (leads !== null && leads !== incident) throw new Usage('name one incident');
  return { words, incident };
}

/**
 * The configuration of a verb that works with secrets.
 * Fingerprints must be the bot's: made with another secret, a plan of ours would look to it as if the world had moved.
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

/** The user of this machine, as the system knows them: in a container perhaps by a number only. */
export function whoIsHere(): Person {
  let name: string;
  try {
    name = userInfo().username;
  } catch {
    name = `uid-${process.getuid?.() ?? 'unknown'}`;
  }
  return { id: `cli:${name}`, name };
}

/**
 * A request by the user of this machine.
 * @param named names the request: the same one twice is one fact, another under the same key is refused; null: no such promise
 * @param owner as typed behind `--owner`; null: nobody's word but the machine's
 * @throws Told for an owner who cannot be one
 */
export async function askingHere(
  core: Pick<Core, 'team' | 'owner'>,
  named: { key: string; request: unknown } | null,
  owner: string | null,
): Promise<Asking> {
  const team = await core.team();
  return {
    team,
    by: whoIsHere(),
    source: 'cli',
    key: named === null ? null : `cli:${named.key}`,
    asked: named === null ? null : askedOf(named.request),
    now: new Date(),
    seesPrivate: false,
    owner: owner === null ? null : granted(await core.owner(team, owner)),
  };
}
