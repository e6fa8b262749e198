import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import pg from 'pg';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { laneOfPublic } from '#domain/incident/effect.js';
import type { PublicComponent, PublicIncident, PublicMaintenance, PublicPost } from '#domain/status/page.js';
import { type Crowd, type Destination, PARTS, type PublicChange } from '#public/change.js';
import type { LookSettings } from '#public/settings.js';
import { newId, newSecret, shareOf } from '#public/subscribe/address.js';
import { openMailer } from '#public/subscribe/mailer.js';
import { type ShareWorld, shareCrowd } from '#public/subscribe/share.js';
import { drainPublicLane, type PublicWorld } from '#public/tell.js';
import { Secret } from '#runbooks/secret.js';
import type { OwedRow } from '#store/outbox.js';
import { openStore } from '#store/store.js';
import { testDatabase } from '../../support/database.js';

export const TEAM = 'T1';

export const LOOK: LookSettings = {
  ...{
    title: 'Example',
    url: 'https://status.example.org',
    language: 'en',
    zone: 'UTC',
    logo: null,
    links: [],
  },
  ...{ colours: { accent: null, accentDark: null }, about: null },
};

export function component(name: string, more: Partial<PublicComponent> = {}): PublicComponent {
  return {
    ...{
      id: `c${name.toLowerCase()}`.slice(0, 12),
      name,
      slug: name.toLowerCase().replace(/\W+/g, '-'),
      group: null,
    },
    ...{
      description: null,
      state: 'operational',
      stateSince: null,
      knownFrom: '2024-01-01T00:00:00Z',
      days: [],
    },
    ...{ uptime: null },
    ...more,
  };
}

export function post(n: number, more: Partial<PublicPost> = {}): PublicPost {
  const at = `2024-11-10T01:${String(n + 40).padStart(2, '0')}:00Z`;
  return {
    ...{
      id: `post${n}`,
      n,
      state: 'identified',
      at,
      precision: 'minute',
      recordedAt: at,
      text: `words of ${n}`,
    },
    ...{ correctedAt: null, withdrawnAt: null, nextBy: null, components: [] },
    ...more,
  } as PublicPost;
}

/** @param posts newest first */
export function incident(posts: readonly PublicPost[], more: Partial<PublicIncident> = {}): PublicIncident {
  return {
    ...{
      id: 'abcdef123456',
      ref: 'INC-7',
      title: 'Voices are silent',
      state: 'identified',
      over: false,
      impact: 'major',
    },
    ...{
      startedAt: '2024-11-10T01:41:00Z',
      updatedAt: '2024-11-10T01:41:00Z',
      createdAt: '2024-11-10T01:41:00Z',
    },
    ...{ monitoringAt: null, resolvedAt: null, nextBy: null, components: [] },
    posts,
    ...more,
  } as PublicIncident;
}

/** @param posts newest first */
export function maintenance(
  posts: readonly PublicPost[],
  more: Partial<PublicMaintenance> = {},
): PublicMaintenance {
  return {
    ...{ id: 'maintenance1', ref: 'MNT-1', title: 'Moving', state: 'scheduled', startedAt: null },
    ...{ from: '2024-11-20T01:00:00Z', to: '2024-11-20T02:00:00Z', endedAt: null, components: ['Speech'] },
    ...{ createdAt: '2024-11-10T01:41:00Z', updatedAt: '2024-11-10T01:41:00Z' },
    posts,
    ...more,
  };
}

/** @param number of the change within its incident: the same one is the same post */
export function change(seq: number, more: Partial<PublicChange> = {}): PublicChange {
  const mine = post(seq);
  const earlier = seq > 1 ? [post(seq - 1)] : [];
  return {
    ...{ team: TEAM, incident: 7, seq, recordedAt: '2024-11-10T01:44:00.000Z', kind: 'posted' },
    page: {
      ...{ at: '2024-11-10T01:44:00Z', updatedAt: null, overall: { indicator: 'major', kind: 'partial' } },
      ...{ components: [component('Speech'), component('Search')], incidents: [], maintenances: [] },
    },
    ...{ of: incident([mine, ...earlier]), maintenance: null, post: mine, components: ['Speech'] },
    ...more,
  } as PublicChange;
}

export type Kit = Awaited<ReturnType<typeof startKit>>;

