import { complaints, worded } from '../blocks/complaints.js';
import { offered } from '../blocks/elements.js';
import { type Fields, isFields, listOf } from '../fields.js';
import type { Channel } from '../workspace/objects/channel.js';
import { renderFile } from '../workspace/objects/file.js';
import type { Message } from '../workspace/objects/message.js';
import type { User } from '../workspace/objects/user.js';
import type { World } from '../workspace/world.js';
import { ackOf } from './commands.js';
import type { Receipt } from './delivery.js';
import { type Dispatch, failureOf } from './dispatch.js';
import {
  canBeChosen,
  type Known,
  Offers,
  type StateValues,
  stateOf,
  type Typed,
  typedValue,
} from './forms/view-state.js';
import type { Modals } from './modals.js';
import { blocksOf, channelOf, containerOf, type Place, type Spot, spotIn } from './place.js';
import type { ResponseUrls } from './response-urls.js';
import type { Triggers } from './triggers.js';

// Slack waits for so many characters before it asks the app, unless the menu says otherwise.
const MIN_QUERY = 3;

/** What came of a click or a shortcut. */
export interface Outcome {
  readonly ok: boolean;
  readonly error?: string;
  readonly ack: { status: number | null; body: unknown };
  readonly delivery?: string;
  readonly trigger_id?: string;
  readonly responses?: Fields[];
}

/** What an app offered for what was typed into an external menu. */
export interface Offered extends Outcome {
  readonly options?: Fields[];
  readonly option_groups?: Fields[];
  /** What is wrong with the app's answer. */
  readonly errors?: string[];
}

