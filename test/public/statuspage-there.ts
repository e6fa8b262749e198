import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Statuspage's REST API, as far as its public description (developer.statuspage.io) goes: incidents, their updates and
 * postmortems, components. Stricter than the real one: whatever it does not describe is refused, so that nothing rests on luck.
 */

export const KEY = '4f3c2b1a-0000-4000-8000-key-of-the-page';
export const PAGE = 'kctbh9vrtdwd';

export const BEGUN = Date.parse('2024-11-10T01:41:10.000Z');

const REALTIME = ['investigating', 'identified', 'monitoring', 'resolved'];
const PLANNED = ['scheduled', 'in_progress', 'verifying', 'completed'];
const COMPONENT = [
  'operational',
  'under_maintenance',
  'degraded_performance',
  'partial_outage',
  'major_outage',
];
const IMPACT = ['none', 'maintenance', 'minor', 'major', 'critical'];

type Check = (value: unknown, there: There) => boolean;
const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const time: Check = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value));
const oneOf =
  (values: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && values.includes(value);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const ids: Check = (value, there) => Array.isArray(value) && value.every((id) => there.components.has(id));

const INCIDENT: Record<string, Check> = {
  name: (value) => typeof value === 'string' && value.length > 0 && value.length <= 255,
  status: oneOf([...REALTIME, ...PLANNED]),
  impact_override: oneOf(IMPACT),
  ...{ scheduled_for: time, scheduled_until: time, scheduled_remind_prior: flag },
  ...{ auto_transition_to_maintenance_state: flag, auto_transition_to_operational_state: flag },
  ...{ scheduled_auto_in_progress: flag, scheduled_auto_completed: flag, scheduled_auto_transition: flag },
  ...{
    auto_transition_deliver_notifications_at_start: flag,
    auto_transition_deliver_notifications_at_end: flag,
  },
  metadata: (value) => isObject(value) && Object.values(value).every(isObject),
  deliver_notifications: flag,
  ...{ auto_tweet_at_beginning: flag, auto_tweet_on_completion: flag, auto_tweet_on_creation: flag },
  ...{ auto_tweet_one_hour_before: flag, backfill_date: text, backfilled: flag },
  body: (value) => typeof value === 'string' && value.length <= 25_000,
  components: (value, there) =>
    isObject(value) &&
    Object.entries(value).every(
      ([id, status]) => there.components.has(id) && COMPONENT.includes(String(status)),
    ),
  component_ids: ids,
};
const UPDATE: Record<string, Check> = {
  ...{ wants_twitter_update: flag, body: text, display_at: time, deliver_notifications: flag },
};
const COMPONENT_MEMBERS: Record<string, Check> = {
  ...{ description: text, status: oneOf(COMPONENT), name: text, only_show_if_degraded: flag },
  ...{ group_id: text, showcase: flag, start_date: text },
};

interface Update {
  id: string;
  incident_id: string;
  status: string;
  body: string;
  created_at: string;
  display_at: string;
  affected_components: null;
  notified: boolean;
}
interface Incident {
  id: string;
  name: string;
  status: string;
  created_at: string;
  metadata: Record<string, unknown>;
  incident_updates: Update[];
  postmortem_body: string | null;
  postmortem_body_draft?: string;
  postmortem_published_at: string | null;
  [member: string]: unknown;
}

/** What happens to a request: an answer in place of the true one, or a connection that breaks before or after it is done. */
export type Fate =
  | 'good'
  | 'drop'
  | 'drop after'
  | 'half'
  | 'silence'
  | { status: number; body?: string; headers?: Record<string, string> };

export class There {
  readonly incidents: Incident[] = [];
  readonly components = new Map<string, string>([
    ['their-api', 'operational'],
    ['their-web', 'operational'],
  ]);
  readonly requests: string[] = [];
  readonly keys: Array<string | undefined> = [];
  /** The fate of the n-th request from now on, 1 the next. */
  fate: (n: number, request: string) => Fate = () => 'good';
  /** Where their pages are counted from. */
  from: 0 | 1 = 1;
  url = '';
  #server: Server | null = null;
  #count = 0;
  #ids = 0;
  /** Moves with each thing that is made. */
  clock = BEGUN;

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#take(request, response));
    this.#server = server;
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((done) => this.#server?.close(done));
  }

  count(): void {
    this.#count = 0;
    this.requests.length = 0;
  }

  /** What a visitor sees. */
  seen() {
    return {
      components: Object.fromEntries(this.components),
      incidents: this.incidents.map(({ name, status, incident_updates, postmortem_body, ...others }) => ({
        ...{
          name,
          status,
          impact: others.impact_override,
          for: others.scheduled_for,
          until: others.scheduled_until,
        },
        postmortem: others.postmortem_published_at ? postmortem_body : null,
        updates: incident_updates.map(({ status, body, display_at }) => [status, body, display_at]),
      })),
    };
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const what = `${request.method} ${request.url?.replace('/v1/', '')}`;
    this.requests.push(what);
    this.keys.push(request.headers.authorization);
    this.#count += 1;
    const fate = this.fate(this.#count, what);
    if (fate === 'drop') return void request.socket.destroy();
    if (fate === 'silence') return;
    if (typeof fate === 'object') {
      response.writeHead(fate.status, { 'content-type': 'application/json', ...fate.headers });
      return void response.end(fate.body ?? '{"error":"as you wish"}');
    }
    const [status, answer] = this.#answer(request, Buffer.concat(chunks).toString());
    if (fate === 'drop after') return void request.socket.destroy();
    const body = JSON.stringify(answer);
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    if (fate === 'half') {
      response.write(body.slice(0, body.length / 2));
      return void setImmediate(() => request.socket.destroy());
    }
    response.end(body);
  }

  #answer({ method = '', url = '', headers }: IncomingMessage, sent: string): [number, unknown] {
    const error = (status: number, ...said: string[]): [number, unknown] => [status, { error: said }];
    if (headers.authorization !== `OAuth ${KEY}`) return [401, { error: 'Could not authenticate' }];
    const { pathname, searchParams } = new URL(url, 'http://there');
    const [, version, pages, page, kind, id, inner, innerId, ...more] = pathname.split('/');
    if (version !== 'v1' || pages !== 'pages' || page !== PAGE || more.length > 0)
      return error(404, 'Not found');
    let body: unknown = null;
    if (method !== 'GET') {
      if (headers['content-type'] !== 'application/json') return error(415, 'JSON only');
      try {
        body = JSON.parse(sent);
      } catch {
        return error(400, 'no JSON');
      }
    }
    const members = (wrapper: string, known: Record<string, Check>) => {
      const given = isObject(body) ? body[wrapper] : undefined;
      if (!isObject(body) || Object.keys(body).join() !== wrapper || !isObject(given))
        return `${wrapper} is missing`;
      for (const [name, value] of Object.entries(given)) {
        if (!known[name]) return `${name} is unknown`;
        if (!known[name](value, this)) return `${name} is invalid`;
      }
      return given;
    };
    const incident = this.incidents.find((one) => one.id === id);
    const route = `${method} ${kind}${id ? '/:id' : ''}${inner ? `/${inner}` : ''}${innerId ? '/:id' : ''}`;
    if (id && kind === 'incidents' && !incident) return error(404, 'Not found');
    switch (route) {
      case 'GET incidents': {
        const limit = Number(searchParams.get('limit') ?? 100);
        if (!(limit >= 1 && limit <= 100)) return error(400, 'limit is invalid');
        const at = Number(searchParams.get('page') ?? this.from) - this.from;
        const newest = [...this.incidents].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
        return [200, newest.slice(at * limit, (at + 1) * limit)];
      }
      case 'GET incidents/:id':
        return [200, incident];
      case 'POST incidents':
      case 'PATCH incidents/:id': {
        const given = members('incident', INCIDENT);
        if (typeof given === 'string') return error(422, given);
        const {
          status,
          body: words,
          components = {},
          component_ids: _,
          deliver_notifications: notify = true,
          ...rest
        } = given;
        if (!incident && typeof rest.name !== 'string') return error(422, 'name is missing');
        const planned = (rest.scheduled_for ?? incident?.scheduled_for) !== undefined;
        if (status !== undefined && !(planned ? PLANNED : REALTIME).includes(String(status)))
          return error(422, 'status is invalid for this kind of incident');
        for (const [component, to] of Object.entries(components as object))
          this.components.set(component, to);
        const now = this.#now();
        const made: Incident = incident ?? {
          ...{
            id: this.#id('i'),
            name: '',
            status: planned ? 'scheduled' : 'investigating',
            created_at: now,
          },
          ...{ metadata: {}, incident_updates: [], postmortem_body: null, postmortem_published_at: null },
        };
        Object.assign(made, rest, status !== undefined && { status });
        if (!incident) this.incidents.push(made);
        // A change of members alone is no update.
        if (!incident || status !== undefined || words !== undefined)
          made.incident_updates.unshift({
            ...{
              id: this.#id('u'),
              incident_id: made.id,
              status: made.status,
              created_at: now,
              display_at: now,
            },
            // They break lines in their own way.
            body: String(words ?? '').replaceAll('\n', '<br />\r\n'),
            ...{ affected_components: null, notified: notify === true },
          });
        return [incident ? 200 : 201, made];
      }
      case 'PATCH incidents/:id/incident_updates/:id': {
        const update = incident?.incident_updates.find((one) => one.id === innerId);
        if (!update) return error(404, 'Not found');
        const given = members('incident_update', UPDATE);
        if (typeof given === 'string') return error(422, given);
        const { deliver_notifications: _, ...rest } = given;
        Object.assign(update, rest);
        return [200, update];
      }
      case 'PUT incidents/:id/postmortem': {
        const given = members('postmortem', { body_draft: text });
        if (typeof given === 'string' || !incident) return error(422, String(given));
        if (incident.status !== 'resolved') return error(422, 'Incident must be resolved');
        incident.postmortem_body_draft = String(given.body_draft);
        return [200, { body_draft: given.body_draft, published_at: incident.postmortem_published_at }];
      }
      case 'PUT incidents/:id/postmortem/:id': {
        const given = members('postmortem', {
          notify_subscribers: flag,
          notify_twitter: flag,
          custom_tweet: text,
        });
        if (typeof given === 'string' || !incident || innerId !== 'publish') return error(422, String(given));
        incident.postmortem_body = incident.postmortem_body_draft ?? null;
        incident.postmortem_published_at = this.#now();
        return [200, { body: incident.postmortem_body, published_at: incident.postmortem_published_at }];
      }
      case 'PATCH components/:id': {
        if (!this.components.has(id ?? '')) return error(404, 'Not found');
        const given = members('component', COMPONENT_MEMBERS);
        if (typeof given === 'string') return error(422, given);
        this.components.set(id ?? '', String(given.status));
        return [200, { id, page_id: PAGE, status: given.status }];
      }
      default:
        return error(404, 'Not found');
    }
  }

  /** One that somebody made there by hand. */
  byHand(created_at: string): Incident {
    const made: Incident = {
      ...{
        id: this.#id('h'),
        name: 'By hand',
        status: 'resolved',
        created_at,
        metadata: {},
        incident_updates: [],
      },
      ...{ postmortem_body: null, postmortem_published_at: null },
    };
    this.incidents.push(made);
    return made;
  }

  #now(): string {
    this.clock += 1_000;
    return new Date(this.clock).toISOString();
  }

  #id(of: string): string {
    this.#ids += 1;
    return `${of}${String(this.#ids).padStart(11, '0')}`;
  }
}
