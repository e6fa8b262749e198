import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Commands } from './app/commands.js';
import { Dispatch } from './app/dispatch.js';
import { Events } from './app/events.js';
import { HttpTransport } from './app/http.js';
import { Interactions } from './app/interactions.js';
import { Modals } from './app/modals.js';
import { ResponseUrls } from './app/response-urls.js';
import { SocketTransport } from './app/socket.js';
import { Submissions } from './app/submissions.js';
import { Triggers } from './app/triggers.js';
import { controlRoutes } from './control/routes.js';
import { readManifest } from './manifest.js';
import { Page } from './page/server.js';
import { appRoutesOf } from './web-api/app-routes.js';
import { CallLog } from './web-api/call-log.js';
import { Faults } from './web-api/faults.js';
import { RateLimits } from './web-api/rate.js';
import { Tokens } from './web-api/tokens.js';
import { WebApi } from './web-api/web-api.js';
import { Clock } from './workspace/clock.js';
import { Ids } from './workspace/ids.js';
import type { Seed } from './workspace/seed.js';
import { defaultSettings, type Settings } from './workspace/settings.js';
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
  /** Request URL of the app: HTTP mode. Absent: Socket Mode. */
  eventsUrl?: string;
  seed?: Seed;
  settings?: Partial<Settings> & { rateLimits?: boolean };
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
  readonly teamId: string;
  stop(): Promise<void>;
}

/**
 * Starts a local Slack.
 * @throws Error `invalid_manifest` with every problem, or the error of the port
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const log = options.log ?? (() => {});
  const manifest = readManifest(options.manifest);
  const signingSecret = options.signingSecret ?? randomBytes(16).toString('hex');
  const host = options.host ?? '127.0.0.1';
  const app = express();
  app.disable('x-powered-by');
  const server = createServer(app);
  // As Slack's own: an idle connection is not closed under a client that is about to use it.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${port}`;

  const { rateLimits, ...given } = options.settings ?? {};
  const settings: Settings = { ...defaultSettings(), ...given };
  const clock = new Clock();
  const ids = new Ids(clock, options.seed?.ids);
  const world = new World(identityOf(url, manifest.name), manifest, clock, ids, options.seed, settings);
  const triggers = new Triggers(clock, ids);
  const modals = new Modals(world);
  const responseUrls = new ResponseUrls(world);
  const rate = new RateLimits(clock);
  rate.on = rateLimits ?? true;
  const faults = new Faults();
  const calls = new CallLog();
  const socket = options.eventsUrl ? undefined : new SocketTransport(world, settings);
  socket?.attach(server);
  const transport = socket ?? new HttpTransport(options.eventsUrl ?? '', signingSecret, clock);
  const dispatch = new Dispatch(transport, settings, log);
  const events = new Events(world, transport, settings, log);
  const interactions = new Interactions(world, dispatch, triggers, responseUrls, modals);
  const submissions = new Submissions(interactions, modals, dispatch, triggers);
  const commands = new Commands(world, dispatch, triggers, responseUrls, settings);
  const page = new Page(world);
  const tokens = new Tokens(
    options.botToken ?? `xoxb-sandbox-${randomBytes(12).toString('hex')}`,
    options.appToken ?? `xapp-1-A0SANDBOX1-${randomBytes(12).toString('hex')}`,
    { botUser: world.identity.botUserId, botScopes: manifest.scopes, userScopes: manifest.userScopes },
  );
  const api = new WebApi({ world, triggers, modals, tokens, socket }, rate, faults, calls, settings, log);

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
    rate,
    socket,
  };
  app.use(appRoutesOf(shop, api, tokens.bot));
  app.use('/control', controlRoutes(shop));
  app.use(page.routes());

  return {
    url,
    apiUrl: `${url}/api/`,
    botToken: tokens.bot,
    appToken: tokens.app,
    signingSecret,
    teamId: world.identity.teamId,
    stop: async () => {
      events.stop();
      page.stop();
      await socket?.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

// The same in every run: a bot keeps its records by workspace and must find them again after a restart.
function identityOf(url: string, appName: string): Identity {
  return {
    teamId: 'T0SANDBOX1',
    teamName: 'Sandbox',
    domain: 'sandbox',
    appId: 'A0SANDBOX1',
    appName,
    botId: 'B0SANDBOX1',
    botUserId: 'U0BOT00000',
    verificationToken: 'not-used-verify-signatures',
    url,
  };
}
