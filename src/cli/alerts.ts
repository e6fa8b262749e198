import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { normal, remarked } from '#alerts/normal.js';
import { type Hook, Unreadable } from '#alerts/sender.js';
import { type AlertSettings, readAlertSettings, type Source } from '#alerts/settings.js';
import { many } from '#compose/core.js';
import { checkOffers, knownSecrets, sectionsWrong, shelved } from '#compose/runbooks.js';
import { loadConfig } from '#config/config.js';
import { file, type Rule, severityOf, titleOf } from '#domain/alert/rule.js';
import type { Signal } from '#domain/alert/signal.js';
import { alertReport } from '#render/alerts.js';
import { spoken } from '#runbooks/actions/touch.js';
import type { Scrub } from '#runbooks/scrub.js';
import { Told } from '#told.js';
import { type Io, Usage, type Verb, withCore } from './core.js';

/** `tocsin alerts try|report` */
export const alerts: Verb = {
  form: `alerts try FILE|FOLDER --source NAME [--header "Name: value"]… [--path /v2/alerts]
       tocsin alerts report [--since 14d] [--format md|csv]`,
  help: 'what the rules of tocsin.yml would make of what a source has sent (needs no database, changes nothing); what came of what was sent, by source and rule',
  async run(args, io) {
    const [verb, ...rest] = args;
    if (verb === 'report') return reportAlerts(rest, io);
    if (verb !== 'try') throw new Usage('say which: `alerts try FILE --source NAME`, or `alerts report`');
    return tryAlerts(rest, io);
  },
};

const DAY_MS = 86_400_000;

/** What came of signals, counted by source and rule; nothing that a sender wrote is in it. */
async function reportAlerts(args: string[], io: Io): Promise<number> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { since: { type: 'string', default: '14d' }, format: { type: 'string', default: 'md' } },
  });
  if (positionals.length > 0) throw new Usage('`alerts report` takes flags only');
  const { since, format } = values;
  const [, days] = /^([1-9]\d{0,3})d$/.exec(since) ?? [];
  if (days === undefined) throw new Usage(`“${since}” is no count of days; write \`--since 14d\``);
  if (format !== 'md' && format !== 'csv') throw new Usage(`“${format}” is not a format; write md or csv`);
  return withCore(io, async (core) => {
    const from = new Date(Date.now() - Number(days) * DAY_MS);
    const counts = await core.store.signals.report(await core.team(), from);
    await io.out(alertReport(counts, from, format));
    return 0;
  });
}

/** @returns 1 when something could not be read */
async function tryAlerts(args: string[], io: Io): Promise<number> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      source: { type: 'string' },
      header: { type: 'string', multiple: true, default: [] },
      path: { type: 'string' },
    },
  });
  const [given, ...more] = positionals;
  if (given === undefined || more.length > 0)
    throw new Usage('name one file, or a folder of files, with what was sent');
  const config = loadConfig(io.env, 'nothing', sectionsWrong);
  const { org } = config;
  const read = readAlertSettings(org.alerts, Object.keys(org.secrets), org.at);
  const settings = 'settings' in read ? read.settings : null;
  const names = settings ? [...settings.sources.keys()].join(', ') || 'none' : 'none';
  const source = values.source === undefined ? undefined : settings?.sources.get(values.source);
  if (values.source === undefined) throw new Usage(`name the source with --source: there is ${names}`);
  if (!settings || !source)
    throw new Told(`There is no source ${values.source} under alerts: in tocsin.yml; there is ${names}.`);

  const files = await filesOf(given);
  const trial: Trial = { settings, source, scrub: knownSecrets(io.env), counts: new Map() };
  let unread = 0;
  for (const name of files) {
    const hook: Hook = {
      method: 'POST',
      path: values.path ?? source.sender.path ?? '',
      query: new URLSearchParams(),
      headers: headersOf(values.header),
      body: await readFile(name),
      now: new Date(),
    };
    await io.out(`${basename(name)}\n`);
    try {
      for (const line of linesOf(hook, trial)) await io.out(`  ${line}\n`);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      unread += 1;
      await io.out(`  would be refused with ${error.status}: ${error.message}\n`);
    }
  }
  if (files.length > 1) {
    await io.out(`\n${many(files.length, 'file')}:\n`);
    for (const [what, count] of [...trial.counts].sort((a, b) => b[1] - a[1]))
      await io.out(`  ${String(count).padStart(6)}  ${what}\n`);
    if (unread > 0) await io.out(`  ${String(unread).padStart(6)}  refused\n`);
  }
  // No failure: runbooks of one's own may be on the machine of the bot alone.
  for (const why of await checkOffers(settings.rules, shelved(config), org.at))
    await io.out(`${trial.scrub.text(why)}\n`);
  await io.out('Nothing was recorded, and no secret was looked at.\n');
  return unread > 0 ? 1 : 0;
}

