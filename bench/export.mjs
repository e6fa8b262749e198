// The exports of a very long incident: memory of the bot while it streams them, and their speed beside a bare SELECT.
import { parseArgs } from 'node:util';
import { openStore } from '#store/store.js';
import { tocsin } from '../demo/processes.mjs';
import { botDatabase } from './lib/database.mjs';
import { median, round, target } from './lib/figures.mjs';
import { lengthen, settled } from './lib/filler.mjs';
import { openIncidents } from './lib/incidents.mjs';
import { forgetPeak, peakMb, residentMb } from './lib/memory.mjs';
import { startPair, workplace } from './lib/processes.mjs';
import { report } from './lib/report.mjs';

const { values } = parseArgs({
  strict: false,
  options: { entries: { type: 'string' }, rounds: { type: 'string' }, quick: { type: 'boolean' } },
});
const entries = Number(values.entries ?? (values.quick ? 10_000 : 100_000));
const rounds = Number(values.rounds ?? 3);
const FILES = ['timeline.json', 'timeline.md', 'timeline.csv', 'timeline.html', 'facts.jsonl'];
const LIMIT_MB = 100;

const place = workplace();
try {
  const { slack, bot, env } = await startPair(place);
  const { client, connection } = await botDatabase(place);
  await openIncidents(slack.url, 2);
  const team = (await client.query('select team from workspace')).rows[0].team;
  await settled(client);
  const store = openStore(connection, (message) => console.error(message));
  console.error(`  writing ${entries} entries …`);
  await lengthen(store, team, 1, entries - 1);
  await store.close();
  await client.query('analyze');
  const token = (await tocsin(env, 'token', 'create', '--name', 'bench', '--scope', 'read')).trim();
  const fetchExport = (ref, file) => drain(new URL(`/incidents/${ref}/${file}`, bot.url), token);
  // A bot that has been up for a while has made an export before: code and its first garbage are not growth.
  for (const file of FILES) await fetchExport('INC-2', file);

  const growth = Object.fromEntries(FILES.map((file) => [file, []]));
  const perSecond = Object.fromEntries([...FILES, 'select'].map((name) => [name, []]));
  const megabytes = {};
  for (let i = 0; i < rounds; i++) {
    for (const file of FILES) {
      const before = residentMb(bot.process.pid);
      forgetPeak(bot.process.pid);
      const { bytes, seconds } = await fetchExport('INC-1', file);
      growth[file].push(round(peakMb(bot.process.pid) - before, 1));
      perSecond[file].push(round(entries / seconds, 0));
      megabytes[file] = round(bytes / 1e6, 1);
    }
    const began = performance.now();
    const { rowCount } = await client.query(
      'select * from entry where team = $1 and incident = 1 order by at, n',
      [team],
    );
    perSecond.select.push(round(rowCount / ((performance.now() - began) / 1000), 0));
  }
  const speed = Object.fromEntries(Object.entries(perSecond).map(([name, all]) => [name, median(all)]));
  report('export', {
    targets: FILES.map((file) =>
      target(`MB that the bot grows while it streams ${file}, most`, Math.max(...growth[file]), LIMIT_MB, {
        digits: 1,
      }),
    ),
    figures: {
      entries,
      'entries per second': speed,
      'beside a bare SELECT': Object.fromEntries(
        FILES.map((file) => [file, round(speed[file] / speed.select, 3)]),
      ),
      'MB of the file': megabytes,
      'MB at rest before the last': residentMb(bot.process.pid),
    },
    raw: { growth, perSecond },
  });
} finally {
  await place.close();
}

async function drain(url, token) {
  const began = performance.now();
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  let bytes = 0;
  for await (const chunk of response.body) bytes += chunk.length;
  return { bytes, seconds: (performance.now() - began) / 1000 };
}
