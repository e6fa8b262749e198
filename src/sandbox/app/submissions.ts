import { checkView } from '../blocks/check.js';
import { elementsIn } from '../blocks/walk.js';
import { type Fields, isFields, listOf } from '../fields.js';
import { SlackError } from '../refuse.js';
import type { User } from '../workspace/objects/user.js';
import { ackOf } from './commands.js';
import { type Dispatch, failureOf } from './dispatch.js';
import { unfit } from './forms/unfit.js';
import { canBeChosen, type StateValues, slotOf, stateOf, type Typed } from './forms/view-state.js';
import type { Interactions, Outcome } from './interactions.js';
import type { Modals, View } from './modals.js';
import type { Triggers } from './triggers.js';

/** What came of a submitted modal. `errors` are shown beside the inputs. */
export interface SubmitOutcome extends Outcome {
  readonly errors?: Fields;
}

/** Modals that people send or close. */
export class Submissions {
  constructor(
    readonly interactions: Interactions,
    readonly modals: Modals,
    readonly dispatch: Dispatch,
    readonly triggers: Triggers,
  ) {}

  /**
   * Presses the submit button of a modal.
   * @param hash of the view as the person sees it; refused when it has been replaced since
   * @returns `no_submit_button`, `not_on_top`, `hash_conflict`, `client_refused` with a sentence for each block, `errors`
   *   from the app, the code of what is wrong with its answer, or what became of it
   */
  async submit(user: User, view: View, typed: Typed, copies = 1, hash?: string): Promise<SubmitOutcome> {
    const hindrance = this.#hindrance(user, view, hash);
    if (hindrance) return { ok: false, error: hindrance, ack: { status: null, body: '' } };
    const blocks = listOf(view.source.blocks);
    const known = this.interactions.knownIn({ view });
    const state = stateOf(blocks, typed, view.values, known);
    const problems = unfit(blocks, state);
    for (const { block, element } of elementsIn(blocks)) {
      const blockId = String(block.block_id);
      const given = typed[blockId]?.[String(element.action_id)];
      if (given !== undefined && !canBeChosen(element, given, blockId, known))
        problems[blockId] = 'Please choose one of the options.';
    }
    view.values = state;
    if (Object.keys(problems).length > 0) {
      return { ok: false, error: 'client_refused', errors: problems, ack: { status: null, body: '' } };
    }
    const triggerId = this.triggers.issue(user.id, view.id);
    const grants = this.#grantsFor(user, blocks, state);
    const payload = {
      type: 'view_submission',
      ...this.interactions.common(user),
      trigger_id: triggerId,
      view: this.modals.show(view),
      response_urls: grants.map(({ shown }) => shown),
    };
    const receipts = await this.dispatch.send('interactive', payload, copies);
    const failed = receipts.map(failureOf).find((it) => it !== undefined);
    const first = receipts[0];
    if (!first || failed)
      return { ok: false, error: failed, ack: first ? ackOf(first) : { status: null, body: '' } };
    const ack = ackOf(first);
    const delivery = grants[0] ? { delivery: grants[0].id } : {};
    try {
      const errors = this.#apply(user, view, ack.body);
      return errors
        ? { ok: false, error: 'errors', errors, ack, trigger_id: triggerId, ...delivery }
        : { ok: true, ack, trigger_id: triggerId, ...delivery };
    } catch (error) {
      if (!(error instanceof SlackError)) throw error;
      // The person sees "We had some trouble connecting" and the modal stays.
      return { ok: false, error: error.code, errors: error.extra, ack };
    }
  }

  /** Why the button cannot be pressed, if it cannot. */
  #hindrance(user: User, view: View, hash: string | undefined): string | undefined {
    if (view.source.submit === undefined) return 'no_submit_button';
    if (this.modals.top(user.id) !== view) return 'not_on_top';
    return hash === undefined || hash === view.hash ? undefined : 'hash_conflict';
  }

  /** Addresses to answer in the conversations that were chosen in menus which ask for that. */
  #grantsFor(user: User, blocks: Fields[], state: StateValues): Array<{ id: string; shown: Fields }> {
    const { responseUrls, world } = this.interactions;
    return elementsIn(blocks).flatMap(({ block, element }) => {
      if (block.type !== 'input' || element.response_url_enabled !== true) return [];
      const [blockId, actionId] = [String(block.block_id), String(element.action_id)];
      const channel = world.channels.get(String(state[blockId]?.[actionId]?.[slotOf(element) ?? '']));
      if (!channel) return [];
      const { id, url } = responseUrls.issue(user.id, channel);
      const shown = { block_id: blockId, action_id: actionId, channel_id: channel.id, response_url: url };
      return [{ id, shown }];
    });
  }

  /**
   * Closes a modal.
   * @param all with the × instead of the Cancel button: the whole stack goes
   */
  async close(user: User, view: View, all: boolean): Promise<Outcome> {
    const stack = this.modals.stacks.get(user.id) ?? [];
    const told = all ? (stack[0] ?? view) : view;
    const { clear_on_close: clears, notify_on_close: notifies } = told.source;
    const cleared = all || clears === true;
    const { state: _state, ...shown } = this.modals.show(told);
    if (cleared) this.modals.clear(user.id);
    else this.modals.close(view);
    if (notifies !== true) return { ok: true, ack: { status: null, body: '' } };
    const payload = {
      type: 'view_closed',
      ...this.interactions.common(user),
      view: { ...shown, state: { values: {} } },
      is_cleared: cleared,
    };
    const [receipt] = await this.dispatch.send('interactive', payload);
    const error = receipt ? failureOf(receipt) : 'dispatch_failed';
    const ack = receipt ? ackOf(receipt) : { status: null, body: '' };
    return error ? { ok: false, error, ack } : { ok: true, ack };
  }

  /** Does what the ack says; returns inline errors when there are some. */
  #apply(user: User, view: View, body: unknown): Fields | undefined {
    if (!isFields(body) || Object.keys(body).length === 0) {
      // Anything but an empty body is an answer that Slack does not understand.
      if (typeof body === 'string' && body !== '') throw new SlackError('invalid_response_body');
      this.modals.close(view);
      return undefined;
    }
    // Whoever has closed the view meanwhile sees nothing of the answer.
    const open = this.modals.find(view.id) !== undefined;
    const { blockRules } = this.interactions.world;
    switch (body.response_action) {
      case 'clear':
        if (open) this.modals.clear(user.id);
        return undefined;
      case 'update': {
        const source = checkView(body.view, blockRules);
        if (open) this.modals.update(view, source);
        return undefined;
      }
      case 'push': {
        const source = checkView(body.view, blockRules);
        if (open) this.modals.push(user.id, source);
        return undefined;
      }
      case 'errors':
        return inputErrors(view, body.errors);
      default:
        throw new SlackError('invalid_response_action');
    }
  }
}

function inputErrors(view: View, errors: unknown): Fields {
  const inputs = new Set(
    listOf(view.source.blocks)
      .filter((block) => block.type === 'input')
      .map((block) => block.block_id),
  );
  if (!isFields(errors) || Object.keys(errors).length === 0) throw new SlackError('invalid_response_errors');
  for (const [blockId, sentence] of Object.entries(errors)) {
    if (!inputs.has(blockId) || typeof sentence !== 'string' || sentence === '')
      throw new SlackError('invalid_response_errors', { block_id: blockId });
  }
  return errors;
}
