import { randomBytes } from 'node:crypto';
import { askSource } from '#alerts/poll.js';
import type { Poll, Source } from '#alerts/settings.js';
import { alertsWrong, openAlerts } from '#compose/alerts.js';
import { type Core, many, openCore } from '#compose/core.js';
import { databaseCondition } from '#compose/health.js';
import { checkOffers, openRunbooks, type Runbooks, secretThere } from '#compose/runbooks.js';
import { BadConfig, type Config, loadConfig } from '#config/config.js';
import { deliveriesCondition, LATE_MS } from '#deliver/undelivered.js';
import { unmarked } from '#domain/command/help.js';
import { codeInWords, codeOf, mendOf } from '#domain/slack-code.js';
import { type Condition, refOf } from '#domain/words.js';
import { createLog } from '#log.js';
import { checkQueue } from '#queue/backing.js';
import { undeliveredOf } from '#render/undelivered.js';
import { schedulesWrong, shelfUnsaid } from '#runbooks/definition/lacking.js';
import { outcomeOfQuery, troubleOf, Unavailable } from '#store/pools.js';
import type { SearchParts } from '#store/search.js';
import { type Io, nothingMore } from '../core.js';
import { bad, type Finding, findingOf, inTime, messageOf, saying, someAtATime } from './finding.js';
import { checkFolder, checkPage, publicInSlack } from './page.js';
import { askSlack, checkTemplates, pagedGroups } from './slack.js';
import { checkTracker } from './tracker.js';

/** So many incidents are named; `tocsin deliveries` lists all. */
const NAMED = 5;

/** `tocsin doctor`: looks at everything before the first incident does. Exit code 1 when something must be mended. */
export async function doctor(args: string[], io: Io): Promise<number> {
  nothingMore('doctor', args);
  const findings: Finding[] = [];
  const tell = (finding: Finding) => {
    findings.push(finding);
    const { ok, what, detail, fix } = finding;
    io.out(unmarked(`${ok ? '✓' : '✗'} ${what}: ${detail}\n${!ok && fix ? `    → ${fix}\n` : ''}`));
  };
  const config = await configuration(io, tell);
  if (config) {
    const slack = await askSlack(config, publicInSlack(config), pagedGroups(config));
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
    // Where Slack does not know us, the line above says what to do.
    if (slack[0]?.ok) for (const finding of await checkTemplates(config)) tell(finding);
    for (const finding of await checkRunbooks(config)) tell(finding);
    for (const finding of await checkAlerts(config)) tell(finding);
    for (const finding of await checkPage(config, io.env)) tell(finding);
    for (const finding of await checkTracker(config)) tell(finding);
  }
  const bad = findings.filter((finding) => !finding.ok).length;
  io.out(bad === 0 ? 'All is well.\n' : `${bad} to mend.\n`);
  return bad === 0 ? 0 : 1;
}

/** What Slack has refused of late, for which there is a lesser way: nobody is told of these one by one. */
export async function lesserWays({
  outbox,
  canvases,
}: {
  outbox: Pick<Core['store']['outbox'], 'refusedCard'>;
  canvases: Pick<Core['store']['canvases'], 'refused'>;
}): Promise<Finding[]> {
  const said = (what: string, refused: string, instead: string): Finding => {
    const code = codeOf(refused);
    const mend =
      mendOf(code) ?? 'ask an owner or admin of the workspace whether its plan and settings allow it';
    return { what, ok: false, detail: `${instead}: Slack said ${codeInWords(code)}`, fix: mend };
  };
  const card = await outbox.refusedCard();
  const refused = (await canvases.refused()).filter(({ refused }) => !isAnothers(codeOf(refused)));
  return [
    ...(card
      ? [said('bridge', card.refused, `the call of ${refOf(card.incident)} is shown as a plain link`)]
      : []),
    ...refused.map((one) => said('canvas', one.refused, `${refOf(one.incident)} goes without one`)),
  ];
}

/** A channel whose people have made a canvas of their own lacks nothing. */
const isAnothers = (code: string) => code === 'channel_canvas_already_exists';