/** The real store, lanes that are drained when a test says so, and settings that it may change. */
export async function startKit() {
  const database = await testDatabase();
  const store = openStore(database.config, () => {});
  const client = new pg.Pool({ ...database.config, max: 2 });
  client.on('error', () => {});
  const known = new Map<string, PublicChange>();
  const logged: Array<Record<string, unknown>> = [];
  const say = (about: object, message: string) => void logged.push({ ...about, message });
  const log = { info: say, warn: say, error: say };
  const said: Array<{ incidents: number[]; error: string | null }> = [];
  const settings = {
    smtp: null as ReturnType<typeof openMailer> | null,
    webhooks: { allow: [] } as ShareWorld['webhooks'] extends () => infer W ? W : never,
    digestMs: 0,
    others: [] as Array<Destination | Crowd>,
    build: async () => {},
    hookMs: 10_000,
  };
  const changeOf = async (_team: string, of: number, seq: number) => known.get(`${of}/${seq}`) ?? null;
  const shareWorld = (): ShareWorld => ({
    subscribers: store.subscribers,
    changeOf,
    look: () => LOOK,
    mailer: () => settings.smtp,
    webhooks: () => settings.webhooks,
    digestMs: () => settings.digestMs,
    formsUrl: () => 'https://bot.example.org/status',
    seal: (text) => new Secret(createHmac('sha256', 'pepper').update(text).digest('base64url')),
    log,
    hookMs: settings.hookMs,
  });
  const world: PublicWorld = {
    outbox: store.outbox,
    build: () => settings.build(),
    changeOf,
    changes: store.subscribers,
    destinations: () => [
      ...Array.from({ length: PARTS.shares }, (_, share) => shareCrowd(share, shareWorld())),
      ...settings.others,
    ],
    tellNotWritten: async (rows: readonly OwedRow[], error: string | null) =>
      void said.push({ incidents: rows.map((row) => row.incident), error }),
    now: () => new Date(),
    log,
  };
  const woken: string[] = [];
  const never = new AbortController().signal;
  const sql = async <R extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
    (await client.query<R>(text, values)).rows;
  const pay = (lane: string, more: Partial<PublicWorld> = {}) =>
    drainPublicLane(
      lane,
      { world: { ...world, ...more }, owner: 'test', wakeAt: (of) => void woken.push(of) },
      never,
    );
  const lanes = async () =>
    (await store.outbox.dueLanes(1_000)).map(({ lane }) => lane).filter((lane) => lane.includes('/status/'));
  return {
    store,
    world,
    shareWorld,
    settings,
    logged,
    said,
    woken,
    config: database.config,
    url: database.url,
    sql,
    pay,
    /** Notes what facts say to the public, and owes that it is told. */
    async says(...changes: PublicChange[]) {
      for (const one of changes) {
        known.set(`${one.incident}/${one.seq}`, one);
        const of = { team: TEAM, incident: one.incident, key: null, lane: laneOfPublic(TEAM, 'tell') };
        await store.outbox.owe({ kind: 'status.tell', payload: { seq: one.seq } }, of);
      }
    },
    /** What is told of it from now on. */
    becomes(one: PublicChange) {
      known.set(`${one.incident}/${one.seq}`, one);
    },
    owesPage: (of: number, seq = 1) =>
      store.outbox.owe(
        { kind: 'status.page', payload: { seq } },
        { team: TEAM, incident: of, key: null, lane: laneOfPublic(TEAM, 'page') },
      ),
    /** Drains whatever is due of the public's, until nothing is. */
    async paysAll() {
      let turns = 0;
      for (let lane = (await lanes())[0]; lane !== undefined; lane = (await lanes())[0]) {
        if (++turns > 500) throw new Error(`${lane} comes to no end`);
        await pay(lane);
      }
    },
    /** As if all that waits had waited long enough. */
    async waits() {
      await sql(`update subscriber set retry_at = now() - interval '1 second' where retry_at is not null`);
      await sql(`update subscriber set told_at = told_at - interval '1 hour'`);
      await sql(
        `update outbox set due_at = now() - interval '1 second' where done_at is null and dead_at is null and due_at > now()`,
      );
    },
    rows: (lane: string) =>
      sql<{ seq: number; done: boolean; dead: boolean; error: string | null; ms: number }>(
        `select (payload->>'seq')::int as seq, done_at is not null as done, dead_at is not null as dead, error,
           (extract(epoch from due_at - now()) * 1000)::float8 as ms from outbox where lane = $1 order by id`,
        [lane],
      ),
    /** Adds subscribers that are confirmed. @returns their ids */
    async subscribed(
      addresses: readonly string[],
      {
        share,
        components = [],
        language = 'en',
      }: { share?: number; components?: string[]; language?: string } = {},
    ): Promise<string[]> {
      const ids: string[] = [];
      for (const address of addresses) {
        const kind = address.includes('://') ? ('webhook' as const) : ('email' as const);
        const made = newId();
        const of = { ...made, share: share ?? shareOf(made.id), kind, address, components, language };
        await store.subscribers.add({ team: TEAM, secret: kind === 'webhook' ? newSecret() : null, ...of });
        ids.push(made.id);
      }
      return ids;
    },
    of: async (id: string) => {
      const found = await store.subscribers.get(TEAM, id);
      if (!found) throw new Error(`no subscriber ${id}`);
      return found;
    },
    async empties() {
      await sql('truncate subscriber, subscriber_token, public_change, sign_ups, outbox, lane');
      known.clear();
      logged.length = 0;
      said.length = 0;
      Object.assign(settings, {
        webhooks: { allow: [] },
        digestMs: 0,
        others: [],
        build: async () => {},
        hookMs: 10_000,
      });
    },
    async close() {
      settings.smtp?.close();
      await client.end();
      await store.close();
      await database.close();
    },
  };
}