/** Buttons, menus and shortcuts. */
export class Interactions {
  readonly offers = new Offers();

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
   * @returns `no_such_action`; `not_dispatching` where a client sends nothing; `no_such_option`; else what became of it
   */
  async act(user: User, place: Place, actionId: string, options: ActOptions = {}): Promise<Outcome> {
    const spot = spotIn(place, actionId, options.blockId);
    if (!spot) return unsent('no_such_action');
    const { block, element } = spot;
    const blockId = String(block.block_id);
    if (!dispatches(spot)) return unsent('not_dispatching');
    const known = this.knownIn(place);
    if (options.value !== undefined && !canBeChosen(element, options.value, blockId, known))
      return unsent('no_such_option');
    const typed: Typed = { ...options.values };
    if (options.value !== undefined) typed[blockId] = { ...typed[blockId], [actionId]: options.value };
    const state = stateOf(blocksOf(place), typed, 'view' in place ? place.view.values : {}, known);
    if ('view' in place) place.view.values = state;
    const triggerId = this.triggers.issue(user.id, 'view' in place ? place.view.id : undefined);
    const { grant, ...where } = this.#contextOf(user, place, state, spot.attachment);
    const action = {
      action_id: actionId,
      block_id: blockId,
      ...actionOf(element, options.value, blockId, known),
      action_ts: this.world.ids.ts(),
    };
    const payload = {
      type: 'block_actions',
      ...this.common(user),
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

  /**
   * Types into an external menu: the app is asked what to offer.
   * @returns `no_such_action`, `not_external`, `query_too_short`, `invalid_options` with what is wrong, or the options
   */
  async suggest(
    user: User,
    place: Place,
    actionId: string,
    value: string,
    blockId?: string,
  ): Promise<Offered> {
    const spot = spotIn(place, actionId, blockId);
    if (!spot) return unsent('no_such_action');
    const { block, element, attachment } = spot;
    if (!String(element.type).endsWith('external_select')) return unsent('not_external');
    if (value.length < Number(element.min_query_length ?? MIN_QUERY)) return unsent('query_too_short');
    const payload = {
      type: 'block_suggestion',
      ...this.common(user),
      container: containerOf(place, attachment),
      ...this.#seenIn(place),
      action_id: actionId,
      block_id: block.block_id,
      value,
    };
    const outcome = await this.#send(payload);
    if (!outcome.ok) return outcome;
    // An empty ack is how an app says that it has nothing.
    const answer = outcome.ack.body === '' ? { options: [] } : outcome.ack.body;
    const errors = offerProblems(answer);
    if (!isFields(answer) || errors.length > 0)
      return { ...outcome, ok: false, error: 'invalid_options', errors };
    const groups = listOf(answer.option_groups);
    const options = [...listOf(answer.options), ...groups.flatMap((group) => listOf(group.options))];
    this.offers.add(nameOf(place), String(block.block_id), actionId, options);
    return {
      ...outcome,
      ...(answer.option_groups === undefined ? { options } : { option_groups: groups }),
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
    if (!known) return unsent('no_such_shortcut');
    const triggerId = this.triggers.issue(user.id);
    const actionTs = this.world.ids.ts();
    const common = {
      ...this.common(user),
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
      channel: channelOf(channel),
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
    const { teamId, domain, appId, verificationToken } = this.world.identity;
    const { enterprise } = this.world;
    const org = enterprise?.orgInstall ?? false;
    const within = enterprise ? { enterprise_id: enterprise.id, enterprise_name: enterprise.name } : {};
    return {
      team: org ? null : { id: teamId, domain, ...within },
      user: { id: user.id, username: user.name, name: user.name, team_id: user.teamId ?? teamId },
      api_app_id: appId,
      token: verificationToken,
      enterprise: enterprise ? { id: enterprise.id, name: enterprise.name } : null,
      is_enterprise_install: org,
    };
  }

  /** Files and offered options that typed values of this place may name. */
  knownIn(place: Place): Known {
    return {
      file: (id) => {
        const file = this.world.files.get(id);
        return file?.completed ? renderFile(file) : undefined;
      },
      offered: (blockId, actionId) => this.offers.of(nameOf(place), blockId, actionId),
    };
  }

  async #send(payload: Fields, copies = 1): Promise<Outcome> {
    const receipts = await this.dispatch.send('interactive', payload, copies);
    const first: Receipt = receipts[0] ?? { outcome: 'timeout' };
    const error = receipts.map(failureOf).find((it) => it !== undefined);
    return { ok: error === undefined, ...(error ? { error } : {}), ack: ackOf(first) };
  }

  #contextOf(user: User, place: Place, state: StateValues, attachment?: Fields): Fields & { grant?: string } {
    const common = {
      container: containerOf(place, attachment),
      ...this.#seenIn(place),
      state: { values: state },
    };
    if ('view' in place) return common;
    const { ts } = 'message' in place ? place.message : place.ephemeral;
    const grant = this.responseUrls.issue(user.id, place.channel, ts);
    const unfurl = attachment?.is_app_unfurl === true ? { app_unfurl: attachment } : {};
    return { grant: grant.id, ...common, ...unfurl, response_url: grant.url };
  }

  /** The view, or the channel and message, as a payload shows what is around the element. */
  #seenIn(place: Place): Fields {
    if ('view' in place) return { view: this.modals.show(place.view) };
    const { channel } = place;
    return {
      channel: channelOf(channel),
      // Slack does not keep ephemeral messages, so the app does not get them back.
      ...('message' in place ? { message: this.world.show(channel, place.message) } : {}),
    };
  }
}

export interface ActOptions {
  readonly blockId?: string;
  readonly value?: unknown;
  /** Values of the other elements, as typed so far. */
  readonly values?: Typed;
  readonly copies?: number;
}

function unsent(error: string): Outcome {
  return { ok: false, error, ack: { status: null, body: '' } };
}

/** Whether a client tells the app at once: not of what is typed into a form, nor of a workflow's button. */
function dispatches({ block, element }: Spot): boolean {
  if (element.type === 'workflow_button') return false;
  return block.type !== 'input' || block.dispatch_action === true;
}

function actionOf(element: Fields, value: unknown, blockId: string, known: Known): Fields {
  const { type } = element;
  if (type === 'button' || type === 'icon_button') return pressed(element, type);
  if (type !== 'feedback_buttons') return typedValue(element, value ?? null, blockId, known);
  const { positive_button: positive, negative_button: negative } = element;
  const chosen = isFields(negative) && negative.value === value ? negative : positive;
  return isFields(chosen) ? pressed(chosen, type) : { type };
}

function pressed(button: Fields, type: string): Fields {
  const { text, value, style, url } = button;
  return {
    type,
    text,
    ...(value === undefined ? {} : { value }),
    ...(style ? { style } : {}),
    ...(url ? { url } : {}),
  };
}

function offerProblems(answer: unknown): string[] {
  const parsed = offered.safeParse(answer);
  if (!parsed.success) return complaints(parsed.error.issues, '', answer).map(worded);
  const { options, option_groups: groups } = parsed.data;
  if (options !== undefined && groups !== undefined)
    return ['only one of `options` and `option_groups` is allowed'];
  return options === undefined && groups === undefined ? ['missing required field: options'] : [];
}

function nameOf(place: Place): string {
  if ('view' in place) return place.view.id;
  return `${place.channel.id}:${'message' in place ? place.message.ts : place.ephemeral.ts}`;
}
