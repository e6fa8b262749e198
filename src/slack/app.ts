import type { IncomingMessage, ServerResponse } from 'node:http';
import { App, type BlockButtonAction, type GlobalShortcut, type MessageShortcut } from '@slack/bolt';
import { codeInWords, mendOf, type Nature, natureOf } from '#domain/slack-code.js';
import type { Condition } from '#domain/words.js';
import { now as clock } from '#elapsed.js';
import type { Metrics } from '#metrics.js';
import { ACTION_BUTTONS } from './blocks/action.js';
import { ALERT_ACTIONS } from './blocks/alert.js';
import { CHOOSE_ACTIONS, HEAD_ACTIONS, ITEM_ACTIONS, NEXT_ACTIONS, OFFER_ACTION } from './blocks/buttons.js';
import { LINES_ACTION, STRIKE_ACTION } from './blocks/entry.js';
import { HOME_ACTIONS } from './blocks/home.js';
import { PAGE_ACTIONS } from './blocks/page.js';
import { TAKE_ROLE_ACTIONS } from './blocks/people.js';
import { PUBLISH_ACTIONS } from './blocks/publish.js';
import { REMINDER_ACTIONS } from './blocks/reminder.js';
import { RUN_ACTIONS } from './blocks/run.js';
import { WATCH_ACTIONS } from './blocks/watch.js';
import { onAlertButton, onAttach } from './buttons/alerts.js';
import {
  onAcknowledge,
  onActionButton,
  onAnyway,
  onCancel,
  onChange,
  onChoose,
  onEdit,
  onHead,
  onNext,
  onPublish,
  onReopen,
  onRunOffer,
  onStrike,
  onWatch,
  onWrite,
} from './buttons/buttons.js';
import { onReminder } from './buttons/reminders.js';
import { onRunButton } from './buttons/runs.js';
import {
  createPermalink,
  createSent,
  createUnassigned,
  onAddToTimeline,
  onDeclareFrom,
  onMention,
  onMessage,
  onPin,
  onReaction,
  onTakeLines,
  onWhich,
} from './capture/shortcut.js';
import { createHomes, onDeclare, onHomeOpened, onItemDone, onRefresh } from './home.js';
import { type Context, createWhere, type Homes, onCommand, type Workspace } from './listener.js';
import { FORM_NAMES } from './modals/modals.js';
import { onPreview, onSubmission } from './modals/submission.js';
import { createGroups, type Groups } from './people/groups.js';
import { createMembers, type Members } from './people/members.js';
import {
  CHANNEL_EVENTS,
  noteVacant,
  noteWhoLeft,
  onChannel,
  onJoined,
  onLeft,
  onRevoked,
  onTakeRole,
  onUserChange,
} from './people/membership.js';
import { createPeople, type PeopleStore } from './people/people.js';
import { onSharedLink } from './shared-link.js';
import {
  createSlackClient,
  createWhoAmI,
  type Identity,
  type SlackClient,
  slackLogger,
} from './transport/client.js';
import { createHttpFront } from './transport/http.js';
import { createSocketFront, type SocketPace } from './transport/socket.js';

export interface SlackOptions
  extends Pick<Context, 'answer' | 'handle' | 'read' | 'mine' | 'shelf' | 'owe' | 'log'> {
  /** Counts calls and answers. */
  metrics?: Pick<Metrics, 'slackCalled' | 'slackAnswered'>;
  slack: {
    botToken: string;
    /** Set: Socket Mode. */
    appToken: string | null;
    /** Needed for HTTP. */
    signingSecret: string | null;
    apiUrl: string | null;
  };
  org: {
    command: string;
    zone: string | null;
    components: readonly string[];
    /** Absent: whoever comes late is told how it stands. */
    catchup?: { on_join: boolean };
    capture: Context['capture'];
  };
  /** Where our links lead, so that those that are shared can be shown. Absent: nowhere. */
  links?: Context['links'];
  people: PeopleStore;
  workspace: Workspace;
  now?: () => Date;
  /** The token is no good: the process is to stop. Called at most once for each token. */
  onFatal: (code: string) => void;
  /** Never started: a worker calls Slack and hears nothing, so only its calls can show that Slack is away. */
  onlyCalls?: boolean;
  pace?: SlackPace;
}