type Mail = ParsedMail & { envelope: { from: string; to: string } };

/** A mail server that does with each recipient what the beginning of its name says. */
export async function startSmtp() {
  const mails: Mail[] = [];
  const tried: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const state = {
    hold: null as Promise<void> | null,
    held: 0,
    says: null as null | { code: number; text: string },
  };
  const no = (responseCode: number, text: string) => Object.assign(new Error(text), { responseCode });
  const recipient = ({ envelope }: SMTPServerSession) => envelope.rcptTo[0]?.address ?? '';
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onConnect(_session, done) {
      connections += 1;
      done();
    },
    onRcptTo({ address }, _session, done) {
      tried.push(address);
      if (state.says) return done(no(state.says.code, state.says.text));
      if (address.startsWith('gone')) return done(no(550, `5.1.1 <${address}> no such user here`));
      if (address.startsWith('later')) return done(no(451, '4.7.1 greylisted, come again'));
      if (address.startsWith('policy')) return done(no(550, '5.7.1 relaying denied'));
      if (address.startsWith('mute')) return;
      done();
    },
    onData(stream, session, done) {
      const to = recipient(session);
      if (to.startsWith('drop')) {
        for (const socket of sockets)
          if (!socket.destroyed && socket.remotePort === session.remotePort) socket.destroy();
        stream.resume();
        return;
      }
      if (to.startsWith('spam')) {
        stream.resume();
        stream.on('end', () => done(no(554, '5.6.0 this message is not wanted')));
        return;
      }
      void simpleParser(stream).then(
        async (mail) => {
          if (state.hold) state.held += 1;
          await state.hold;
          const { mailFrom } = session.envelope;
          const from = mailFrom === false ? '' : mailFrom.address;
          mails.push({ ...mail, envelope: { from, to } });
          done();
        },
        () => {},
      );
    },
  });
  server.on('error', () => {});
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    tried,
    state,
    connections: () => connections,
    to: (address: string) => mails.filter((mail) => mail.envelope.to === address),
    mailer: (more: Partial<Parameters<typeof openMailer>[0]> = {}, ms?: number) =>
      openMailer(
        {
          ...{
            smtp: `smtp://127.0.0.1:${port}`,
            from: { name: 'Example Status', address: 'status@example.org' },
          },
          ...{ replyTo: null, returnPath: null, connections: 10 },
          ...more,
        },
        ms,
      ),
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Somebody's webhook. */
export async function startHook(answer: (path: string) => number | 'never' | 'long' | string = () => 204) {
  const calls: Array<{ path: string; headers: IncomingHttpHeaders; body: string }> = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (some: string) => {
      body += some;
    });
    request.on('end', () => {
      const path = request.url ?? '';
      calls.push({ path, headers: request.headers, body });
      const how = answer(path);
      if (how === 'never') return;
      if (how === 'long') {
        response.writeHead(200);
        const more = () => {
          if (!response.destroyed) response.write('x'.repeat(1_000), () => setImmediate(more));
        };
        more();
        return;
      }
      if (typeof how === 'string') response.writeHead(302, { location: how }).end();
      else response.writeHead(how).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    calls,
    host: { hostname: '127.0.0.1', port, protocol: null },
    url: (path = '/hook') => `http://127.0.0.1:${port}${path}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
