import { type Core, openCore } from '#compose/core.js';
import { loadConfig } from '#config.js';
import { createLog } from '#log.js';
import { patient } from './patience.js';
import type { Io } from './verb.js';

/** Runs with the database open: joins a running bot's, or starts the embedded one for as long as it takes. */
export async function withCore<T>(io: Io, run: (core: Core) => Promise<T>): Promise<T> {
  // What a person typed at a prompt should not be answered by a log: only what went wrong.
  const config = loadConfig({ ...io.env, LOG_LEVEL: io.env.LOG_LEVEL || 'warn' }, 'database');
  const core = await openCore(config, createLog(config.logLevel), 'guest');
  try {
    const kept = patient(core, io);
    return await run({ ...kept, team: () => kept.team(io.team) });
  } finally {
    await core.close();
  }
}
