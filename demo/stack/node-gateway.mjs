// The gateway for machines without HAProxy: same behaviour, files instead of maps and a socket.
// usage: node demo/stack/node-gateway.mjs --keys FILE --route FILE --old URL --new URL [--timeout MILLISECONDS] [--port 0]
//   [--with-parent]
import { randomUUID } from 'node:crypto';
import { Agent, createServer, request as send } from 'node:http';
import { pipeline } from 'node:stream';
import { parseArgs } from 'node:util';
import { fresh, needed, strings } from './file.mjs';
import { counter, sendMetrics } from './metrics.mjs';
import { endWith } from './parent.mjs';

const { values } = parseArgs({
  options: {
    keys: { type: 'string' },
    route: { type: 'string' },
    old: { type: 'string' },
    new: { type: 'string' },
    timeout: { type: 'string', default: '10000' },
    port: { type: 'string', default: '0' },
    'with-parent': { type: 'boolean', default: false },
  },
});
if (!values.keys || !values.route || !values.old || !values.new) {
  process.stderr.write('usage: node node-gateway.mjs --keys FILE --route FILE --old URL --new URL\n');
  process.exit(2);
}
endWith(values['with-parent']);

const NAME = 'tts';
const keys = needed(fresh(values.keys, strings));
const routes = needed(fresh(values.route, strings));
const services = new Map([
  ['old', values.old],
  ['new', values.new],
]);
const requests = counter('gateway_requests_total', 'Requests answered, by route and status.');
// Shorter than the services keep theirs, so that no connection is closed just as a request sets out on it.
const agent = new Agent({ keepAlive: true, timeout: 30_000 });
/** What concerns one connection only and is not passed on. */
const OWN = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

const server = createServer((request, response) => {
  if (request.method === 'GET' && request.url === '/metrics') {
    sendMetrics(response, [requests.text()]);
    return;
  }
  const route = routes().get(NAME) ?? 'none';
  const fail = (status) => {
    if (response.headersSent) return response.destroy();
    requests.add({ route, status });
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify({ error: 'the service does not answer' })}\n`);
  };
  const service = services.get(route);
  if (!service) {
    request.resume().once('end', () => fail(503));
    return;
  }
  const headers = passed(request.headers);
  headers['x-api-key'] = keys().get(NAME) ?? '';
  headers['x-request-id'] ??= randomUUID();
  const { method, url } = request;
  // Sent once: a request that failed is seen to have failed.
  const onward = send(service + url, { method, headers, agent });
  onward.setTimeout(Number(values.timeout), () =>
    onward.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
  );
  onward.once('response', (answer) => {
    requests.add({ route, status: answer.statusCode });
    response.writeHead(answer.statusCode, passed(answer.headers));
    pipeline(answer, response, () => {});
  });
  onward.once('error', ({ code }) => fail({ ECONNREFUSED: 503, ETIMEDOUT: 504 }[code] ?? 502));
  response.once('close', () => {
    if (!response.writableFinished) onward.destroy();
  });
  // Not a pipeline: that would take the client's connection down with the service's, and no answer could be given.
  request.pipe(onward);
});

function passed(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN.includes(name)));
}

server.keepAliveTimeout = 120_000;
server.listen(Number(values.port), '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
});