async function configuration(io: Io, tell: (finding: Finding) => void): Promise<Config | null> {
  try {
    loadConfig(io.env, 'bot');
    tell({ what: 'configuration', ok: true, detail: 'complete' });
  } catch (error) {
    if (!(error instanceof BadConfig)) throw error;
    for (const problem of error.problems) {
      const [what = '', ...rest] = problem.split(': ');
      tell(saying(what, rest.join(': ')));
    }
  }
  try {
    const config = loadConfig(io.env, 'database');
    // The doctor changes nothing, so it makes no secret for the bot: nothing that is signed here is shown.
    const secret = await secretThere(config).catch(() => null);
    return { ...config, secret: secret ?? randomBytes(32).toString('hex') };
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
    // The settings of runbooks and of the status page, which are looked at by themselves.
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
    tell(searchFinding(await core.store.search.searchParts()));
    await workspaces(core, tell);
    await restores(core, tell);
    for (const finding of await lesserWays(core.store)) tell(finding);
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
    for (const finding of await sourcesHeard(core, config)) tell(finding);
    const team = (await core.home()) ?? (await core.store.workspaces.only());
    // Which of several workspaces is ours is asked above; until somebody says it, no page is written.
    if (team !== null || (await core.store.workspaces.list()).length === 0)
      tell(await checkFolder(core, team));
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

/** Search works without either of them; who does not find what they have misspelt does not know why. */
function searchFinding({ unaccent, trigrams, stale }: SearchParts): Finding {
  const missing = [...(unaccent ? [] : ['unaccent']), ...(trigrams ? [] : ['pg_trgm'])];
  if (missing.length > 0) {
    const without = [
      ...(unaccent ? [] : ['letters with accents are others than those without']),
      ...(trigrams ? [] : ['what is misspelt is not found']),
    ];
    return bad(
      'search',
      `works, without ${missing.join(' and ')}: ${without.join(', ')}`,
      `in that database, as somebody who may: ${missing.map((name) => `“create extension ${name}”`).join(' and ')} (Debian has them in postgresql-contrib); then \`tocsin rebuild\``,
    );
  }
  if (stale)
    return bad(
      'search',
      'is not made for the extensions that are there now',
      '`tocsin rebuild` makes it anew',
    );
  return { what: 'search', ok: true, detail: 'finds words, also misspelt ones and without their accents' };
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

const HEARD_DAYS = 14;

/** Which sources have sent anything of late. One that is silent may be well; or it has another address than ours. */
async function sourcesHeard({ store, home }: Core, config: Config): Promise<Finding[]> {
  // What is wrong there is said below.
  if (alertsWrong(config.org, config.org.at).length > 0) return [];
  const names = [...openAlerts(config).settings().sources.keys()];
  if (names.length === 0) return [];
  const team = (await home()) ?? (await store.workspaces.only());
  // Before a bot was there, nothing can have come; which of several workspaces is ours is asked above.
  if (team === null && (await store.workspaces.list()).length > 1) return [];
  const since = new Date(Date.now() - HEARD_DAYS * 86_400_000);
  const counts = team === null ? [] : await store.signals.report(team, since);
  const days = `in the last ${HEARD_DAYS} days`;
  return names.map((name) => {
    const heard = counts.reduce((sum, one) => sum + (one.source === name ? one.signals : 0), 0);
    const address = `${config.publicUrl ?? 'https://YOUR-HOST'}/hooks/${name}`;
    const detail =
      heard > 0
        ? `was heard ${heard === 1 ? 'once' : `${heard} times`} ${days}; \`tocsin alerts report\` has what came of it`
        : `has sent nothing ${days}; it is to send to ${address}`;
    return { what: `source ${name}`, ok: true, detail };
  });
}

/** Incidents that miss something in Slack, the newest of them by name. */
function givenUp(rows: Awaited<ReturnType<Core['store']['outbox']['dead']>>): Finding[] {
  const incidents = [...new Set(rows.map(({ incident }) => incident))].sort((a, b) => b - a);
  return incidents.slice(0, NAMED).map((incident) => {
    const { missing, fix } = undeliveredOf(rows.filter((row) => row.incident === incident));
    return { what: refOf(incident), ok: false, detail: missing, fix };
  });
}

/** Keys that places disagree about; of more, their number. */
const APART = 3;

/** Looks at every definition, and reads what runbooks would read. Changes nothing; names what is there, never a value. */
export async function checkRunbooks(config: Config): Promise<Finding[]> {
  let runbooks: Runbooks;
  try {
    runbooks = await openRunbooks(config);
  } catch (error) {
    if (!(error instanceof BadConfig)) throw error;
    return error.problems.map((problem) => bad('tocsin.yml', problem, 'mend the settings at that line'));
  }
  const { scrub, settings } = runbooks;
  const jobs = [
    ...[...settings.keystores.keys()].map((name) => () => checkStore(runbooks, config, name)),
    ...[...settings.routes.keys()].map((name) => () => checkRoute(runbooks, config, name)),
  ];
  const findings = [
    ...(await checkDefinitions(runbooks)),
    ...(await checkSchedules(runbooks, config)),
    ...[...settings.secrets.keys()].flatMap((name) => checkSecret(runbooks, name)),
    ...(await someAtATime(jobs)),
  ];
  return scrub.json(findings);
}

async function checkDefinitions({ shelf, settings }: Runbooks): Promise<Finding[]> {
  const found = await shelf.list();
  const good = found.flatMap((item) => ('problems' in item ? [] : [item.name]));
  const wrong = found.flatMap((item) => ('problems' in item ? item.problems : []));
  const fix = 'mend the file; `tocsin runbook lint FILE` checks it again';
  return [
    { what: 'runbooks', ok: true, detail: good.length > 0 ? good.join(', ') : 'none' },
    ...wrong.map((problem) => bad('runbook', problem, fix)),
    ...(await shelfUnsaid(shelf, settings)).map((said) => saying('runbook', said)),
  ];
}

/** Nothing is said of a schedule that can begin. */
async function checkSchedules({ settings, shelf }: Runbooks, { org }: Config): Promise<Finding[]> {
  const { problems, doubts } = await schedulesWrong(settings, shelf, org.at);
  return [
    ...problems.map((problem) => bad('schedule', problem, 'mend the settings at that line')),
    ...doubts.map((doubt) => bad('schedule', doubt, 'mend the definition, or the settings at that line')),
  ];
}

/** Nothing is said of a secret that is there. */
function checkSecret({ systems }: Runbooks, name: string): Finding[] {
  try {
    systems.secret(name);
    return [];
  } catch (error) {
    const fix = 'put it there, readable by whoever runs Tocsin, or correct the place under `secrets:`';
    return [bad('secret', messageOf(error), fix)];
  }
}

async function checkStore({ systems }: Runbooks, { org }: Config, name: string): Promise<Finding> {
  const what = `key store ${name}`;
  try {
    const store = systems.store(name);
    const { keys, apart, note } = await inTime(what, (signal) => store.read(signal));
    const said = [...(apart?.values() ?? [])].map(({ told }) => told);
    if (said.length > 0) {
      const more = said.length > APART ? ` and ${said.length - APART} more` : '';
      const fix =
        'make what each place has the same again; a reload of HAProxy gives its live map what the file has';
      return bad(what, said.slice(0, APART).join('; ') + more, fix);
    }
    return { what, ok: true, detail: `${store.type}, ${note ?? many(keys.size, 'key')}` };
  } catch (error) {
    const fix = `see to it that it can be read from this machine; its settings: ${org.at(['keystores', name])}`;
    return bad(what, messageOf(error), fix);
  }
}

async function checkRoute({ systems }: Runbooks, { org }: Config, name: string): Promise<Finding> {
  const what = `route ${name}`;
  try {
    const route = systems.route(name);
    const { to, places } = await inTime(what, (signal) => route.read(signal));
    if (to !== null) return { what, ok: true, detail: `${route.type}, points to ${to}` };
    const said = places.map((one) => `${one.place} says ${one.to}`).join(', ');
    return bad(what, `its places disagree: ${said}`, 'set it anew with a runbook that uses route.set');
  } catch (error) {
    const fix = `see to it that it can be read from this machine; its settings: ${org.at(['routes', name])}`;
    return bad(what, messageOf(error), fix);
  }
}

/** Who may send alerts here, and whether those answer that are asked what fires. Nothing is said where there is no source. */
async function checkAlerts(config: Config): Promise<Finding[]> {
  const wrong = alertsWrong(config.org, config.org.at);
  if (wrong.length > 0) return wrong.map((one) => bad('tocsin.yml', one, 'mend the settings at that line'));
  const { sources, rules } = openAlerts(config).settings();
  // What is wrong with other settings is said above.
  const runbooks = sources.size > 0 ? await openRunbooks(config).catch(() => null) : null;
  if (!runbooks) return [];
  const { systems, scrub } = runbooks;
  const offers = (await checkOffers(rules, runbooks, config.org.at)).map((one) => bad('rule', one, OFFERS));
  const shadow = [...sources.values()].filter((one) => one.shadow).length;
  const counted = `${many(sources.size, 'source')}${shadow > 0 ? ` (${shadow} in shadow)` : ''}`;
  const fix = 'write under `alerts: rules:` what they open; until then nothing comes of what they send';
  const asked = [...sources.values()].filter((one): one is Source & { poll: Poll } => one.poll !== null);
  const jobs = asked.map((source) => async (): Promise<Finding> => {
    const what = `source ${source.name}`;
    try {
      const { firing } = await inTime(what, (signal) => askSource(source, systems, signal));
      return { what, ok: true, detail: `answers what fires: ${many(firing.length, 'alert')}` };
    } catch (error) {
      const place = config.org.at(['alerts', 'sources', source.name, 'poll']);
      return bad(
        what,
        messageOf(error),
        `see to it that it can be asked from this machine; its settings: ${place}`,
      );
    }
  });
  const detail = `${counted}, ${many(rules.length, 'rule')}`;
  return scrub.json([
    { what: 'alerts', ok: rules.length > 0, detail, fix },
    ...offers,
    ...(await someAtATime(jobs)),
  ]);
}

const OFFERS =
  'mend the settings at that line, or the runbook; until then alerts open incidents, and the button is refused';