/** Numbers that a test may want smaller. */
export interface SlackPace {
  /** In an outage, Slack is asked so long after the last call whether it is over: there may be nothing else to call it for. */
  askMs?: number;
  /** Otherwise Slack is asked so long after the last call: where nobody types, nothing else would show that it is away. */
  quietMs?: number;
  sockets?: SocketPace;
}

export interface Slack {
  /** For `POST /slack/events` (HTTP mode); the body must not have been read before. In Socket Mode it answers 404. */
  listener(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Resolves at once: starting needs nothing from Slack. */
  start(): Promise<void>;
  /** Sockets are let go of once what came over them is answered. */
  stop(): Promise<void>;
  /** The Web API with the bot's token, one attempt a call: for deliveries too. */
  client: SlackClient;
  /** Who is in which channel now. */
  members: Members;
  groups: Groups;
  /** Ask Slack about somebody now, for at most a second. */
  meet(team: string, id: string): Promise<void>;
  identity(): Identity | null;
  /** `ok` when Slack knows us and, in Socket Mode, a socket is connected and stays so. */
  health(): 'ok' | 'degraded';
  /** The same with the reason, and with what the last calls came to. Waits for nothing; asks Slack when nobody has for long. */
  condition(): Condition;
  /** Slack's word for sending our sockets away (`too_many_websockets`); null: it does not. */
  trouble(): string | null;
}

/** Time that an answer may spend on Slack: on a modal, whose trigger lives three seconds; on a link, which is a courtesy. */
const MODAL_MS = 1_700;
const LINK_MS = 800;

/** The front where Slack speaks first. Builds everything, connects to nothing until `start`. */
export function createSlack(options: SlackOptions): Slack {
  const { slack, log, metrics, now = clock } = options;
  const { botToken: token, apiUrl } = slack;
  const call = { apiUrl, token, log, ...(metrics && { metrics }) };
  const { client, outage, shutOut } = remembering(createSlackClient(call), options.pace);
  const front = frontOf(options, now);
  const whoAmI = createWhoAmI({
    client,
    token,
    log,
    onFatal: options.onFatal,
    onKnown: () => void startPeople(),
  });
  const { home } = whoAmI;
  const people = createPeople({
    ...{ store: options.people, client, home, log, now },
    onGone: (team, gone) => noteVacant(context, team, gone),
  });
  const where = createWhere({ read: options.read, workspace: options.workspace, home, now });
  const patient = createSlackClient({ ...call, timeout: LINK_MS });
  const groups = createGroups(client);
  const members = createMembers({
    client,
    // Runs beside the answer that asked for the list.
    async onRead(channel, inside) {
      try {
        if (whoAmI.home()) await noteWhoLeft(context, await where.team(null), channel, inside);
      } catch (error) {
        log.warn({ err: error }, 'Who left a channel could not be kept');
      }
    },
  });

  const context: Context = {
    command: options.org.command,
    zone: options.org.zone ?? 'UTC',
    components: options.org.components,
    catchesUp: options.org.catchup?.on_join ?? true,
    capture: options.org.capture,
    answer: options.answer,
    handle: options.handle,
    read: options.read,
    mine: options.mine,
    shelf: options.shelf,
    homes: { refresh: (...of) => homes.refresh(...of) },
    owe: options.owe,
    where,
    people,
    members,
    groups,
    client,
    swift: createSlackClient({ ...call, timeout: MODAL_MS }),
    permalink: createPermalink(patient, now),
    links: options.links ?? null,
    self: () => whoAmI.current()?.botUserId ?? null,
    log,
    ...(metrics && { metrics }),
    now,
  };
  const homes: Homes = createHomes(context);

  async function startPeople(): Promise<void> {
    try {
      people.start(await where.team(null));
    } catch (error) {
      log.warn({ err: error }, 'The list of people waits for the database');
      setTimeout(() => void startPeople(), 5_000).unref();
    }
  }

  const bolt = () =>
    new App({
      // The front's receiver serves both apps.
      receiver: { init: () => {}, start: async () => {}, stop: async () => {} },
      authorize: whoAmI.authorize,
      logger: slackLogger(log),
      clientOptions: { ...(apiUrl && { slackApiUrl: apiUrl }) },
      tokenVerificationEnabled: false,
      // No middleware runs before every listener: a listener tells what comes from ourselves apart, where it matters.
      ignoreSelf: false,
      convoStore: false,
    });
  const commands = bolt();
  const others = bolt();
  listenToCommands(commands, context);
  listenToOthers(others, context);
  front.receiver.init({ commands, others });

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
    members,
    groups,
    meet: people.meet,
    identity: whoAmI.current,
    health: () => (whoAmI.current() && front.connected() && !front.trouble() ? 'ok' : 'degraded'),
    trouble: front.trouble,
    condition() {
      const fix = 'can this machine reach slack.com (or SLACK_API_URL)? `tocsin doctor` asks Slack';
      const failure = outage();
      const away = `Slack does not answer (${failure})`;
      const shut = shutOut();
      if (shut) {
        const reason = `Slack does not let us in (${shut.method}: ${codeInWords(shut.code)})`;
        return {
          state: 'refusing',
          reason,
          fix: mendOf(shut.code) ?? 'ask an administrator of the workspace',
        };
      }
      if (options.onlyCalls) return failure ? { state: 'away', reason: away, fix } : { state: 'ok' };
      if (!whoAmI.current()) {
        const why = whoAmI.why();
        return {
          state: why?.answers ? 'refusing' : 'away',
          reason: `Slack has not said who we are${why ? ` (${why.code})` : ''}`,
          fix,
        };
      }
      if (failure) return { state: 'away', reason: away, fix };
      const trouble = front.trouble();
      if (trouble)
        return {
          state: 'degraded',
          reason: `Slack sends our sockets away (${trouble})`,
          fix: 'another process may use the same app token: `tocsin doctor` says what to do',
        };
      if (!front.connected()) return { state: 'away', reason: 'no socket is connected', fix };
      return { state: 'ok' };
    },
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
  const unassigned = createUnassigned(context.now);
  app.action<BlockButtonAction>(PUBLISH_ACTIONS.publish, onPublish(context));
  app.action<BlockButtonAction>(PUBLISH_ACTIONS.change, onChange(context));
  app.action<BlockButtonAction>(PUBLISH_ACTIONS.anyway, onAnyway(context));
  app.action<BlockButtonAction>(PUBLISH_ACTIONS.cancel, onCancel(context));
  app.action<BlockButtonAction>(PUBLISH_ACTIONS.edit, onEdit(context));
  app.action<BlockButtonAction>(PUBLISH_ACTIONS.write, onWrite(context));
  app.action<BlockButtonAction>(CHOOSE_ACTIONS, onChoose(context));
  app.action<BlockButtonAction>(NEXT_ACTIONS, onNext(context));
  app.action<BlockButtonAction>(RUN_ACTIONS, onRunButton(context));
  app.action<BlockButtonAction>(OFFER_ACTION, onRunOffer(context));
  app.action<BlockButtonAction>(WATCH_ACTIONS.start, onWatch(context));
  app.action<BlockButtonAction>(WATCH_ACTIONS.reopen, onReopen(context));
  app.action<BlockButtonAction>(ALERT_ACTIONS, onAlertButton(context));
  app.action<BlockButtonAction>(REMINDER_ACTIONS, onReminder(context));
  app.action<BlockButtonAction>(LINES_ACTION, onTakeLines(context));
  app.action<BlockButtonAction>(TAKE_ROLE_ACTIONS, onTakeRole(context));
  app.action<BlockButtonAction>(PAGE_ACTIONS.acknowledge, onAcknowledge(context));
  // An address: Slack opens it by itself, and tells of the click all the same.
  app.action<BlockButtonAction>(PAGE_ACTIONS.open, ({ ack }) => ack());
  app.action<BlockButtonAction>(ACTION_BUTTONS, onActionButton(context));
  app.action<BlockButtonAction>(STRIKE_ACTION, onStrike(context));
  app.view('attach', onAttach(context));
  app.action<BlockButtonAction>(HEAD_ACTIONS, onHead(context));
  app.action<BlockButtonAction>(ITEM_ACTIONS, onItemDone(context));
  app.action<BlockButtonAction>(HOME_ACTIONS.declare, onDeclare(context));
  app.action<BlockButtonAction>(HOME_ACTIONS.refresh, onRefresh(context));
  const sent = createSent(context, unassigned);
  for (const form of FORM_NAMES) app.view(form, onSubmission(context, form, sent));
  app.view('publish_preview', onPreview(context));
  app.view('which', onWhich(context, unassigned));
  app.shortcut<MessageShortcut>(
    { type: 'message_action', callback_id: 'add_to_timeline' },
    onAddToTimeline(context, unassigned),
  );
  app.shortcut<MessageShortcut>(
    { type: 'message_action', callback_id: 'declare_from_message' },
    onDeclareFrom(context, unassigned),
  );
  app.shortcut<GlobalShortcut>({ type: 'shortcut', callback_id: 'declare' }, onDeclare(context));
  app.event('app_home_opened', onHomeOpened(context));
  app.event('reaction_added', onReaction(context));
  app.event('app_mention', onMention(context));
  app.event('link_shared', onSharedLink(context));
  app.event('reaction_removed', onReaction(context));
  app.event('pin_added', onPin(context));
  app.event('pin_removed', onPin(context));
  app.event('message', onMessage(context));
  app.event('member_joined_channel', onJoined(context));
  app.event('member_left_channel', onLeft(context));
  for (const name of CHANNEL_EVENTS) app.event(name, onChannel(context));
  app.event('tokens_revoked', onRevoked(context));
  app.event('app_uninstalled', onRevoked(context));
  app.event('user_change', onUserChange(context));
  app.event('team_join', onUserChange(context));
}

/** So many calls in a row without an answer are an outage. */
const OUTAGE_CALLS = 2;
const ASK_MS = 8_000;
const QUIET_MS = 30_000;

const KEPT_OUT: ReadonlySet<Nature> = new Set(['fatal', 'shut']);
/** While something is owed, a call that Slack refuses is tried again once a minute; a refusal older than this no longer counts. */
const SHUT_MS = 150_000;

/** A call that Slack refused because of what we are, not of what we asked. */
interface ShutOut {
  method: string;
  code: string;
  at: number;
}

/**
 * The same client, with a memory of how its last calls ended. `outage`: what they failed with, or null; `shutOut`: what
 * Slack keeps us out with, a token that is no good or a policy, or null.
 */
function remembering(
  inner: SlackClient,
  { askMs = ASK_MS, quietMs = QUIET_MS }: SlackPace = {},
): {
  client: SlackClient;
  outage: () => string | null;
  shutOut: () => ShutOut | null;
} {
  let shut: ShutOut | null = null;
  let unanswered = 0;
  let why = '';
  let last = performance.now();
  const client: SlackClient = {
    async call(method, args) {
      const result = await inner.call(method, args);
      last = performance.now();
      if (result.kind === 'unknown') {
        unanswered++;
        why = result.error;
      } else unanswered = 0;
      if (result.kind === 'refused' && KEPT_OUT.has(natureOf(result.error)))
        shut = { method, code: result.error, at: last };
      else if (result.kind === 'ok' && shut && (shut.method === method || natureOf(shut.code) === 'fatal'))
        shut = null;
      return result;
    },
  };
  return {
    client,
    shutOut: () => (shut && performance.now() - shut.at < SHUT_MS ? shut : null),
    outage() {
      if (performance.now() - last > (unanswered === 0 ? quietMs : askMs)) {
        last = performance.now();
        void client.call('auth.test');
      }
      return unanswered < OUTAGE_CALLS ? null : why;
    },
  };
}

function frontOf({ slack, log, onFatal, pace }: SlackOptions, now: () => Date) {
  if (slack.appToken) {
    const socket = createSocketFront({
      apiUrl: slack.apiUrl,
      appToken: slack.appToken,
      log,
      onFatal,
      ...pace?.sockets,
    });
    const listener = async (request: IncomingMessage, response: ServerResponse) => {
      request.resume();
      response.writeHead(404).end();
    };
    return { ...socket, listener, connected: () => socket.connected() > 0 };
  }
  if (!slack.signingSecret)
    throw new Error('Slack needs an app token (Socket Mode) or a signing secret (HTTP)');
  const http = createHttpFront({ signingSecret: slack.signingSecret, log, now });
  return { ...http, connected: () => true, trouble: () => null };
}
