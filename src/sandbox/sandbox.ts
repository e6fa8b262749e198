import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import { Commands } from './app/commands.js';
import type { Parcel } from './app/delivery.js';
import { Dispatch } from './app/dispatch.js';
import { Events } from './app/events.js';
import { Interactions } from './app/interactions.js';
import { Modals } from './app/modals.js';
import { ResponseUrls } from './app/response-urls.js';
import { Submissions } from './app/submissions.js';
import { Traffic } from './app/traffic.js';
import { addressIn } from './app/transport/addresses.js';
import { HttpTransport } from './app/transport/http.js';
import { SocketTransport } from './app/transport/socket.js';
import { Way } from './app/transport/way.js';
import { Triggers } from './app/triggers.js';
import { Webhooks } from './app/webhooks.js';
import { controlPathsOf, controlRoutes } from './control/routes.js';
import { ownRequestUrl, readManifest } from './manifest/manifest.js';
import { Page } from './page/server.js';
import { appRoutesOf } from './web-api/app-routes.js';
import { CallLog } from './web-api/call-log.js';
import { Cursors } from './web-api/cursors.js';
import { Faults } from './web-api/faults.js';
import { credentialsOf, Installation } from './web-api/install/installation.js';
import { installRoutes } from './web-api/install/routes.js';
import { RateLimits } from './web-api/rate.js';
import { Tokens } from './web-api/tokens.js';
import { WebApi } from './web-api/web-api.js';
import { Clock, type ClockStart } from './workspace/clock.js';
import { Ids } from './workspace/ids.js';
import { plant } from './workspace/planting.js';
import { BOT_USER, type Seed } from './workspace/seed.js';
import { defaultSettings, type Settings, turn } from './workspace/settings.js';
import { type Identity, World } from './workspace/world.js';

export interface SandboxOptions {
  /** 0 or absent: any free port. */
  port?: number;
  /** Default `127.0.0.1`. */
  host?: string;
  /** The parsed app manifest. */
  manifest: object;
  signingSecret?: string;
  botToken?: string;
  appToken?: string;
  /** What `oauth.v2.access` asks of the app. */
  clientId?: string;
  clientSecret?: string;
  /** The workspace is part of an organisation; more about it in the seed. */
  enterprise?: boolean;
  /** Request URL of the app, for everything: HTTP mode. Absent: Socket Mode, or the addresses in the manifest if it has no Socket Mode. */
  eventsUrl?: string;
  seed?: Seed;
  /** Where the clock starts: milliseconds since the epoch or an ISO time, and whether it stands still there. */
  clock?: { now?: number | string | undefined; frozen?: boolean | undefined };
  settings?: Partial<Settings> & { rateLimits?: boolean };
  /** How long a client may take to send its headers and its whole request, in milliseconds. */
  patience?: { headersMs?: number; requestMs?: number };
  /** One line for every call and delivery; never a token. */
  log?: (line: string) => void;
}

export interface Sandbox {
  /** Base address, without a slash at the end. */
  readonly url: string;
  /** `SLACK_API_URL` of the bot; ends in `/api/`. */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly signingSecret: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly teamId: string;
  readonly appName: string;
  /** What the control API answers to, as `POST /control/message`. */
  readonly controlPaths: readonly string[];
  /** Where the app's payloads go, or the first of its addresses; undefined in Socket Mode. */
  readonly eventsUrl: string | undefined;
  stop(): Promise<void>;
}

