import { elementsOf } from '../blocks/check.js';
import { type Fields, listOf } from '../fields.js';
import type { Channel } from '../workspace/objects/channel.js';
import type { Ephemeral, Message } from '../workspace/objects/message.js';
import type { User } from '../workspace/objects/user.js';
import type { World } from '../workspace/world.js';
import { ackOf } from './commands.js';
import type { Receipt } from './delivery.js';
import { type Dispatch, failureOf } from './dispatch.js';
import type { Modals, View } from './modals.js';
import type { ResponseUrls } from './response-urls.js';
import type { Triggers } from './triggers.js';
import { type StateValues, stateOf, type Typed, typedValue } from './view-state.js';

/** What came of a click or a shortcut. */
export interface Outcome {
  readonly ok: boolean;
  readonly error?: string;
  readonly ack: { status: number | null; body: unknown };
  readonly delivery?: string;
  readonly trigger_id?: string;
  readonly responses?: Fields[];
}

/** Where a button stands. */
export type Place =
  | { readonly view: View }
  | { readonly channel: Channel; readonly message: Message }
  | { readonly channel: Channel; readonly ephemeral: Ephemeral };

/** Buttons, menus and shortcuts. */
export class Interactions {
  constructor(
    readonly world: World,
    readonly dispatch: Dispatch,
    readonly triggers: Triggers,
    readonly responseUrls: ResponseUrls,
    readonly modals: Modals,
  ) {}

  /**
   * Uses one element of a message or view.
   * @param value new value of a menu or input; a button carries its own
   */
  async act(user: User, place: Place, actionId: string, options: ActOptions = {}): Promise<Outcome> {
    const blocks = listOf(
      'view' in place
        ? place.view.source.blocks
        : 'message' in place
          ? place.message.blocks
          : place.ephemeral.blocks,
    );
    const found = blocks
      .filter((block) => options.blockId === undefined || block.block_id === options.blockId)
      .flatMap((block) => elementsOf(block).map(({ element }) => ({ block, element })))
      .find(({ element }) => element.action_id === actionId);
    if (!found) return { ok: false, error: 'no_such_action', ack: { status: null, body: '' } };
    const { block, element } = found;
    const typed: Typed = { ...options.values };
    const blockId = String(block.block_id);
    if (options.value !== undefined) typed[blockId] = { ...typed[blockId], [actionId]: options.value };
    const state = stateOf(blocks, typed, 'view' in place ? place.view.values : {});
    if ('view' in place) place.view.values = state;
    const triggerId = this.triggers.issue(user.id, 'view' in place ? place.view.id : undefined);
    const context = this.#contextOf(user, place, state);
    const { grant, ...where } = context;
    const action = {
      action_id: actionId,
      block_id: blockId,
      ...this.#actionOf(element, options.value),
      action_ts: this.world.ids.ts(),
    };
    const payload = {
      type: 'block_actions',
      ...this.#common(user),
      trigger_id: triggerId,
      ...where,
      actions: [action],
    };
    const outcome = await this.#send(payload, options.copies);
    return {
      ...outcome,
      trigger_id: triggerId,
      ...(grant ? { delivery: grant, responses: this.responseUrls.responses(grant) } : {}),
    };
  }

  /** Uses a global shortcut, or a message shortcut when a message is given. */
  async shortcut(
    user: User,
    callbackId: string,
    on?: { channel: Channel; message: Message },
    copies = 1,
  ): Promise<Outcome> {
    const type = on ? 'message' : 'global';
    const known = this.world.manifest.shortcuts.find(
      (it) => it.callback_id === callbackId && it.type === type,
    );
    if (!known) return { ok: false, error: 'no_such_shortcut', ack: { status: null, body: '' } };
    const triggerId = this.triggers.issue(user.id);
    const actionTs = this.world.ids.ts();
    const common = {
      ...this.#common(user),
      callback_id: callbackId,
      trigger_id: triggerId,
      action_ts: actionTs,
    };
    if (!on) return { ...(await this.#send({ type: 'shortcut', ...common }, copies)), trigger_id: triggerId };
    const { channel, message } = on;
    const grant = this.responseUrls.issue(user.id, channel, message.ts);
    const payload = {
      type: 'message_action',
      ...common,
      channel: { id: channel.id, name: nameOf(channel) },
      message_ts: message.ts,
      message: this.world.show(channel, message),
      response_url: grant.url,
    };
    const outcome = await this.#send(payload, copies);
    return {
      ...outcome,
      trigger_id: triggerId,
      delivery: grant.id,
      responses: this.responseUrls.responses(grant.id),
    };
  }

  /** Members that every interaction payload has. */
  common(user: User): Fields {
    return this.#common(user);
  }

  async #send(payload: Fields, copies = 1): Promise<Outcome> {
    const receipts = await this.dispatch.send('interactive', payload, copies);
    const first: Receipt = receipts[0] ?? { outcome: 'timeout' };
    const error = receipts.map(failureOf).find((it) => it !== undefined);
    return { ok: error === undefined, ...(error ? { error } : {}), ack: ackOf(first) };
  }

  #common(user: User): Fields {
    const { teamId, domain, appId, verificationToken } = this.world.identity;
    return {
      team: { id: teamId, domain },
      user: { id: user.id, username: user.name, name: user.name, team_id: user.teamId ?? teamId },
      api_app_id: appId,
      token: verificationToken,
      enterprise: null,
      is_enterprise_install: false,
    };
  }

  #contextOf(user: User, place: Place, state: StateValues): Fields & { grant?: string } {
    if ('view' in place) {
      return {
        container: { type: 'view', view_id: place.view.id },
        view: this.modals.show(place.view),
        state: { values: state },
      };
    }
    const { channel } = place;
    const ephemeral = 'ephemeral' in place;
    const { ts, thread_ts: threadTs } = ephemeral ? place.ephemeral : place.message;
    const grant = this.responseUrls.issue(user.id, channel, ts);
    return {
      grant: grant.id,
      container: {
        type: 'message',
        message_ts: ts,
        channel_id: channel.id,
        is_ephemeral: ephemeral,
        ...(threadTs ? { thread_ts: threadTs } : {}),
      },
      channel: { id: channel.id, name: nameOf(channel) },
      // Slack does not keep ephemeral messages, so the app does not get them back.
      ...('message' in place ? { message: this.world.show(channel, place.message) } : {}),
      state: { values: state },
      response_url: grant.url,
    };
  }

  #actionOf(element: Fields, value: unknown): Fields {
    if (element.type === 'button') {
      const { type, text, value: own, style, url } = element;
      return {
        type,
        text,
        ...(own === undefined ? {} : { value: own }),
        ...(style ? { style } : {}),
        ...(url ? { url } : {}),
      };
    }
    return typedValue(element, value ?? null);
  }
}

export interface ActOptions {
  readonly blockId?: string;
  readonly value?: unknown;
  /** Values of the other elements, as typed so far. */
  readonly values?: Typed;
  readonly copies?: number;
}

function nameOf(channel: Channel): string {
  if (channel.kind === 'im') return 'directmessage';
  return channel.isPrivate ? 'privategroup' : channel.name;
}