async function filesOf(given: string): Promise<string[]> {
  if (!existsSync(given))
    throw new Told(`There is no ${given}. Name a file with the body of what was sent, or a folder of them.`);
  if (!(await stat(given)).isDirectory()) return [given];
  const names = (await readdir(given, { withFileTypes: true })).filter(
    (one) => one.isFile() && !one.name.startsWith('.'),
  );
  if (names.length === 0)
    throw new Told(`${given} holds no file. Put the bodies of what was sent into it, one a file.`);
  return names.map(({ name }) => join(given, name)).sort();
}

function headersOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((one) => {
      const [, name, value] = /^([A-Za-z0-9-]+):\s*(.*)$/s.exec(one) ?? [];
      if (name === undefined || value === undefined)
        throw new Usage('a header is written as --header "Sentry-Hook-Resource: issue"');
      return [name.toLowerCase(), value];
    }),
  );
}

interface Trial {
  settings: AlertSettings;
  source: Source;
  scrub: Scrub;
  /** How many signals met with what. */
  counts: Map<string, number>;
}

/** A line for each signal: how it stands, which rule takes it, and what comes of it when nothing is open yet. */
function linesOf(hook: Hook, { settings, source, scrub, counts }: Trial): string[] {
  const { alerts: reported, left, remarks = [] } = source.sender.read(hook, source.settings);
  const lines = reported.map((one) => {
    const signal = normal(one, { scrub, now: hook.now });
    const { rule, key } = file(settings.rules, source.name, signal);
    const did =
      rule === null
        ? 'no rule matches: nothing is opened'
        : `${rule.name} → ${doneBy(rule, source, key, signal)}`;
    const counted = `${signal.status}: ${rule === null ? '(none)' : rule.name}`;
    counts.set(counted, (counts.get(counted) ?? 0) + 1);
    return `${signal.status} “${signal.title}” ${did}`;
  });
  for (const one of remarks) {
    const { does, by, text } = remarked(one, { scrub, now: hook.now });
    const who = by === null ? '' : ` by ${by}`;
    const what = text === null ? '' : ` “${text}”`;
    lines.push(
      `${does}${who}${what} → ${source.shadow ? 'nothing (shadow)' : 'a note where its alert is, else nothing'}`,
    );
  }
  if (left) lines.push(`${many(left, 'alert')} more, which the sender left out, would not be seen`);
  return lines.length > 0 ? lines : ['begins and ends no alert: taken, and nothing comes of it'];
}

function doneBy(rule: Rule, source: Source, key: string, signal: Signal): string {
  const shadow = source.shadow ? ' (shadow: only counted)' : '';
  if ('ignore' in rule.does) return 'ignored';
  if (signal.status === 'resolved') return `recorded as ended where it began; key ${key}${shadow}`;
  if ('attach' in rule.does)
    return `attached to the open incident with the key ${key}, or to one that is opened within a day${shadow}`;
  const { open } = rule.does;
  const severity = severityOf(open, signal);
  const waits = [
    rule.forMs === null ? null : `once it has fired for ${spoken(rule.forMs)}`,
    rule.count === null ? null : `once ${rule.count.times} have begun within ${spoken(rule.count.withinMs)}`,
    rule.quiet === null ? null : 'outside of its quiet hours',
  ].filter((one) => one !== null);
  const how = [
    severity ?? 'no severity',
    ...(open.private ? ['private'] : []),
    ...(open.components.length > 0 ? [`components ${open.components.join(', ')}`] : []),
    ...(open.people.length + open.groups.length > 0
      ? [`invites ${[...open.people, ...open.groups].join(', ')}`]
      : []),
    ...(open.runbook ? [`offers ${open.runbook.name}`] : []),
  ].join(', ');
  return `opens “${titleOf(open, source.name, key, signal)}” (${how})${waits.map((one) => ` ${one}`).join(' and')}; key ${key}${shadow}`;
}
