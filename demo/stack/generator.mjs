// Sends requests by a schedule that does not wait for answers, and counts what becomes of each. A request is sent
// once: what a real client's library might quietly repeat is a failure here.
import { randomUUID } from 'node:crypto';
import { Agent, request as send } from 'node:http';

/** An idle connection is given up long before a gateway would close it under a request. */
const IDLE_MS = 15_000;
const TICK_MS = 2;

/**
 * Starts at once.
 * @param {{url: string, rate: number, timeoutMs?: number, most?: number}} options a `POST` to `url`, `rate` times a second;
 *   `most`: no more than so many are under way at the same time. What is due then is sent late, and `maxLateMs` says so: on a
 *   machine that cannot answer as fast as it is asked, requests would pile up until neither has a file to open
 */
export function generate({ url, rate, timeoutMs = 2000, most = 1_000 }) {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 256, timeout: IDLE_MS });
  const name = randomUUID().slice(0, 8);
  const began = performance.now();
  const body = '{"text":"It is four minutes to two."}';
  const total = { sent: 0, ok: 0, failed: 0 };
  const [seconds, byOutcome, byServer] = [new Map(), new Map(), new Map()];
  const inFlight = new Set();
  let [first, last, maxLateMs] = [null, null, 0];

  const timer = setInterval(() => {
    const now = performance.now();
    for (let due = began + (total.sent * 1000) / rate; due <= now; due += 1000 / rate) {
      if (inFlight.size >= most) break;
      maxLateMs = Math.max(maxLateMs, Math.round(now - due));
      one();
    }
  }, TICK_MS);

  function one() {
    total.sent += 1;
    const id = `${name}-${total.sent}`;
    const second = secondOf(Date.now());
    second.sent += 1;
    const flight = post({ url, agent, id, body, timeoutMs }).then(({ outcome, servedBy }) => {
      inFlight.delete(flight);
      const kind = /^2\d\d$/.test(outcome) ? 'ok' : 'failed';
      total[kind] += 1;
      second[kind] += 1;
      byOutcome.set(outcome, (byOutcome.get(outcome) ?? 0) + 1);
      const server = byServer.get(servedBy) ?? { ok: 0, failed: 0 };
      server[kind] += 1;
      byServer.set(servedBy, server);
      if (kind === 'ok') return;
      last = { at: new Date().toISOString(), id, outcome, servedBy };
      first ??= last;
    });
    inFlight.add(flight);
  }

  /** Requests belong to the second in which they were sent, whenever they end. */
  function secondOf(ms) {
    const at = new Date(ms - (ms % 1000)).toISOString();
    const known = seconds.get(at);
    if (known) return known;
    const fresh = { at, sent: 0, ok: 0, failed: 0 };
    seconds.set(at, fresh);
    return fresh;
  }

  const counts = () => ({
    ...total,
    inFlight: inFlight.size,
    /** By status, or by what went wrong without one: `ECONNREFUSED`, `timeout`. */
    byOutcome: Object.fromEntries(byOutcome),
    /** By what the answer says of itself; `nobody`: no answer, or one of the gateway's own. */
    byServer: Object.fromEntries(byServer),
    firstFailure: first,
    lastFailure: last,
    /** How far behind its schedule a request was sent, at worst: the generator's own slowness. */
    maxLateMs,
  });
  /** Waits until everything sent before this call has ended, well or not. @returns the counts then */
  const settled = async () => {
    await Promise.all(inFlight);
    return counts();
  };
  return {
    counts,
    settled,
    /** @returns {Array<{at: string, sent: number, ok: number, failed: number}>} oldest first */
    seconds: () => [...seconds.values()].map((second) => ({ ...second })),
    /** Sends no more, waits for what is under way. @returns the final counts */
    async stop() {
      clearInterval(timer);
      const final = await settled();
      agent.destroy();
      return final;
    },
  };
}

/** One request. @returns {Promise<{outcome: string, servedBy: string}>} never rejects, and always ends */
function post({ url, agent, id, body, timeoutMs }) {
  return new Promise((resolve) => {
    let servedBy = 'nobody';
    const request = send(url, {
      method: 'POST',
      agent,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'x-request-id': id,
      },
    });
    const end = (outcome) => {
      clearTimeout(timer);
      resolve({ outcome, servedBy });
    };
    const timer = setTimeout(() => {
      end('timeout');
      request.destroy();
    }, timeoutMs);
    request.once('response', (answer) => {
      servedBy = answer.headers['x-served-by'] ?? 'nobody';
      const echoed = answer.headers['x-request-id'];
      answer.once('error', (error) => end(error.code ?? 'broken'));
      answer.once('end', () => {
        if (echoed !== undefined && echoed !== id) end('answer to another request');
        else end(String(answer.statusCode));
      });
      answer.resume();
    });
    request.on('error', (error) => end(error.code ?? 'broken'));
    request.end(body);
  });
}
