import { checkView } from '../blocks/check.js';
import { type Fields, isFields, listOf } from '../fields.js';
import { SlackError } from '../refuse.js';
import type { User } from '../workspace/objects/user.js';
import { ackOf } from './commands.js';
import { type Dispatch, failureOf } from './dispatch.js';
import type { Interactions, Outcome } from './interactions.js';
import type { Modals, View } from './modals.js';
import type { Triggers } from './triggers.js';
import { stateOf, type Typed, unfit } from './view-state.js';

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

  /** Presses the submit button of a modal. */
  async submit(user: User, view: View, typed: Typed, copies = 1): Promise<SubmitOutcome> {
    const blocks = listOf(view.source.blocks);
    const state = stateOf(blocks, typed, view.values);
    const problems = unfit(blocks, state);
    view.values = state;
    if (Object.keys(problems).length > 0) {
      return { ok: false, error: 'client_refused', errors: problems, ack: { status: null, body: '' } };
    }
    const triggerId = this.triggers.issue(user.id, view.id);
    const payload = {
      type: 'view_submission',
      ...this.interactions.common(user),
      trigger_id: triggerId,
      view: this.modals.show(view),
      response_urls: [],
    };
    const receipts = await this.dispatch.send('interactive', payload, copies);
    const failed = receipts.map(failureOf).find((it) => it !== undefined);
    const first = receipts[0];
    if (!first || failed)
      return { ok: false, error: failed, ack: first ? ackOf(first) : { status: null, body: '' } };
    const ack = ackOf(first);
    try {
      const errors = this.#apply(user, view, ack.body);
      return errors
        ? { ok: false, error: 'errors', errors, ack, trigger_id: triggerId }
        : { ok: true, ack, trigger_id: triggerId };
    } catch (error) {
      if (!(error instanceof SlackError)) throw error;
      // The person sees "We had some trouble connecting" and the modal stays.
      return { ok: false, error: error.code, errors: error.extra, ack };
    }
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
    switch (body.response_action) {
      case 'clear':
        this.modals.clear(user.id);
        return undefined;
      case 'update':
        this.modals.update(view, checkView(body.view));
        return undefined;
      case 'push':
        this.modals.push(user.id, checkView(body.view));
        return undefined;
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
  for (const blockId of Object.keys(errors)) {
    if (!inputs.has(blockId)) throw new SlackError('invalid_response_errors', { block_id: blockId });
  }
  return errors;
}
