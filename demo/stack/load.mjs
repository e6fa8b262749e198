// The load generator as a process of its own, so that nobody else's work disturbs its clock.
// usage: node demo/stack/load.mjs --url URL [--rate 100] [--timeout 2000] [--most 1000] [--with-parent]
// Standard input takes `{"id":1,"do":"counts"}` a line (also `seconds`, `settled`, `stop`), standard output answers
// `{"id":1,"answer":…}`. Ctrl-C ends it too, with the final counts.
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startChild } from './child.mjs';
import { generate } from './generator.mjs';
import { endWith } from './parent.mjs';

/**
 * Starts sending.
 * @param {{url: string, rate?: number, timeoutMs?: number, most?: number, log: string}} options as in generator.mjs; `log`: the file
 *   for its complaints
 * @returns everything as promises; `counts()` as in generator.mjs, `stop()` the final ones with `seconds`.
 *   `mark()` is a moment in the counting, `since(mark)` and `failedSince(mark)` what has ended or was sent after it.
 *   A request under way at the mark that fails later counts: `settled()` first leaves none.
 */
export async function startLoad({ url, rate = 100, timeoutMs = 2000, most = 1_000, log }) {
  const numbers = { '--rate': rate, '--timeout': timeoutMs, '--most': most };
  const given = Object.entries(numbers).flatMap(([name, value]) => [name, String(value)]);
  const child = await startChild('load.mjs', ['--url', url, ...given], log);
  const waiting = new Map();
  let asked = 0;
  let gone = false;
  child.lines.on('line', (line) => {
    const { id, answer } = JSON.parse(line);
    waiting.get(id)?.resolve(answer);
    waiting.delete(id);
  });
  const ended = () => new Error('the load generator has ended');
  child.lines.once('close', () => {
    gone = true;
    for (const { reject } of waiting.values()) reject(ended());
    waiting.clear();
  });
  const ask = (what) =>
    new Promise((resolve, reject) => {
      if (gone) return reject(ended());
      asked += 1;
      waiting.set(asked, { resolve, reject });
      child.process.stdin.write(`${JSON.stringify({ id: asked, do: what })}\n`);
    });
  const counts = () => ask('counts');
  const since = async (mark) => {
    const now = await counts();
    return { sent: now.sent - mark.sent, ok: now.ok - mark.ok, failed: now.failed - mark.failed };
  };
  let final;
  const stop = async () => {
    const answer = await ask('stop');
    await child.stop();
    return answer;
  };
  return {
    pid: child.pid,
    counts,
    seconds: () => ask('seconds'),
    settled: () => ask('settled'),
    mark: async () => {
      const { sent, ok, failed } = await counts();
      return { at: new Date().toISOString(), sent, ok, failed };
    },
    since,
    failedSince: async (mark) => (await since(mark)).failed,
    firstFailure: async () => (await counts()).firstFailure,
    lastFailure: async () => (await counts()).lastFailure,
    stop: () => (final ??= stop()),
  };
}

function main() {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      rate: { type: 'string', default: '100' },
      timeout: { type: 'string', default: '2000' },
      most: { type: 'string', default: '1000' },
      'with-parent': { type: 'boolean', default: false },
    },
  });
  const [rate, timeoutMs, most] = [values.rate, values.timeout, values.most].map(Number);
  if (!values.url || !(rate > 0) || !(timeoutMs > 0) || !(most > 0)) {
    process.stderr.write(
      'usage: node load.mjs --url URL [--rate A_SECOND] [--timeout MILLISECONDS] [--most AT_A_TIME]\n',
    );
    process.exit(2);
  }
  const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
  const load = generate({ url: values.url, rate, timeoutMs, most });
  const asked = {
    counts: load.counts,
    seconds: load.seconds,
    settled: load.settled,
    stop: async () => ({ ...(await load.stop()), seconds: load.seconds() }),
  };
  const lines = createInterface({ input: process.stdin });
  lines.on('line', async (line) => {
    const { id, do: what } = JSON.parse(line);
    say({ id, answer: (await asked[what]?.()) ?? null });
  });
  // Ended by hand it still says what it counted; with its parent gone there is nobody to tell.
  endWith(values['with-parent'], async () => {
    if (!values['with-parent']) say(await asked.stop());
    process.exit(0);
  });
  say({ url: values.url, rate });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
