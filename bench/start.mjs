// From `start` on existing data to the line that says it is ready, and the memory of Node at rest.
import { parseArgs } from 'node:util';
import { median, round, target } from './lib/figures.mjs';
import { openIncidents } from './lib/incidents.mjs';
import { residentMb } from './lib/memory.mjs';
import { end, start, startPair, workplace } from './lib/processes.mjs';
import { report } from './lib/report.mjs';

const { values } = parseArgs({
  strict: false,
  options: { rounds: { type: 'string' }, quick: { type: 'boolean' } },
});
const rounds = Number(values.rounds ?? (values.quick ? 2 : 7));
const REST_MS = 10_000;

const place = workplace();
try {
  const { slack, bot, env } = await startPair(place);
  await openIncidents(slack.url, 1);
  await end(bot.process);
  const seconds = [];
  const megabytes = [];
  for (let i = 0; i < rounds; i++) {
    const began = performance.now();
    const again = await start(place, 'bin/tocsin.js', ['start'], env);
    seconds.push(round((performance.now() - began) / 1000, 3));
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    megabytes.push(residentMb(again.process.pid));
    await end(again.process);
  }
  report('start', {
    targets: [
      target('seconds from start to ready, median', median(seconds), 2),
      target('the same, longest', Math.max(...seconds), 2),
      target('MB of Node 10 s later, median', median(megabytes), 150, { digits: 1 }),
    ],
    figures: {},
    raw: { seconds, megabytes },
  });
} finally {
  await place.close();
}
