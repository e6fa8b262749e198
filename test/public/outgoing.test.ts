import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { PARTS, type PublicChange } from '#public/change.js';
import { createWebhook, readWebhookSettings, webhookBody, webhookId } from '#public/elsewhere/outgoing.js';
import { Scrub } from '#runbooks/scrub.js';
import { fingerprints } from '#runbooks/secret.js';
import { FOUNDING, Made } from './changes.js';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const LOOK = { title: 'Voices', url: 'https://status.voices.example' };
const at = (path: readonly PropertyKey[]) => `tocsin.yml:${path.length}`;
const never = new AbortController().signal;

type Fate = 'good' | 'drop' | 'drop after' | 'silence' | { status: number; headers?: Record<string, string> };

/** A receiver as its users write them: it takes what verifies, once for each id. */
class Receiver {
  readonly taken = new Map<string, unknown>();
  readonly ids: string[] = [];
  readonly wrong: unknown[] = [];
  fate: (n: number) => Fate = () => 'good';
  url = '';
  #server: Server | null = null;

  async start(): Promise<void> {
    const server = createServer(async (request, response) => {
      const body = await bodyOf(request);
      const fate = this.fate(this.ids.length + 1);
      this.ids.push(String(request.headers['webhook-id']));
      if (fate === 'silence') return;
      if (fate === 'drop') return void request.socket.destroy();
      if (typeof fate === 'object') return void response.writeHead(fate.status, fate.headers).end();
      try {
        const held = new Webhook(SECRET).verify(body, request.headers as Record<string, string>);
        const id = String(request.headers['webhook-id']);
        if (!this.taken.has(id)) this.taken.set(id, held);
      } catch (error) {
        this.wrong.push(error);
        return void response.writeHead(400).end();
      }
      if (fate === 'drop after') return void request.socket.destroy();
      response.writeHead(204).end();
    });
    this.#server = server;
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=in-the-address`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((done) => this.#server?.close(done));
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

let receiver: Receiver;
beforeEach(async () => {
  receiver = new Receiver();
  await receiver.start();
});
afterEach(() => receiver.stop());

function hook({ secret = SECRET, url = receiver.url, ms = 10_000 } = {}) {
  const read = readWebhookSettings({ url, secret: 'env:HOOK' }, at);
  if ('problems' in read || !read.settings) throw new Error(JSON.stringify(read));
  const scrub = new Scrub(fingerprints('pepper'));
  return createWebhook(read.settings, {
    env: { HOOK: secret },
    scrub,
    look: () => LOOK,
    pageId: 'page00000001',
    ms,
  });
}

const story = () => {
  const made = new Made();
  return [
    ...FOUNDING.map((post) => made.post(post)),
    ...[made.correct(1, { text: 'Better words' }), made.withdraw(2), made.state('Website', 'degraded')],
    new Made('MNT-3', 'New racks', true).post({ at: '2024-11-10T00:00:00Z', state: 'scheduled', text: null }),
  ];
};

/** As the lane does: the same change until it is taken, then the next. */
async function tellAll(changes: readonly PublicChange[], process = hook()): Promise<string[]> {
  const errors: string[] = [];
  for (const change of changes)
    for (;;) {
      try {
        await process.tell(change, never);
        break;
      } catch (error) {
        errors.push((error as Error).message);
        if (errors.length > 100) throw error;
      }
    }
  return errors;
}

describe('a webhook of one’s own', () => {
  test('gets every change, signed, in order', async () => {
    const changes = story();
    expect(await tellAll(changes)).toEqual([]);
    expect(receiver.wrong).toEqual([]);
    expect([...receiver.taken.keys()]).toEqual(changes.map(webhookId));
    expect(new Set(receiver.taken.keys()).size).toBe(changes.length);
    expect([...receiver.taken.values()].map((held) => (held as { type: string }).type)).toEqual([
      ...['status.posted', 'status.posted', 'status.posted', 'status.posted'],
      ...['status.corrected', 'status.withdrawn', 'status.component', 'status.maintenance'],
    ]);
    expect(hook()).toMatchObject({ name: 'webhook', part: PARTS.webhook });
  });

  test.each<[string, Fate, string]>([
    ['500', { status: 500 }, 'the webhook answered 500'],
    ['404', { status: 404 }, 'the webhook answered 404'],
    [
      'a redirect',
      { status: 307, headers: { location: 'http://127.0.0.1:1/' } },
      'the webhook answered 307, and redirects are not followed',
    ],
    ['a dropped connection', 'drop', 'the webhook gave no answer (ECONNRESET)'],
    ['a connection dropped behind its taking', 'drop after', 'the webhook gave no answer (ECONNRESET)'],
    ['no answer', 'silence', 'the webhook did not answer within 0.1 s'],
  ])('%s, every second time: all arrive in order, and twice only under one id', async (_, fate, said) => {
    receiver.fate = (n) => (n % 2 === 1 ? fate : 'good');
    const changes = story();
    const errors = await tellAll(changes, hook({ ms: fate === 'silence' ? 100 : 10_000 }));
    expect(new Set(errors)).toEqual(new Set([said]));
    expect(errors).toHaveLength(changes.length);
    expect([...receiver.taken.keys()]).toEqual(changes.map(webhookId));
    expect(receiver.ids).toEqual(changes.flatMap((change) => [webhookId(change), webhookId(change)]));
  });

  test('who stops does not wait', async () => {
    receiver.fate = () => 'silence';
    const stop = new AbortController();
    const telling = hook().tell(story()[0]!, stop.signal);
    stop.abort();
    await expect(telling).rejects.toThrow('the webhook gave no answer (was stopped)');
  });

  test('neither the secret nor the address is in what is said of a failure', async () => {
    receiver.fate = () => ({ status: 500 });
    const { message } = await hook()
      .tell(story()[0]!, never)
      .catch((why) => why);
    expect(message).not.toMatch(/whsec|token|127/);
    const wrong = await hook({ secret: 'not base64 at all!' })
      .tell(story()[0]!, never)
      .catch((why) => why);
    expect(wrong.message).toMatch(/what is in env:HOOK is no secret of Standard Webhooks/);
    expect(wrong.message).not.toContain('not base64');
  });
});

describe('what it is sent', () => {
  test('a post', () => {
    const [change] = story();
    expect(webhookBody(change!, LOOK, { pageId: 'page00000001' })).toEqual({
      type: 'status.posted',
      timestamp: '2024-11-10T01:41:00.250Z',
      data: {
        page: {
          id: 'page00000001',
          name: 'Voices',
          url: 'https://status.voices.example',
          status_indicator: 'none',
        },
        incident: {
          ...{
            id: 'abcdefghijkl',
            name: 'Text to Speech fails for some customers',
            status: 'identified',
            impact: 'major',
          },
          shortlink: 'https://status.voices.example/incidents/INC-7.html',
          ...{
            created_at: '2024-11-10T01:41:00Z',
            updated_at: '2024-11-10T01:41:00Z',
            started_at: '2024-11-10T01:41:00Z',
          },
          ...{ monitoring_at: null, resolved_at: null, next_update_by: null },
          incident_updates: [
            {
              ...{ id: 'post00000001', incident_id: 'abcdefghijkl', status: 'identified' },
              body: 'Requests with old keys fail.',
              ...{ display_at: '2024-11-10T01:41:00Z', created_at: '2024-11-10T01:41:00Z' },
              ...{ updated_at: '2024-11-10T01:41:00Z', corrected_at: null, withdrawn_at: null },
              affected_components: [
                {
                  ...{ code: 'component000', name: 'Text to Speech (Developer API)' },
                  ...{ old_status: 'operational', new_status: 'partial_outage' },
                },
              ],
            },
          ],
        },
        components: [
          { id: 'component000', name: 'Text to Speech (Developer API)', status: 'partial_outage' },
        ],
      },
    });
  });

  test('a withdrawal has no words; planned work its times; a component alone no incident', () => {
    const of = (change: PublicChange | undefined) => JSON.parse(JSON.stringify(webhookBody(change!, LOOK)));
    const [, , , , corrected, withdrawn, state, planned] = story();
    expect(of(corrected).data.incident.incident_updates).toMatchObject([
      { body: 'Better words', corrected_at: '2024-11-10T04:00:00Z' },
    ]);
    expect(of(withdrawn).data.incident.incident_updates).toMatchObject([
      { body: null, withdrawn_at: '2024-11-10T04:30:00Z' },
    ]);
    expect(of(planned).data.incident).toMatchObject({
      ...{
        name: 'New racks',
        impact: 'maintenance',
        status: 'scheduled',
        scheduled_for: '2024-11-20T01:00:00Z',
      },
    });
    expect(of(state).data).toMatchObject({
      incident: null,
      components: [{ name: 'Website', status: 'degraded_performance' }],
    });
  });

  test('of a private incident, or a component alone, nobody reads a number', () => {
    const made = new Made('k3j9x2m4p8q1', null);
    const changes = [made.post(FOUNDING[0]!), made.state('Website', 'degraded')];
    expect(changes.map(webhookId)).toEqual([
      `${changes[0]?.post?.id}-${changes[0]?.recordedAt.replace(/\D/g, '')}`,
      'component001-20241110014000250',
    ]);
    for (const change of changes) expect(JSON.stringify(webhookBody(change, LOOK))).not.toMatch(/INC|"7"/);
    expect(webhookBody(changes[0]!, { ...LOOK, url: null })).toMatchObject({
      data: { incident: { name: 'Text to Speech (Developer API)', shortlink: null } },
    });
  });
});

describe('settings', () => {
  test('are off unless they are there; a private address is meant', () => {
    expect(readWebhookSettings(undefined, at)).toEqual({ settings: null });
    const settings = { url: 'http://10.0.0.7:8080/status', secret: 'file:/run/secrets/hook' };
    expect(readWebhookSettings(settings, at)).toEqual({ settings });
  });
  test.each<[string, unknown, RegExp]>([
    [
      'the secret itself',
      { url: 'https://x.example', secret: SECRET },
      /^tocsin\.yml:3: status\.webhook\.secret must be env:VARIABLE/,
    ],
    ['no address', { secret: 'env:X' }, /status\.webhook\.url/],
    [
      'an address of a cloud',
      { url: 'http://169.254.169.254/', secret: 'env:X' },
      /url is a link-local or metadata address/,
    ],
    [
      'a password in it',
      { url: 'https://a:b@x.example', secret: 'env:X' },
      /must not hold a user or a password/,
    ],
    ['what means nothing', { url: 'https://x.example', secret: 'env:X', method: 'PUT' }, /method/],
  ])('with %s are refused, and not quoted', (_, raw, said) => {
    const read = readWebhookSettings(raw, at);
    const problems = 'problems' in read ? read.problems.join('\n') : '';
    expect(problems).toMatch(said);
    expect(problems).not.toContain(SECRET);
  });
});
