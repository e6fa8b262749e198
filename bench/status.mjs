// The public page and its JSON from the bot's web server, beside nginx serving the same files; what it takes to write them; how
// soon a post is on the page, in the feed and with everybody who subscribed; and what an incident's channel notices of that.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { median, round, target } from './lib/figures.mjs';
import { end, freePort, start, workplace } from './lib/processes.mjs';
import { published, rebuilt, shown } from './lib/published.mjs';
import { report } from './lib/report.mjs';

const { values } = parseArgs({
  strict: false,
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    incidents: { type: 'string' },
    people: { type: 'string' },
    quick: { type: 'boolean' },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
const ms = 1000 * Number(values.seconds ?? (values.quick ? 0.5 : 3));
const incidents = Number(values.incidents ?? (values.quick ? 200 : 5_000));
const people = Number(values.people ?? (values.quick ? 500 : 10_000));
const posts = values.quick ? 3 : 10;
const notes = values.quick ? 4 : 12;
const AT_ONCE = 8;

const place = workplace();
try {
  chmodSync(place.folder, 0o755);
  const dir = join(place.folder, 'status');
  const app = await start(place, 'bench/lib/status-app.mjs', [
    JSON.stringify({ dir, incidents, components: 50 }),
  ]);
  const { url, firstMs, sameMs } = JSON.parse(app.line);
  const nginx = await startNginx(dir);
  const rates = { page: { bot: [], nginx: [] }, summary: { bot: [], nginx: [] } };
  for (let i = 0; i < rounds; i++) {
    for (const [what, path] of [
      ['page', '/status/'],
      ['summary', '/status/api/v2/summary.json'],
    ]) {
      rates[what].bot.push(await rate(url, path));
      rates[what].nginx.push(await rate(nginx, path));
    }
    console.error(`  round ${i + 1} of ${rounds}: ${JSON.stringify(rates)}`);
  }
  const told = await published(place, { posts, people, notes });
  console.error(`  told: ${JSON.stringify(told)}`);
  const built = await rebuilt(place, incidents);
  console.error(`  built: ${JSON.stringify(built)}`);
  const perSecond = (ms) => round((people * 1000) / ms, 0);
  const ratio = ({ bot, nginx }) => median(bot.map((one, i) => one / nginx[i]));
  report('status', {
    targets: [
      target('/status/ requests/s ÷ nginx', ratio(rates.page), 0.1, { least: true }),
      target('summary.json requests/s ÷ nginx', ratio(rates.summary), 0.1, { least: true }),
      target('post → files, p50, s', median(told.disk) / 1000, 2),
      target('post → feed, p50, s', median(told.feed) / 1000, 2),
      target(
        `${people} mails ÷ nodemailer alone, mails/s`,
        told.bareMs / (told.mails.lastMs - told.mails.firstMs),
        0.25,
        { least: true },
      ),
      target('mails ÷ people', told.mails.mails / told.mails.people, 1),
      target('note → channel while mails go out ÷ without, p50', median(told.beside) / median(told.alone), 2),
    ],
    figures: {
      'post → files, ms': shown(told.disk),
      'post → feed, ms': shown(told.feed),
      [`post → first and last of ${people} mails, ms`]: [
        round(told.mails.firstMs, 0),
        round(told.mails.lastMs, 0),
      ],
      'mails/s, and nodemailer alone': [perSecond(told.mails.lastMs), perSecond(told.bareMs)],
      'note → channel, ms': { alone: shown(told.alone), meanwhile: shown(told.beside) },
      [`status build of ${incidents} incidents: files, s, s once more, s to copy them`]: [
        built.files,
        ...[built.firstMs, built.againMs, built.copyMs].map((ms) => round(ms / 1000)),
      ],
      'requests/s': {
        page: { bot: round(median(rates.page.bot), 0), nginx: round(median(rates.page.nginx), 0) },
        summary: { bot: round(median(rates.summary.bot), 0), nginx: round(median(rates.summary.nginx), 0) },
      },
      [`ms for ${incidents} incidents on disk, and where nothing differs`]: [
        round(firstMs, 0),
        round(sameMs, 0),
      ],
    },
    raw: { rates, told, built },
  });
} finally {
  await place.close();
}

/** @returns answers a second, `AT_ONCE` asked for at a time over as many connections */
async function rate(origin, path) {
  const pool = new Pool(origin, { connections: AT_ONCE, pipelining: 1 });
  let answers = 0;
  const began = performance.now();
  const one = async () => {
    while (performance.now() - began < ms) {
      const { statusCode, body } = await pool.request({ path, method: 'GET' });
      await body.dump();
      if (statusCode !== 200) throw new Error(`${origin}${path} answered ${statusCode}`);
      answers += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  const seconds = (performance.now() - began) / 1000;
  await pool.close();
  return round(answers / seconds, 0);
}

/** One worker, as the bot has one thread. */
async function startNginx(dir) {
  const port = await freePort();
  const folder = join(place.folder, 'nginx');
  mkdirSync(folder);
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; events {} http { access_log off; keepalive_requests 1000000; ${temp.join(' ')}
    server { listen 127.0.0.1:${port}; location /status/ { alias ${dir}/; index index.html; } } }`,
  );
  const child = spawn(
    'nginx',
    ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')],
    {
      stdio: ['ignore', 'ignore', place.log],
    },
  );
  place.onClose(() => end(child));
  const origin = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${folder}/error.log`);
    const answer = await fetch(`${origin}/status/`).catch(() => null);
    if (answer?.ok) return origin;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
