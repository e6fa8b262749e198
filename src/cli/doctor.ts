import { randomBytes } from 'node:crypto';
import { type Core, openCore } from '#compose/core.js';
import { BadConfig, type Config, loadConfig } from '#config.js';
import { refOf } from '#domain/state.js';
import { createLog } from '#log.js';
import { checkQueue } from '#queue/check.js';
import { undeliveredOf } from '#render/undelivered.js';
import { checkRunbooks } from './doctor-runbooks.js';
import { askSlack } from './doctor-slack.js';
import type { Finding } from './finding.js';
import type { Io, Verb } from './verb.js';

/** So many incidents are named; `tocsin deliveries` lists all. */
const NAMED = 5;

/** `tocsin doctor`: looks at everything before the first incident does. Exit code 1 when something must be mended. */
export const doctor: Verb = {
  form: 'doctor',
  help: 'check configuration, database, queue, clock, Slack, deliveries and runbooks; says the fix',
  async run(_args, io) {
    const findings: Finding[] = [];
    const tell = (finding: Finding) => {
      findings.push(finding);
      const { ok, what, detail, fix } = finding;
      io.out(`${ok ? '✓' : '✗'} ${what}: ${detail}\n${!ok && fix ? `    → ${fix}\n` : ''}`);
    };
    const config = configuration(io, tell);
    if (config) {
      await database(config, tell);
      tell({ what: 'queue', ...(await checkQueue(config.redisUrl)) });
      for (const finding of await askSlack(config)) tell(finding);
      for (const finding of await checkRunbooks(config)) tell(finding);
    }
    const bad = findings.filter((finding) => !finding.ok).length;
    io.out(bad === 0 ? 'All is well.\n' : `${bad} to mend.\n`);
    return bad === 0 ? 0 : 1;
  },
};

function configuration(io: Io, tell: (finding: Finding) => void): Config | null {
  try {
    loadConfig(io.env, 'bot');
    tell({ what: 'configuration', ok: true, detail: 'complete' });
  } catch (error) {
    if (!(error instanceof BadConfig)) throw error;
    for (const problem of error.problems) {
      const [what = '', ...rest] = problem.split(': ');
      const [detail = '', ...fix] = rest.join(': ').split('; ');
      tell({ what, ok: false, detail, fix: fix.join('; ') });
    }
  }
  try {
    const config = loadConfig(io.env, 'database');
    // A look must not make the secret that the bot will have: nothing that it signs is shown here.
    return { ...config, secret: config.secret ?? randomBytes(32).toString('hex') };
  } catch {
    return null;
  }
}

async function database(config: Config, tell: (finding: Finding) => void): Promise<void> {
  let core: Core;
  try {
    core = await openCore(config, createLog('silent'), 'guest');
  } catch (error) {
    // The settings of runbooks, which are looked at by themselves.
    if (error instanceof BadConfig) return;
    tell({
      what: 'database',
      ok: false,
      detail: (error as Error).message,
      fix:
        config.databaseUrl === null
          ? 'see above, or set DATABASE_URL'
          : 'check DATABASE_URL and that the server runs',
    });
    return;
  }
  try {
    const theirs = await core.store.ping();
    tell({ what: 'database', ok: true, detail: `${core.database.kind}, answers` });
    const skew = Math.abs(theirs - Date.now());
    tell({
      what: 'clock',
      ok: skew < 2000,
      detail: `${Math.round(skew)} ms from the database's`,
      fix: 'run NTP on both machines: times in the timeline come from this one',
    });
    const { open, blocked, dead, oldestDueMs } = await core.store.outbox.stats();
    const late = Math.round(oldestDueMs / 1000);
    tell({
      what: 'deliveries',
      ok: dead === 0 && late < 120,
      detail: `${open} waiting (the oldest for ${late} s), ${blocked} held up, ${dead} given up`,
      fix:
        dead > 0
          ? '`tocsin deliveries` lists them with their errors'
          : 'is the bot running, and can it reach Slack?',
    });
    for (const finding of givenUp(await core.store.outbox.dead())) tell(finding);
  } catch (error) {
    tell({ what: 'database', ok: false, detail: (error as Error).message, fix: 'run `tocsin migrate`' });
  } finally {
    await core.close();
  }
}

/** Incidents that miss something in Slack, the newest of them by name. */
function givenUp(rows: Awaited<ReturnType<Core['store']['outbox']['dead']>>): Finding[] {
  const incidents = [...new Set(rows.map(({ incident }) => incident))].sort((a, b) => b - a);
  return incidents.slice(0, NAMED).map((incident) => {
    const { missing, fix } = undeliveredOf(rows.filter((row) => row.incident === incident));
    return { what: refOf(incident), ok: false, detail: missing, fix };
  });
}
