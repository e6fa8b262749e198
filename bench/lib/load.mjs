// The load generator's side of the wire: one process that sends slash commands and measures how long answers take.
// Reads orders as JSON lines on stdin, answers each with a JSON line on stdout.
import { createInterface } from 'node:readline';
import { Pool } from 'undici';
import { slackRequest } from './slack-request.mjs';

const slack = JSON.parse(process.argv[2]);
const pools = new Map();

/** @param order `{url, channels, concurrency, ms, expect}`: for `ms`, `concurrency` at a time, round the channels */
async function carryOut({
  url,
  channels,
  concurrency,
  ms,
  expect,
  texts = 'the error rate of the gateway rises again',
}) {
  const key = `${url} ${concurrency}`;
  if (!pools.has(key)) pools.set(key, new Pool(url, { connections: concurrency, pipelining: 1 }));
  const pool = pools.get(key);
  const took = [];
  let sent = 0;
  let wrong = null;
  const began = performance.now();
  const until = began + ms;
  const one = async () => {
    while (performance.now() < until && wrong === null) {
      const channel = channels[sent % channels.length];
      const { headers, body } = slackRequest(slack, { channel, text: `note ${texts} (${sent})` });
      sent += 1;
      const at = performance.now();
      const answer = await pool.request({ path: '/slack/events', method: 'POST', headers, body });
      const said = await answer.body.text();
      took.push(performance.now() - at);
      if (answer.statusCode !== 200 || !said.includes(expect)) wrong = `${answer.statusCode} ${said}`;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, one));
  return { took, seconds: (performance.now() - began) / 1000, wrong };
}

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await carryOut(JSON.parse(line)))}\n`);
}
await Promise.all([...pools.values()].map((pool) => pool.close()));