/**
 * Starts a local Slack.
 * @throws ProblemsError `invalid_manifest` with every problem
 * @throws Error the error of the port
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const log = options.log ?? (() => {});
  const manifest = readManifest(options.manifest, {
    requestUrl: options.eventsUrl !== undefined,
    sending: true,
  });
  const eventsUrl = options.eventsUrl ?? ownRequestUrl(manifest);
  const start = clockStart(options.clock);
  const signingSecret = options.signingSecret ?? randomBytes(16).toString('hex');
  const host = options.host ?? '127.0.0.1';
  const app = express();
  app.disable('x-powered-by');
  const { headersMs = 20_000, requestMs = 60_000 } = options.patience ?? {};
  // Whoever sends half a request is let go; the others do not notice.
  const impatience = { headersTimeout: headersMs, requestTimeout: Math.max(headersMs, requestMs) };
  const connectionsCheckingInterval = Math.min(1000, headersMs);
  const server = createServer({ ...impatience, connectionsCheckingInterval }, app);
  // As Slack's own: an idle connection is not closed under a client that is about to use it.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${port}`;

  const seeded = options.seed?.settings ?? {};
  const { rateLimits = seeded.rate_limits ?? true, ...given } = options.settings ?? {};
  const initialSettings = (): Settings => {
    const initial = defaultSettings();
    turn(initial, seeded);
    return { ...initial, ...given };
  };
  const settings = initialSettings();
  const clock = new Clock(start);
  const ids = new Ids(clock, options.seed?.ids);
  const seed = options.enterprise ? { enterprise: true, ...options.seed } : options.seed;
  const world = new World(identityOf(url, manifest.name), manifest, clock, ids, seed, settings);
  world.onReset = () => plant(world);
  plant(world);
  const triggers = new Triggers(clock, ids);
  const modals = new Modals(world);
  const responseUrls = new ResponseUrls(world);
  const webhooks = new Webhooks(world);
  const rate = new RateLimits(clock, settings);
  rate.on = rateLimits;
  const faults = new Faults();
  const calls = new CallLog();
  const traffic = new Traffic(clock);
  const cursors = new Cursors(clock, settings, signingSecret);
  const socket = eventsUrl ? undefined : new SocketTransport(world, settings, faults);
  socket?.attach(server);
  const addressOf = (parcel: Parcel) => options.eventsUrl ?? addressIn(world.manifest, parcel);
  const http = eventsUrl ? new HttpTransport(addressOf, signingSecret) : undefined;
  const way = new Way(socket, http, faults, traffic, clock);
  const dispatch = new Dispatch(way, settings, log);
  const events = new Events(
    world,
    way,
    settings,
    log,
    () => rate.on,
    () => way.http !== undefined,
  );
  const interactions = new Interactions(world, dispatch, triggers, responseUrls, modals);
  const submissions = new Submissions(interactions, modals, dispatch, triggers);
  const commands = new Commands(world, dispatch, triggers, responseUrls, settings);
  const page = new Page(world, modals);
  traffic.watch(() => page.traffic());
  const tokens = new Tokens(
    options.botToken ?? `xoxb-sandbox-${randomBytes(12).toString('hex')}`,
    options.appToken ?? `xapp-1-A0SANDBOX1-${randomBytes(12).toString('hex')}`,
    { botUser: world.identity.botUserId, botScopes: manifest.scopes, userScopes: manifest.userScopes },
  );
  const installation = new Installation(world, tokens, credentialsOf(options), options.manifest);
  const api = new WebApi(
    { world, triggers, modals, tokens, installation, events, socket },
    { rate, faults, calls, cursors, traffic, settings, log },
  );
  const startOver = () => {
    Object.assign(settings, initialSettings());
    rate.on = rateLimits;
    // What waits on the clock goes before the clock does.
    for (const part of [
      triggers,
      modals,
      interactions.offers,
      responseUrls,
      webhooks,
      dispatch,
      events,
      rate,
      tokens,
      installation,
      cursors,
      api,
      way,
    ])
      part.reset();
    faults.clear();
    calls.clear();
    traffic.reset();
    clock.reset();
    ids.reset();
    world.reset();
  };

  const shop = {
    world,
    settings,
    commands,
    interactions,
    submissions,
    modals,
    triggers,
    responseUrls,
    dispatch,
    events,
    faults,
    calls,
    tokens,
    installation,
    rate,
    socket,
    way,
    traffic,
    webhooks,
    signingSecret,
    snapshots: new Map(),
    startOver,
  };
  app.use((request, response, next) => {
    // Refused by its length alone: nobody waits until 50 MB have come to say that they are too many.
    if (Number(request.headers['content-length'] ?? 0) <= mostBytes(request.path)) next();
    else refuseRequest(Object.assign(new Error('too large'), { status: 413 }), request, response, log);
  });
  app.use(appRoutesOf(shop, api, tokens.bot));
  const control = controlRoutes(shop);
  app.use('/control', control);
  app.use(installRoutes(shop));
  app.use(page.routes());
  app.use((request: Request, response: Response) => {
    response.status(404).type('text').send(`No such address: ${request.method} ${request.path}`);
  });
  app.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) next(error);
    else refuseRequest(error, request, response, log);
  });

  return {
    url,
    apiUrl: `${url}/api/`,
    botToken: tokens.bot,
    appToken: tokens.app,
    signingSecret,
    clientId: installation.credentials.clientId,
    clientSecret: installation.credentials.clientSecret,
    teamId: world.identity.teamId,
    appName: manifest.name,
    controlPaths: controlPathsOf(control),
    eventsUrl,
    stop: async () => {
      events.stop();
      clock.stop();
      page.stop();
      await socket?.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @throws Error for a time that is none */
function clockStart({ now, frozen }: NonNullable<SandboxOptions['clock']> = {}): ClockStart {
  const at = typeof now === 'string' ? Date.parse(now) : now;
  if (Number.isNaN(at)) throw new Error(`not a time: ${now}`);
  return { now: at, frozen };
}

/** Whatever broke, its details go into the log and never to the client. */
function refuseRequest(
  error: unknown,
  request: Request,
  response: Response,
  log: (line: string) => void,
): void {
  const told = error instanceof Error && 'status' in error ? Number(error.status) : 500;
  const status = told >= 400 && told <= 599 ? told : 500;
  const code = REFUSALS[status] ?? (status < 500 ? 'invalid_request' : 'internal_error');
  log(
    `${request.method} ${request.path} ${status} ${error instanceof Error ? error.message : String(error)}`,
  );
  // What is left of a body that nobody wants is not read.
  if (status === 413) response.set('connection', 'close');
  response.status(status);
  if (/^\/(?:api|control)\//.test(request.path)) response.json({ ok: false, error: code });
  else response.type('text').send(code);
}

function mostBytes(path: string): number {
  return path.startsWith('/upload/') ? 64 * 2 ** 20 : 8 * 2 ** 20;
}

const REFUSALS: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  413: 'request_too_large',
  415: 'invalid_encoding',
};

// The same in every run: a bot keeps its records by workspace and must find them again after a restart.
function identityOf(url: string, appName: string): Identity {
  return {
    teamId: 'T0SANDBOX1',
    teamName: 'Sandbox',
    domain: 'sandbox',
    appId: 'A0SANDBOX1',
    appName,
    botId: 'B0SANDBOX1',
    botUserId: BOT_USER,
    verificationToken: 'not-used-verify-signatures',
    url,
  };
}
