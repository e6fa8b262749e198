// The stage under Tocsin's eyes: starts it, and writes the tocsin.yml that knows its stores, its route and its pair.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { readMap } from './stack/haproxy.mjs';
import { startStack } from './stack/stack.mjs';

/** Requests a second: enough that an outage of seconds shows, too few to disturb a laptop. */
const RATE = 40;
/** A client that gives up sooner would count the machine's own pauses. */
const TIMEOUT_MS = 30_000;

/**
 * @param {{data: string, base: string, kind?: 'haproxy'|'node'}} options `data`: the bot's folder, which holds the stage
 *   and its keys and goes with them; `base`: the tocsin.yml to add to
 * @returns {Promise<{stack: object, config: string}>}
 */
export async function startStage({ data, base, kind }) {
  // As the bot makes it: a database server without our rights must find its way through.
  mkdirSync(data, { recursive: true, mode: 0o711 });
  const folder = join(data, 'stage');
  const stack = await startStack({
    folder,
    rate: RATE,
    timeoutMs: TIMEOUT_MS,
    kind: kind ?? fitting(folder),
  });
  const config = join(folder, 'tocsin.yml');
  const settings = { ...parse(readFileSync(base, 'utf8')), ...stack.settings };
  writeFileSync(config, stringify(settings, { lineWidth: 0 }), { mode: 0o600 });
  return { stack, config };
}

/** HAProxy's socket needs a short path; undefined: the stage chooses by what is installed. */
function fitting(folder) {
  return Buffer.byteLength(join(folder, 'haproxy.sock')) > 89 || !/^[\w./@+=~-]+$/.test(folder)
    ? 'node'
    : undefined;
}

/** Every key that stands in a store of the stage now: to look for them where they must not be. */
export function keysOn({ settings: { keystores } }) {
  return Object.values(keystores).flatMap(({ path, instances }) =>
    path ? Object.values(JSON.parse(readFileSync(path, 'utf8'))) : [...readMap(instances[0].file).values()],
  );
}
