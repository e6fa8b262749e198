import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/** An issue or ticket, as the stand-in has it. */
export interface Filed {
  id: string;
  title: string;
  body: string;
  state: 'open' | 'closed';
  reason: string | null;
  due: string | null;
  labels: string[];
  updatedAt: number;
}

export interface Heard {
  method: string;
  path: string;
}

type Answer = { status: number; body?: unknown; headers?: Record<string, string> };

/** What the next request that fits gets instead: an answer, or the connection is dropped, once it was done or before. */
interface Fault {
  on: RegExp;
  does: Answer | 'drop' | 'do and drop';
  times: number;
}

export const TOKEN = 'tracker-token-0123456789';
export const EMAIL = 'bot@acme.example';

/** Whatever a client does that the description of the API does not allow: a test looks that there is none. */
export class StandIn {
  readonly filed: Filed[] = [];
  readonly heard: Heard[] = [];
  readonly strange: string[] = [];
  readonly #faults: Fault[] = [];
  readonly #server = createServer((request, response) => void this.#handle(request, response));
  /** Fields that are on no screen of the project. */
  hidden: string[] = [];
  seen: 'all' | 'nothing' = 'all';
  issues = true;
  archived = false;
  permissions: Record<string, boolean> = {};

  constructor(readonly kind: 'github' | 'jira') {}

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** @param on `POST /issue`: method and path */
  fails(on: RegExp, does: Fault['does'], times = 1): void {
    this.#faults.push({ on, does, times });
  }

  asked(on: RegExp): number {
    return this.heard.filter(({ method, path }) => on.test(`${method} ${path}`)).length;
  }

  /** Everything as in the beginning, but what was strange. */
  clear(): void {
    this.filed.length = 0;
    this.heard.length = 0;
    this.#faults.length = 0;
    Object.assign(this, { hidden: [], seen: 'all', issues: true, archived: false, permissions: {} });
  }

  /** A person there does it. */
  turns(state: Filed['state'], n = 0): void {
    const one = this.filed[n];
    if (!one) throw new Error('there is no such ticket');
    one.state = state;
    one.updatedAt = Date.now();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    const path = url.split('?')[0] ?? '';
    this.heard.push({ method, path });
    const fault = this.#faults.find(({ on, times }) => times > 0 && on.test(`${method} ${path}`));
    if (fault) fault.times -= 1;
    if (fault?.does === 'drop') return void request.socket.destroy();
    const text = Buffer.concat(chunks).toString('utf8');
    const json = text === '' ? undefined : (JSON.parse(text) as unknown);
    if (json !== undefined && !/^application\/json/.test(headers['content-type'] ?? ''))
      this.strange.push(`${method} ${path}: a body that is not said to be JSON`);
    const answer =
      fault && typeof fault.does === 'object'
        ? fault.does
        : this.kind === 'github'
          ? this.#github(method, new URL(url, 'http://x'), headers, json)
          : this.#jira(method, new URL(url, 'http://x'), headers, json);
    if (fault?.does === 'do and drop') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
  }

