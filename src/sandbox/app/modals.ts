import { blocksWithIds } from '../blocks/ids.js';
import { elementsIn } from '../blocks/walk.js';
import { copy, type Fields, listOf, textOf } from '../fields.js';
import { refuse, refuseWith } from '../refuse.js';
import type { World } from '../workspace/world.js';

const MAX_DEPTH = 3;

/** A view on someone's screen: a modal in the stack, or a Home tab. */
export interface View {
  readonly id: string;
  readonly user: string;
  readonly rootId: string;
  readonly previousId: string | null;
  hash: string;
  /** What the app sent, with block ids filled in. */
  source: Fields;
  /** Values typed so far, by block and action; survives an update for the same ids only. */
  values: Record<string, Record<string, Fields>>;
}

/** Stacks of modals, one for each person, and Home tabs. */
export class Modals {
  readonly stacks = new Map<string, View[]>();
  readonly homes = new Map<string, View>();

  constructor(readonly world: World) {}

  /** Opens a first modal; whatever was open is replaced. */
  open(user: string, source: Fields): View {
    this.#mustBeFree(source, undefined);
    const id = this.world.ids.make('V');
    const view = this.#make(id, user, id, null, source);
    this.stacks.set(user, [view]);
    this.world.changed();
    return view;
  }

  /** Puts a modal on top of the one the trigger came from. */
  push(user: string, source: Fields): View {
    const stack = this.stacks.get(user) ?? [];
    const top = stack.at(-1);
    if (!top) refuse('not_found');
    if (stack.length >= MAX_DEPTH) refuse('push_limit_reached');
    mustMatch(source, top, 'root');
    this.#mustBeFree(source, undefined);
    const view = this.#make(this.world.ids.make('V'), user, top.rootId, top.id, source);
    stack.push(view);
    this.world.changed();
    return view;
  }

  /**
   * Replaces what a view shows.
   * @throws SlackError `hash_conflict`, `duplicate_external_id`, `invalid_arguments` when it is of another type
   */
  update(view: View, source: Fields, hash?: string): View {
    if (hash !== undefined && hash !== '' && hash !== view.hash) refuse('hash_conflict');
    mustMatch(source, view, 'existing');
    this.#mustBeFree(source, view);
    view.source = this.#prepared(source);
    const kept: View['values'] = {};
    for (const { block, element } of elementsIn(listOf(view.source.blocks))) {
      const [blockId, actionId] = [String(block.block_id), String(element.action_id)];
      const value = view.values[blockId]?.[actionId];
      if (value?.type === element.type && value) kept[blockId] = { ...kept[blockId], [actionId]: value };
    }
    view.values = kept;
    view.hash = this.#hash();
    this.world.changed();
    return view;
  }

  publish(user: string, source: Fields, hash?: string): View {
    const known = this.homes.get(user);
    if (known) return this.update(known, source, hash);
    const id = this.world.ids.make('V');
    const view = this.#make(id, user, id, null, source);
    this.homes.set(user, view);
    this.world.changed();
    return view;
  }

  /** An open view by id or by the app's own id. */
  find(id: string | undefined, externalId?: string): View | undefined {
    for (const view of this.#all()) {
      if (id ? view.id === id : externalId && view.source.external_id === externalId) return view;
    }
    return undefined;
  }

  top(user: string): View | undefined {
    return this.stacks.get(user)?.at(-1);
  }

  /** Takes one view off, with everything above it. */
  close(view: View): void {
    const stack = this.stacks.get(view.user) ?? [];
    if (!stack.includes(view)) return;
    this.stacks.set(view.user, stack.slice(0, stack.indexOf(view)));
    this.world.changed();
  }

  clear(user: string): void {
    this.stacks.delete(user);
    this.world.changed();
  }

  reset(): void {
    this.stacks.clear();
    this.homes.clear();
  }

  /** The view object of the Web API and of payloads. */
  show(view: View): Fields {
    const { source } = view;
    const { teamId, appId, botId } = this.world.identity;
    return copy({
      id: view.id,
      team_id: teamId,
      type: source.type,
      blocks: source.blocks,
      private_metadata: source.private_metadata ?? '',
      callback_id: source.callback_id ?? '',
      state: { values: view.values },
      hash: view.hash,
      title: source.title ?? { type: 'plain_text', text: 'View Title', emoji: true },
      clear_on_close: source.clear_on_close ?? false,
      notify_on_close: source.notify_on_close ?? false,
      close: source.close ?? null,
      submit: source.submit ?? null,
      submit_disabled: source.submit_disabled ?? false,
      previous_view_id: view.previousId,
      root_view_id: view.rootId,
      app_id: appId,
      external_id: source.external_id ?? '',
      app_installed_team_id: teamId,
      bot_id: botId,
    });
  }

  *#all(): Iterable<View> {
    for (const stack of this.stacks.values()) yield* stack;
    yield* this.homes.values();
  }

  #mustBeFree(source: Fields, self: View | undefined): void {
    const external = textOf(source.external_id);
    if (!external) return;
    const holder = this.find(undefined, external);
    if (holder && holder !== self) refuse('duplicate_external_id');
  }

  #make(id: string, user: string, rootId: string, previousId: string | null, source: Fields): View {
    return { id, user, rootId, previousId, hash: this.#hash(), source: this.#prepared(source), values: {} };
  }

  #hash(): string {
    return `${this.world.clock.seconds()}.${this.world.ids.hex(8)}`;
  }

  /** Fills in the ids that the app left to Slack. */
  #prepared(source: Fields): Fields {
    return { ...copy(source), blocks: blocksWithIds(this.world.ids, listOf(source.blocks)) };
  }
}

/**
 * Refuses a view of another type than the one that it replaces or stands on: a modal is not pushed onto a Home tab.
 * @throws SlackError `invalid_arguments`
 */
export function mustMatch(source: Fields, view: View, which: 'existing' | 'root'): void {
  if (source.type === view.source.type) return;
  refuseWith('invalid_arguments', [`must match the \`type\` of the ${which} view [json-pointer:/view/type]`]);
}
