import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

// Stand-ins written from the public descriptions of the APIs, strict where those are, and where a misspelt member would be lost
// in silence: developer.pagerduty.com, “Send an event to PagerDuty” (Events API v2); docs.opsgenie.com, “Alert API”.

/** What comes of a request in place of an answer of its own. `after`: it is taken, and the answer is lost. */
type Fate =
  | 'silence'
  | 'drop'
  | 'after'
  | { status: number; headers?: Record<string, string>; body?: string };

interface Asked {
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: unknown;
}

interface Answer {
  status: number;
  body: object;
}

/** A server that does what a test says, else what its API says. */
async function serving(answer: (asked: Asked) => Answer) {
  const fates: Fate[] = [];
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '', 'http://there');
    const text = Buffer.concat(chunks).toString('utf8');
    const one = {
      path: `${request.method} ${url.pathname}`,
      query: url.searchParams,
      headers: request.headers,
    };
    const fate = fates.shift();
    asked.push({ ...one, body: parsed(text) });
    if (fate === 'silence') return;
    if (fate === 'drop') return void request.socket.destroy();
    if (typeof fate === 'object') return void response.writeHead(fate.status, fate.headers).end(fate.body);
    if (text.length > 512 * 1024) return send(response, { status: 413, body: { message: 'too large' } });
    const its = answer({ ...one, body: parsed(text) });
    if (fate === 'after') return void request.socket.destroy();
    send(response, its);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fates,
    asked,
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const problems = (error: z.ZodError) =>
  error.issues.map(({ path, message }) => [path.join('.') || 'body', message] as const);

export const ROUTING_KEY = '0123456789abcdef0123456789abcdef';
const text = (most: number) => z.string().min(1).max(most);
const PD = z.discriminatedUnion('event_action', [
  z.strictObject({
    event_action: z.literal('trigger'),
    routing_key: z.string().length(32),
    dedup_key: text(255).optional(),
    client: text(1_024).optional(),
    client_url: z.url().optional(),
    links: z.array(z.strictObject({ href: z.url(), text: text(1_024) })).optional(),
    payload: z.strictObject({
      ...{
        summary: text(1_024),
        source: text(1_024),
        severity: z.enum(['critical', 'error', 'warning', 'info']),
      },
      ...{ timestamp: z.string().optional(), component: z.string().optional(), group: z.string().optional() },
      ...{ class: z.string().optional(), custom_details: z.record(z.string(), z.unknown()).optional() },
    }),
  }),
  z.strictObject({
    event_action: z.enum(['acknowledge', 'resolve']),
    routing_key: z.string().length(32),
    dedup_key: text(255),
  }),
]);

/** PagerDuty's Events API v2: events change the alert of their `dedup_key`; what is said of an unknown one is taken and means nothing. */
export async function startPagerDuty() {
  const alerts = new Map<string, { status: string; summary: string; triggered: number }>();
  const invalid = (errors: string[]) => ({
    status: 400,
    body: { status: 'invalid event', message: 'Event object is invalid', errors },
  });
  const there = await serving(({ path, body }) => {
    if (path !== 'POST /v2/enqueue') return { status: 404, body: { status: 'not found' } };
    const read = PD.safeParse(body);
    if (!read.success) return invalid(problems(read.error).map(([name, why]) => `'${name}' ${why}`));
    const event = read.data;
    if (event.routing_key !== ROUTING_KEY) return invalid([`Invalid routing key ${event.routing_key}`]);
    const key = event.dedup_key ?? randomUUID();
    const known = alerts.get(key);
    if (event.event_action === 'trigger') {
      const again = known && known.status !== 'resolved' ? known : null;
      const { summary } = event.payload;
      alerts.set(key, {
        status: again?.status ?? 'triggered',
        summary,
        triggered: (known?.triggered ?? 0) + 1,
      });
    } else if (known && known.status !== 'resolved')
      known.status = event.event_action === 'acknowledge' ? 'acknowledged' : 'resolved';
    return { status: 202, body: { status: 'success', message: 'Event processed', dedup_key: key } };
  });
  return { ...there, alerts };
}

export const GENIE_KEY = 'f1e2d3c4-a5b6-4788-9900-aabbccddeeff';
const OG = z.strictObject({
  ...{ message: text(130), alias: text(512).optional(), description: text(15_000).optional() },
  ...{ entity: text(512).optional(), source: text(100).optional(), user: text(100).optional() },
  ...{ note: text(25_000).optional(), priority: z.enum(['P1', 'P2', 'P3', 'P4', 'P5']).optional() },
  tags: z.array(text(50)).max(20).optional(),
  details: z.record(z.string(), z.string()).optional(),
});
const OG_SAID = z.strictObject({
  ...{ source: text(100).optional(), user: text(100).optional(), note: text(25_000).optional() },
});

/** Opsgenie's Alert API: alerts are known by their alias, and requests are taken before anything comes of them. */
export async function startOpsgenie() {
  const alerts = new Map<string, { status: string; message: string; by?: string | undefined }>();
  const requestId = randomUUID();
  const no = (status: number, message: string, errors = {}) => ({
    status,
    body: { message, took: 0.001, requestId, ...(Object.keys(errors).length > 0 && { errors }) },
  });
  const there = await serving(({ path, query, headers, body }) => {
    if (!headers.authorization?.startsWith('GenieKey ')) return no(401, 'Key format is not valid!');
    if (headers.authorization !== `GenieKey ${GENIE_KEY}`)
      return no(403, 'You are not authorized to perform this action');
    const taken = { status: 202, body: { result: 'Request will be processed', took: 0.001, requestId } };
    const unfit = (error: z.ZodError) =>
      no(
        422,
        'Request body is not processable. Please check the errors.',
        Object.fromEntries(problems(error)),
      );
    if (path === 'POST /v2/alerts') {
      const read = OG.safeParse(body);
      if (!read.success) return unfit(read.error);
      const alias = read.data.alias ?? randomUUID();
      if (alerts.get(alias)?.status !== 'open')
        alerts.set(alias, { status: 'open', message: read.data.message });
      return taken;
    }
    const [, alias = '', what] = /^POST \/v2\/alerts\/([^/]+)\/(acknowledge|close)$/.exec(path) ?? [];
    if (!what) return no(404, 'No message available');
    if (query.get('identifierType') !== 'alias') return no(422, 'Identifier type is not alias');
    const read = OG_SAID.safeParse(body);
    if (!read.success) return unfit(read.error);
    const alert = alerts.get(decodeURIComponent(alias));
    if (alert && alert.status !== 'closed') {
      alert.status = what === 'close' ? 'closed' : 'acknowledged';
      alert.by = read.data.user;
    }
    return taken;
  });
  return { ...there, alerts };
}
