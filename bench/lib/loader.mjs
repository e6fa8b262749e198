// The load generator as a process of its own, so that its work is on nobody's event loop.
import { quantile } from './figures.mjs';
import { start } from './processes.mjs';

/** @returns a function that carries out one order, see load.mjs, with its `pid`. @throws when an answer was not the expected one */
export async function startLoader(place, slack) {
  const given = { signingSecret: slack.signingSecret, teamId: slack.teamId, slackUrl: slack.url };
  const { process: child, lines } = await start(place, 'bench/lib/load.mjs', [JSON.stringify(given)]);
  place.onClose(() => child.stdin.end());
  const load = async (order) => {
    child.stdin.write(`${JSON.stringify(order)}\n`);
    const line = await new Promise((resolve) => lines.once('line', resolve));
    const { took, seconds, wrong } = JSON.parse(line);
    if (wrong !== null) throw new Error(`an unexpected answer from ${order.url}: ${wrong}`);
    return { took, perSecond: took.length / seconds, p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
  };
  return Object.assign(load, { pid: child.pid });
}
