import { type Fields, isFields } from '../fields.js';
import { SlackError } from '../refuse.js';
import type { Channel } from '../workspace/objects/channel.js';
import type { User } from '../workspace/objects/user.js';
import { post, whisper } from '../workspace/posting.js';
import type { Settings } from '../workspace/settings.js';
import { escapeText, typedText } from '../workspace/text.js';
import type { World } from '../workspace/world.js';
import type { Receipt } from './delivery.js';
import { type Dispatch, failureOf } from './dispatch.js';
import type { ResponseUrls } from './response-urls.js';
import type { Triggers } from './triggers.js';

/** What came of a typed command. */
export interface CommandOutcome {
  readonly ok: boolean;
  /**
   * `operation_timeout`, `dispatch_failed`, `invalid_command_response`; `not_a_command` and `not_supported_in_threads`
   * are not even sent.
   */
  readonly error?: string;
  /** What the app answered in the same request. */
  readonly ack: { status: number | null; body: unknown };
  /** Further receipts, when several copies were sent. */
  readonly acks?: Array<{ status: number | null; body: unknown }>;
  /** Everything the app said to it so far. */
  readonly responses: Fields[];
  /** To ask for later answers with `/control/responses`. */
  readonly delivery: string;
  readonly trigger_id: string;
}

/** Slash commands, from the typed line to what the person sees. */
export class Commands {
  constructor(
    readonly world: World,
    readonly dispatch: Dispatch,
    readonly triggers: Triggers,
    readonly responseUrls: ResponseUrls,
    readonly settings: Settings,
  ) {}

  /** Types a command and waits for the app's answer. */
  async run(
    user: User,
    channel: Channel,
    name: string,
    text: string,
    copies = 1,
    threadTs?: string,
  ): Promise<CommandOutcome> {
    if (threadTs) {
      // Slack's client does not send it: apps never hear of threads.
      this.#say(user, channel, `${name} is not supported in threads. Sorry!`, threadTs);
      return notSent('not_supported_in_threads');
    }
    const { installed, manifest, enterprise } = this.world;
    const command = installed ? manifest.commands.find((it) => it.command === name) : undefined;
    if (!command) {
      this.#say(user, channel, `${name} is not a valid command.`);
      return notSent('not_a_command');
    }
    const { teamId, domain, appId, verificationToken } = this.world.identity;
    const labels = this.settings.mentionLabels;
    const grant = this.responseUrls.issue(user.id, channel);
    const trigger = this.triggers.issue(user.id);
    const payload = {
      token: verificationToken,
      team_id: teamId,
      team_domain: domain,
      ...(enterprise ? { enterprise_id: enterprise.id, enterprise_name: enterprise.name } : {}),
      channel_id: channel.id,
      channel_name:
        channel.kind === 'im' ? 'directmessage' : channel.isPrivate ? 'privategroup' : channel.name,
      user_id: user.id,
      user_name: user.name,
      command: name,
      text: command.should_escape ? typedText(this.world, text, { labels }) : escapeText(text),
      api_app_id: appId,
      is_enterprise_install: String(enterprise?.orgInstall ?? false),
      response_url: grant.url,
      trigger_id: trigger,
    };
    const receipts = await this.dispatch.send('slash_commands', payload, copies);
    const errors = receipts.map((receipt) => this.#show(user, channel, name, text, grant.id, receipt));
    const acks = receipts.map(ackOf);
    const error = errors.find((it) => it !== undefined);
    return {
      ok: error === undefined,
      ...(error ? { error } : {}),
      ack: acks[0] ?? { status: null, body: '' },
      ...(acks.length > 1 ? { acks } : {}),
      responses: this.responseUrls.responses(grant.id),
      delivery: grant.id,
      trigger_id: trigger,
    };
  }

  #show(
    user: User,
    channel: Channel,
    name: string,
    text: string,
    grant: string,
    receipt: Receipt,
  ): string | undefined {
    const failure = failureOf(receipt);
    if (failure || receipt.outcome !== 'acked') {
      this.#say(user, channel, `${name} failed with the error "${failure}"`);
      return failure;
    }
    const message = receipt.malformed ? 'unclear' : messageOf(receipt.body);
    if (!message) return undefined;
    if (message === 'unclear') {
      this.#say(user, channel, `${name} failed with the error "invalid_command_response"`);
      return 'invalid_command_response';
    }
    if (message.response_type === 'in_channel') {
      post(this.world, channel, { user: user.id, text: `${name} ${escapeText(text)}`.trim() });
      if (Object.keys(message).length === 1) return undefined;
    }
    try {
      this.responseUrls.show(grant, message, 'ack');
      return undefined;
    } catch (error) {
      if (!(error instanceof SlackError)) throw error;
      this.#say(user, channel, `${name} failed with the error "invalid_command_response"`);
      return 'invalid_command_response';
    }
  }

  #say(user: User, channel: Channel, text: string, threadTs?: string): void {
    const thread = threadTs ? { thread_ts: threadTs } : {};
    whisper(this.world, { channel: channel.id, user: user.id, from: 'slackbot', text, ...thread });
  }
}

function notSent(error: string): CommandOutcome {
  return { ok: false, error, ack: { status: null, body: '' }, responses: [], delivery: '', trigger_id: '' };
}

/** Status and body of a receipt, for whoever drives the sandbox. */
export function ackOf(receipt: Receipt): { status: number | null; body: unknown } {
  if (receipt.outcome === 'acked') return { status: receipt.status, body: receipt.body };
  return { status: receipt.outcome === 'failed' ? (receipt.status ?? null) : null, body: '' };
}

/** An ack as a message: a JSON object as it is, plain text as its text, nothing when empty; other JSON says nothing. */
function messageOf(body: unknown): Fields | 'unclear' | undefined {
  if (isFields(body)) return Object.keys(body).length > 0 ? body : undefined;
  if (typeof body !== 'string') return 'unclear';
  return body === '' ? undefined : { text: body };
}
