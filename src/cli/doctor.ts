import { randomBytes } from 'node:crypto';
import { type Core, openCore } from '#compose/core.js';
import { databaseCondition } from '#compose/health.js';
import { many } from '#compose/home.js';
import { BadConfig, type Config, loadConfig } from '#config.js';
import { deliveriesCondition, LATE_MS } from '#deliver/late.js';
import { unmarked } from '#domain/command/help.js';
import { refOf } from '#domain/state.js';
import type { Condition } from '#domain/words.js';
import { createLog } from '#log.js';
import { checkQueue } from '#queue/check.js';
import { undeliveredOf } from '#render/undelivered.js';
import { outcomeOfQuery, Unavailable } from '#store/outcome.js';
import { troubleOf } from '#store/trouble.js';
import { checkRunbooks } from './doctor-runbooks.js';
import { askSlack } from './doctor-slack.js';
import { type Finding, findingOf } from './finding.js';
import { type Io, nothingMore, type Verb } from './verb.js';

/** So many incidents are named; `tocsin deliveries` lists all. */
const NAMED = 5;

/** `tocsin doctor`: looks at everything before the first incident does. Exit code 1 when something must be mended. */
export const doctor: Verb = {
  form: 'doctor',
  help: 'check configuration, database, queue, clock, Slack, deliveries and runbooks; says the fix',
  async run(args, io) {
    nothingMore('doctor', args);
    const findings: Finding[] = [];
    const tell = (finding: Finding) => {
      findings.push(finding);
      const { ok, what, detail, fix } = finding;
      io.out(unmarked(`${ok ? '✓' : '✗'} ${what}: ${detail}\n${!ok && fix ? `    → ${fix}\n` : ''}`));
    };
    const config = configuration(io, tell);
    if (config) {
      const slack = await askSlack(config);
      // As /readyz has it: a Slack that is away excuses what is late.
      const [asked = { ok: true }] = slack;
      const trouble = await database(config, { state: asked.ok ? 'ok' : 'away' }, tell);
      const queue = await checkQueue(config.redisUrl);
      tell(
        findingOf(
          'queue',
          config.redisUrl === null && trouble ? { ...trouble, reason: 'it is in the database' } : queue,
        ),
      );
      for (const finding of slack) tell(finding);
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

/** @returns how the database is, when it is not well */
async function database(
  config: Config,
  slack: Pick<Condition, 'state'>,
  tell: (finding: Finding) => void,
): Promise<Condition | null> {
  const away: Condition = { state: 'away' };
  let core: Core;
  try {
    core = await openCore(config, createLog('silent'), 'guest');
  } catch (error) {
    // The settings of runbooks, which are looked at by themselves.
    if (error instanceof BadConfig) return null;
    // PostgreSQL says why it lets nobody in.
    const trouble = troubleOf(outcomeOfQuery(error));
    if (trouble.state === 'refusing') {
      tell(findingOf('database', trouble));
      return trouble;
    }
    tell({
      what: 'database',
      ok: false,
      detail: (error as Error).message,
      fix:
        config.databaseUrl === null
          ? 'see above, or set DATABASE_URL'
          : 'check DATABASE_URL and that the server runs',
    });
    return away;
  }
  try {
    const theirs = await core.store.ping();
    const writing = await databaseCondition(core.store);
    tell(
      findingOf('database', {
        reason: `${core.database.kind}, answers and takes what it is given`,
        ...writing,
      }),
    );
    const skew = Math.abs(theirs - Date.now());
    tell({
      what: 'clock',
      ok: skew < 2000,
      detail: `${Math.round(skew)} ms from the database's`,
      fix: 'run NTP on both machines: times in the timeline come from this one',
    });
    await workspaces(core, tell);
    await restores(core, tell);
    const { open, blocked, dead } = await core.store.outbox.stats();
    const { lanes } = await core.store.outbox.late(LATE_MS, 1_000);
    const { state, reason, fix } = deliveriesCondition(lanes, 0, slack);
    tell({
      what: 'deliveries',
      ok: dead === 0 && state === 'ok',
      detail: `${open} waiting, ${blocked} held up, ${dead} given up${reason ? `; ${reason}` : ''}`,
      fix:
        state === 'ok'
          ? '`tocsin deliveries` lists them with their errors'
          : (fix ?? 'is the bot running, and can it reach Slack?'),
    });
    for (const finding of givenUp(await core.store.outbox.dead())) tell(finding);
    return writing.state === 'ok' ? null : writing;
  } catch (error) {
    if (error instanceof Unavailable) {
      const trouble = troubleOf(error);
      tell(findingOf('database', trouble));
      return trouble;
    }
    tell({ what: 'database', ok: false, detail: (error as Error).message, fix: 'run `tocsin migrate`' });
    return null;
  } finally {
    await core.close();
  }
}

/** One is usual, and no news. Which of several is meant must not be a matter of luck. */
async function workspaces(core: Core, tell: (finding: Finding) => void): Promise<void> {
  const rows = await core.store.workspaces.list();
  if (rows.length < 2) return;
  const home = await core.home();
  const held = await core.store.workspaces.holdings();
  const each = rows.map(({ team, slackTeam }) => {
    const { incidents = 0, tokens = 0 } = held.get(team) ?? {};
    const holds =
      incidents + tokens === 0 ? 'empty' : `${many(incidents, 'incident')}, ${many(tokens, 'token')}`;
    return `${slackTeam ?? team} (${team === home ? 'ours, ' : ''}${holds})`;
  });
  tell({
    what: 'workspaces',
    ok: home !== null,
    detail: `${rows.length} in this database: ${each.join('; ')}`,
    fix: 'which one is ours cannot be told: set SLACK_BOT_TOKEN, or name it with `--team T…` before a verb',
  });
}

async function restores({ store }: Core, tell: (finding: Finding) => void): Promise<void> {
  if (await store.restores.moved()) {
    tell({
      what: 'restore',
      ok: false,
      detail:
        'these data stood in another database when a bot last started: they come from a backup, or were moved',
      fix: 'start the bot: it looks for what is owed before it posts, gives no number again that was shown, and lets runs stand still until you say so; after a mere move that does no harm',
    });
  }
  for (const { team, restoredAt, numbersFrom } of await store.restores.history()) {
    const held = (await store.outbox.dead(team)).filter(({ error }) => error === 'restored_from_backup');
    const runs = new Set(held.map(({ incident, effect }) => `${incident}/${JSON.stringify(effect.payload)}`));
    const still =
      runs.size === 0 ? 'no run stands' : runs.size === 1 ? '1 run stands' : `${runs.size} runs stand`;
    tell({
      what: 'restore',
      ok: runs.size === 0,
      detail: `from a backup, or moved; noticed ${restoredAt}; new incidents from INC-${numbersFrom} on, ${still} still`,
      fix: 'look at what each of them has done since the backup (`tocsin deliveries` lists them); then `tocsin deliveries retry NUMBER`, or `cancel` the run',
    });
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
