// A text-to-speech service that checks keys, as a process of its own.
// usage: node demo/stack/tts.mjs --name tts-new --keys FILE [--port 0] [--with-parent]
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { fresh, needed, strings } from './file.mjs';
import { counter, sendMetrics } from './metrics.mjs';
import { endWith } from './parent.mjs';

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'tts' },
    keys: { type: 'string' },
    port: { type: 'string', default: '0' },
    'with-parent': { type: 'boolean', default: false },
  },
});
if (!values.keys) {
  process.stderr.write('usage: node tts.mjs --name NAME --keys FILE [--port PORT] [--with-parent]\n');
  process.exit(2);
}
endWith(values['with-parent']);

const keys = needed(fresh(values.keys, strings));
const requests = counter('tts_requests_total', 'Requests answered, by method, status and id of the key.');
let inFlight = 0;

const salt = randomBytes(32);
const digest = (text) => createHmac('sha256', salt).update(text).digest();

/** Which key this is. Takes equally long for every wrong value. @returns its id; null: none of ours */
function idOf(value) {
  const given = digest(value);
  let found = null;
  for (const [id, key] of keys()) if (timingSafeEqual(given, digest(key))) found = id;
  return found;
}

function answer(request) {
  if (new URL(request.url, 'http://tts').pathname !== '/v1/clips')
    return [404, { error: 'there is only /v1/clips' }];
  const key = request.headers['x-api-key'];
  const id = key ? idOf(key) : null;
  if (id === null) return [401, { error: 'this API key is not known' }, key ? 'unknown' : 'none'];
  if (request.method === 'POST') return [201, { clip: request.headers['x-request-id'] ?? null }, id];
  if (request.method === 'GET') return [200, { clips: [] }, id];
  return [405, { error: 'GET or POST' }, id];
}

const server = createServer((request, response) => {
  if (request.method === 'GET' && request.url === '/metrics') {
    sendMetrics(response, [
      requests.text(),
      `# HELP tts_requests_in_flight Requests not yet answered.\n# TYPE tts_requests_in_flight gauge\ntts_requests_in_flight ${inFlight}\n`,
    ]);
    return;
  }
  inFlight += 1;
  response.once('close', () => {
    inFlight -= 1;
  });
  // Judged when all of it is here, so that no answer overtakes its own request.
  request.resume().once('end', () => {
    const [status, body, key = 'none'] = answer(request);
    requests.add({ method: request.method, status, key });
    const id = request.headers['x-request-id'];
    response.writeHead(status, {
      'content-type': 'application/json',
      'x-served-by': values.name,
      ...(id && { 'x-request-id': id }),
    });
    response.end(`${JSON.stringify(body)}\n`);
  });
});
// Longer than any gateway keeps an idle connection: else it would be closed just as a request sets out on it.
server.keepAliveTimeout = 120_000;
server.listen(Number(values.port), '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
});
