import type { IncomingMessage, ServerResponse } from 'node:http';
import { App, type BlockButtonAction, type MessageShortcut } from '@slack/bolt';
import { ACTIONS } from './blocks/ask.js';
import { RUN_ACTIONS } from './blocks/run-buttons.js';
import { OFFER_ACTION } from './blocks/run-offer.js';
import { onCancel, onChoose, onPublish } from './button.js';
import { createSlackClient, type SlackClient } from './client.js';
import { onCommand } from './command.js';
import type { Context } from './context.js';
import { createHttpFront } from './http.js';
import { createWhoAmI, type Identity } from './identity.js';
import { slackLogger } from './logger.js';
import { onJoined, onUserChange } from './membership.js';
import { createPeople } from './people.js';
import { createPermalink } from './permalink.js';
import { onReaction } from './pin.js';
import type { Answerer, Handle, Log, Owe, PeopleStore, Read, Workspace } from './ports.js';
import { routed } from './routed.js';
import { onRunButton } from './run-button.js';
import { onRunOffer } from './run-offer.js';
import { onAddToTimeline } from './shortcut.js';
import { createSocketFront } from './socket.js';
import { onSubmission } from './submission.js';
import { createWaiting } from './waiting.js';
import { createWhere } from './where.js';
import { onWhich } from './which.js';

export interface SlackOptions {
  slack: {
    botToken: string;
    /** Set: Socket Mode. */
    appToken: string | null;
    /** Needed for HTTP. */
    signingSecret: string | null;
    apiUrl: string | null;
  };
  org: { command: string; zone: string | null; components: readonly string[] };
  answer: Answerer;
  handle: Handle;
  read: Read;
  owe: Owe;
  people: PeopleStore;
  workspace: Workspace;
  log: Log;
  now: () => Date;
  /** The token is no good: the process is to stop. Called at most once for each token. */
  onFatal: (code: string) => void;
}

export interface Slack {
  /** For `POST /slack/events` (HTTP mode); the body must not have been read before. In Socket Mode it answers 404. */
  listener(request: IncomingMessage, response: ServerResponse): void;
  /** Resolves at once: starting needs nothing from Slack. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The Web API with the bot's token, one attempt a call: for deliveries too. */
  client: SlackClient;
  identity(): Identity | null;
  /** `ok` when Slack knows us and, in Socket Mode, a socket is connected and stays so. */
  health(): 'ok' | 'degraded';
  /** Slack's word for sending our sockets away (`too_many_websockets`); null: it does not. */
  trouble(): string | null;
}

/** Time that an answer may spend on Slack: on a modal, whose trigger lives three seconds; on a link, which is a courtesy. */
const MODAL_MS = 1_700;
const LINK_MS = 800;

/** The front where Slack speaks first. Builds everything, connects to nothing until `start`. */
export function createSlack(options: SlackOptions): Slack {
  const { slack, log, now } = options;
  const { botToken: token } = slack;
  const client = createSlackClient({ ...address(slack), token, log });
  const front = frontOf(options);
  const people = createPeople({ store: options.people, client, log, now });
  const where = createWhere({ read: options.read, workspace: options.workspace, now });
  const whoAmI = createWhoAmI({
    client,
    log,
    onFatal: options.onFatal,
    onKnown: ({ slackTeamId }) => void startPeople(slackTeamId),
  });
  const patient = createSlackClient({ ...address(slack), token, log, timeout: LINK_MS });
  const context: Context = {
    command: options.org.command,
    zone: options.org.zone ?? 'UTC',
    components: options.org.components,
    answer: options.answer,
    handle: options.handle,
    read: options.read,
    owe: options.owe,
    where,
    people,
    client,
    swift: createSlackClient({ ...address(slack), token, log, timeout: MODAL_MS }),
    permalink: createPermalink(patient, now),
    self: () => whoAmI.current()?.botUserId ?? null,
    log,
    now,
  };

  async function startPeople(slackTeamId: string): Promise<void> {
    try {
      people.start(await where.team(slackTeamId));
    } catch (error) {
      log.warn({ err: error }, 'The list of people waits for the database');
      setTimeout(() => void startPeople(slackTeamId), 5_000).unref();
    }
  }

  const bolt = () =>
    new App({
      // The front's receiver serves both apps, see `routed`.
      receiver: { init: () => {}, start: async () => {}, stop: async () => {} },
      // A fresh object each time, because Bolt writes into it. No call to Slack: the token was given to us.
      authorize: async () => {
        const identity = whoAmI.current();
        return { botToken: token, botId: identity?.botId ?? undefined, botUserId: identity?.botUserId };
      },
      logger: slackLogger(log),
      clientOptions: { ...(slack.apiUrl && { slackApiUrl: slack.apiUrl }) },
      tokenVerificationEnabled: false,
      // Nothing runs before every listener: what comes from ourselves is told apart where it matters.
      ignoreSelf: false,
      convoStore: false,
    });
  const commands = bolt();
  const others = bolt();
  listenToCommands(commands, context);
  listenToOthers(others, context);
  front.receiver.init(routed(commands, others));

  return {
    listener: front.listener,
    async start() {
      whoAmI.start();
      await front.receiver.start();
    },
    async stop() {
      whoAmI.stop();
      people.stop();
      await front.receiver.stop();
    },
    client,
    identity: whoAmI.current,
    health: () => (whoAmI.current() && front.connected() && !front.trouble() ? 'ok' : 'degraded'),
    trouble: front.trouble,
  };
}

/** The slash command, whatever it is called; manifest.yml asks for the same as this and the next. */
export function listenToCommands(app: Pick<App, 'command'>, context: Context): void {
  app.command(/^\//, onCommand(context));
}

/** Everything else that is listened to. */
export function listenToOthers(
  app: Pick<App, 'action' | 'view' | 'shortcut' | 'event'>,
  context: Context,
): void {
  const waiting = createWaiting(context.now);
  app.action<BlockButtonAction>(ACTIONS.publish, onPublish(context));
  app.action<BlockButtonAction>(ACTIONS.choose, onChoose(context));
  app.action<BlockButtonAction>(ACTIONS.cancel, onCancel(context));
  app.action<BlockButtonAction>(RUN_ACTIONS, onRunButton(context));
  app.action<BlockButtonAction>(OFFER_ACTION, onRunOffer(context));
  app.view('open', onSubmission(context, 'open'));
  app.view('note', onSubmission(context, 'note'));
  app.view('log', onSubmission(context, 'log'));
  app.view('which', onWhich(context, waiting));
  app.shortcut<MessageShortcut>(
    { type: 'message_action', callback_id: 'add_to_timeline' },
    onAddToTimeline(context, waiting),
  );
  app.event('reaction_added', onReaction(context));
  app.event('member_joined_channel', onJoined(context));
  app.event('user_change', onUserChange(context));
}

function address({ apiUrl }: SlackOptions['slack']): { apiUrl?: string } {
  return apiUrl ? { apiUrl } : {};
}

function frontOf({ slack, log, now, onFatal }: SlackOptions) {
  if (slack.appToken) {
    const socket = createSocketFront({ ...address(slack), appToken: slack.appToken, log, onFatal });
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      request.resume();
      response.writeHead(404).end();
    };
    return {
      receiver: socket.receiver,
      listener,
      connected: () => socket.connected() > 0,
      trouble: socket.trouble,
    };
  }
  if (!slack.signingSecret)
    throw new Error('Slack needs an app token (Socket Mode) or a signing secret (HTTP)');
  const http = createHttpFront({ signingSecret: slack.signingSecret, log, now });
  return { ...http, connected: () => true, trouble: () => null };
}