  #wrong(what: string): Answer {
    this.strange.push(what);
    return {
      status: 422,
      body: { message: 'Validation Failed', errors: [{ field: what, code: 'invalid' }] },
    };
  }

  /** REST API 2022-11-28: repositories and issues. */
  #github(method: string, url: URL, headers: IncomingMessage['headers'], json: unknown): Answer {
    if (!headers['user-agent'])
      return { status: 403, body: { message: 'Request forbidden by administrative rules' } };
    if (headers['x-github-api-version'] !== '2022-11-28') this.strange.push('no version of the API');
    if (headers.authorization !== `Bearer ${TOKEN}`)
      return { status: 401, body: { message: 'Bad credentials' } };
    const gone = { status: 404, body: { message: 'Not Found' } };
    const [, rest] = /^\/repos\/acme\/app(\/.*)?$/.exec(url.pathname) ?? [];
    if (!url.pathname.startsWith('/repos/acme/app') || this.seen === 'nothing') return gone;
    const shown = (one: Filed) => ({
      ...{
        number: Number(one.id),
        html_url: `https://github.example/acme/app/issues/${one.id}`,
        state: one.state,
      },
      ...{ title: one.title, body: one.body, state_reason: one.reason, labels: one.labels, locked: false },
    });
    if (rest === undefined && method === 'GET')
      return {
        status: 200,
        body: { full_name: 'acme/app', has_issues: this.issues, archived: this.archived },
      };
    if (!this.issues) return { status: 410, body: { message: 'Issues are disabled for this repo' } };
    if (rest === '/issues' && method === 'GET') {
      const { searchParams: query } = url;
      for (const name of query.keys())
        if (!['state', 'sort', 'direction', 'since', 'per_page', 'page'].includes(name))
          return this.#wrong(name);
      const since = Date.parse(query.get('since') ?? '1970-01-01T00:00:00Z');
      const pull = {
        ...{ number: 999, html_url: 'https://x', state: 'open', title: 'a pull', body: null },
        pull_request: {},
      };
      const all = this.filed.filter(({ updatedAt }) => updatedAt >= since).map(shown);
      const size = Number(query.get('per_page') ?? 30);
      const from = (Number(query.get('page') ?? 1) - 1) * size;
      return { status: 200, body: [pull, ...all].slice(from, from + size) };
    }
    if (rest === '/issues' && method === 'POST') {
      const shape = z.strictObject({
        title: z.string().min(1).max(256),
        body: z.string().max(65_536),
        labels: z.array(z.string()).optional(),
      });
      const parsed = shape.safeParse(json);
      if (!parsed.success) return this.#wrong(parsed.error.issues[0]?.path.join('.') ?? 'body');
      const one = this.#make({ ...parsed.data, labels: parsed.data.labels ?? [], due: null });
      return { status: 201, body: shown(one) };
    }
    const one = this.filed.find(({ id }) => rest === `/issues/${id}`);
    if (!one) return gone;
    if (method === 'GET') return { status: 200, body: shown(one) };
    if (method !== 'PATCH') return this.#wrong(`${method} ${rest}`);
    const change = z
      .strictObject({
        state: z.enum(['open', 'closed']),
        state_reason: z.enum(['completed', 'not_planned', 'reopened']),
      })
      .safeParse(json);
    if (!change.success) return this.#wrong('state');
    Object.assign(one, { state: change.data.state, reason: change.data.state_reason, updatedAt: Date.now() });
    return { status: 200, body: shown(one) };
  }

  /** REST API 3 of Jira Cloud: issues, their transitions, search by JQL, permissions. */
  #jira(method: string, url: URL, headers: IncomingMessage['headers'], json: unknown): Answer {
    const basic = `Basic ${Buffer.from(`${EMAIL}:${TOKEN}`).toString('base64')}`;
    if (headers.authorization !== basic)
      return { status: 401, body: { errorMessages: ['Client must be authenticated'] } };
    const gone = {
      status: 404,
      body: { errorMessages: ['Issue does not exist or you do not have permission to see it.'] },
    };
    const path = url.pathname.replace('/rest/api/3', '');
    if (path === url.pathname) return gone;
    const category = (state: string) => ({
      status: { name: state, statusCategory: { key: state === 'closed' ? 'done' : 'new' } },
    });
    const shown = (one: Filed) => ({ id: one.id, key: `OPS-${one.id}`, fields: category(one.state) });
    if (path === '/mypermissions') {
      const asked = (url.searchParams.get('permissions') ?? '').split(',');
      const permissions = Object.fromEntries(
        asked.map((name) => [name, { havePermission: this.permissions[name] ?? true }]),
      );
      return this.seen === 'nothing' ? gone : { status: 200, body: { permissions } };
    }
    if (path === '/project/OPS')
      return this.seen === 'nothing' ? gone : { status: 200, body: { key: 'OPS' } };
    if (path === '/search/jql') {
      const jql = url.searchParams.get('jql') ?? '';
      const [, label, described] =
        /^project = "OPS" AND \(labels = "(\w+)" OR description ~ "(\w+)"\) ORDER BY created ASC$/.exec(
          jql,
        ) ?? [];
      if (!label || label !== described) return this.#wrong('jql');
      const found = this.filed.filter((one) => one.labels.includes(label) || one.body.includes(label));
      return { status: 200, body: { issues: found.map(shown), isLast: true } };
    }
    if (path === '/issue' && method === 'POST') {
      if (this.seen === 'nothing')
        return { status: 400, body: { errors: { project: 'valid project is required' } } };
      const paragraph = z.strictObject({
        type: z.literal('paragraph'),
        content: z.array(z.strictObject({ type: z.literal('text'), text: z.string().min(1) })).min(1),
      });
      const shape = z.strictObject({
        fields: z.strictObject({
          project: z.strictObject({ key: z.literal('OPS') }),
          issuetype: z.strictObject({ name: z.literal('Task') }),
          summary: z
            .string()
            .min(1)
            .max(255)
            .regex(/^[^\n]*$/),
          description: z.strictObject({
            type: z.literal('doc'),
            version: z.literal(1),
            content: z.array(paragraph),
          }),
          labels: z.array(z.string().regex(/^\S+$/)).optional(),
          duedate: z
            .string()
            .regex(/^\d{4}-\d\d-\d\d$/)
            .optional(),
        }),
      });
      const parsed = shape.safeParse(json);
      if (!parsed.success) return this.#wrong(parsed.error.issues[0]?.path.join('.') ?? 'body');
      const { fields } = parsed.data;
      const off = this.hidden.filter((name) => name in fields);
      if (off.length > 0)
        return {
          status: 400,
          body: {
            errorMessages: [],
            errors: Object.fromEntries(
              off.map((name) => [name, 'cannot be set. It is not on the appropriate screen.']),
            ),
          },
        };
      const body = fields.description.content
        .map(({ content }) => content.map(({ text }) => text).join(''))
        .join('\n');
      const one = this.#make({
        title: fields.summary,
        body,
        labels: fields.labels ?? [],
        due: fields.duedate ?? null,
      });
      return {
        status: 201,
        body: { id: one.id, key: `OPS-${one.id}`, self: `${url.origin}/rest/api/3/issue/${one.id}` },
      };
    }
    const [, id, more] = /^\/issue\/(\w+)(\/transitions)?$/.exec(path) ?? [];
    const one = this.filed.find((ticket) => ticket.id === id);
    if (!one || this.seen === 'nothing') return gone;
    if (!more) return method === 'GET' ? { status: 200, body: shown(one) } : this.#wrong(`${method} ${path}`);
    const transitions = [
      { id: '11', name: 'To do', to: category('open').status },
      { id: '31', name: 'Done', to: category('closed').status },
    ];
    if (method === 'GET') return { status: 200, body: { transitions } };
    const wanted = z
      .strictObject({ transition: z.strictObject({ id: z.enum(['11', '31']) }) })
      .safeParse(json);
    if (!wanted.success) return this.#wrong('transition');
    Object.assign(one, {
      state: wanted.data.transition.id === '31' ? 'closed' : 'open',
      updatedAt: Date.now(),
    });
    return { status: 204 };
  }

  #make(of: Pick<Filed, 'title' | 'body' | 'labels' | 'due'>): Filed {
    const one: Filed = {
      ...of,
      id: String(this.filed.length + 1),
      state: 'open',
      reason: null,
      updatedAt: Date.now(),
    };
    this.filed.push(one);
    return one;
  }
}
