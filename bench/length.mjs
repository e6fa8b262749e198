// A note in a long incident, and in a large database, beside one in a short incident in a small database.
import { parseArgs } from 'node:util';
import { openStore } from '#store/store.js';
import { botDatabase } from './lib/database.mjs';
import { median, round, target } from './lib/figures.mjs';
import { fill, lengthen, settled } from './lib/filler.mjs';
import { openIncidents } from './lib/incidents.mjs';
import { startLoader } from './lib/loader.mjs';
import { startPair, workplace } from './lib/processes.mjs';
import { report } from './lib/report.mjs';

const { values } = parseArgs({
  strict: false,
  options: { facts: { type: 'string' }, rounds: { type: 'string' }, quick: { type: 'boolean' } },
});
const facts = Number(values.facts ?? (values.quick ? 50_000 : 1_000_000));
const rounds = Number(values.rounds ?? (values.quick ? 3 : 9));
const MS = 1_000;

const places = [workplace(), workplace()];
try {
  const [small, large] = [await prepare(places[0]), await prepare(places[1])];
  console.error(`  writing ${facts} facts …`);
  await fill(large.client, large.team, 1, facts);
  const subjects = {
    short: { of: small, channel: small.short },
    long: { of: small, channel: small.long },
    'short, large database': { of: large, channel: large.short },
    'long, large database': { of: large, channel: large.long },
  };
  const p50s = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
  for (let i = 0; i <= rounds; i++) {
    for (const [name, { of, channel }] of Object.entries(subjects)) {
      const { p50 } = await of.load({
        url: of.url,
        channels: [channel],
        concurrency: 1,
        ms: MS,
        expect: 'recorded',
      });
      if (i > 0) p50s[name].push(round(p50, 3));
    }
  }
  const ms = Object.fromEntries(Object.entries(p50s).map(([name, all]) => [name, median(all)]));
  report('length', {
    targets: [
      target('note in 10,000 entries ÷ note in 10, p50', ms.long / ms.short, 1.2),
      target(`among ${facts} facts ÷ in an empty database, p50`, ms['short, large database'] / ms.short, 1.2),
      target('both ÷ neither, p50', ms['long, large database'] / ms.short, 1.2),
    ],
    figures: { 'p50 ms': ms },
    raw: p50s,
  });
} finally {
  for (const place of places) await place.close();
}

/** A bot with one incident of ten entries and one of ten thousand. */
async function prepare(place) {
  const { slack, bot } = await startPair(place);
  const { client, connection } = await botDatabase(place);
  const [short, long] = await openIncidents(slack.url, 2);
  const team = (await client.query('select team from workspace')).rows[0].team;
  await settled(client);
  const store = openStore(connection, (message) => console.error(message));
  await lengthen(store, team, 1, 9);
  await lengthen(store, team, 2, 9_999);
  await store.close();
  await client.query('analyze');
  return { client, team, short, long, url: bot.url, load: await startLoader(place, slack) };
}
