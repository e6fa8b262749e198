import { useState } from 'preact/hooks';
import { type Fields, isFields, listOf } from '../../../fields.js';
import type { Around, Place } from '../place.js';

/** The blocks that elements stand in: their values, and the way to the app. */
export interface Form {
  readonly place: Place;
  readonly view?: string;
  /** What is wrong, by `block_id`. */
  readonly errors?: Fields;
  /** What an element holds now. */
  valueOf(block: Fields, element: Fields): unknown;
  /** Keeps a value. */
  keep(block: Fields, element: Fields, value: unknown): void;
  /** All values, with this one in place. */
  around(block: Fields, element: Fields, value: unknown): Around;
  /** Asks the person; true at once when the element has no `confirm`. */
  confirm(element: Fields): Promise<boolean>;
}

/** How an element is named and described to those who do not see it. */
export interface Naming {
  /** Id for the input itself, to which a label points. */
  readonly id: string;
  /** Id of the label of an input block. */
  readonly labelledBy?: string;
  readonly describedBy?: string;
  readonly invalid?: boolean;
  readonly required?: boolean;
}

/** What every element is given. */
export interface ElementProps {
  readonly form: Form;
  readonly block: Fields;
  readonly element: Fields;
  readonly naming: Naming;
}

/** `aria-…` attributes of an element; `words` name it where no label stands beside it. */
export function aria(naming: Naming, words: string) {
  return {
    id: naming.id,
    'aria-labelledby': naming.labelledBy,
    'aria-label': naming.labelledBy ? undefined : words,
    'aria-describedby': naming.describedBy,
    'aria-invalid': naming.invalid ? ('true' as const) : undefined,
  };
}

/** Whether a change of this element is told to the app at once. */
export function speaks(block: Fields): boolean {
  return block.type !== 'input' || block.dispatch_action === true;
}

/** When a text input is told to the app. */
export function dispatchOn(block: Fields, element: Fields): { enter: boolean; characters: boolean } {
  if (!speaks(block)) return { enter: false, characters: false };
  const { dispatch_action_config: config } = element;
  const on =
    isFields(config) && Array.isArray(config.trigger_actions_on) ? config.trigger_actions_on : undefined;
  // Slack's own default.
  if (!on) return { enter: true, characters: false };
  return { enter: on.includes('on_enter_pressed'), characters: on.includes('on_character_entered') };
}

/** How an element talks with the app. */
export interface Talk {
  readonly busy: boolean;
  /** What the person is told when the app did not answer well. */
  readonly trouble?: string;
  /** Tells the app, after the confirm dialog if there is one; false when the person thought better of it. */
  tell(value: unknown): Promise<boolean>;
  /** Keeps a value and tells the app if it wants to hear of it. */
  change(value: unknown): Promise<void>;
}

export function useTalk({ form, block, element }: Omit<ElementProps, 'naming'>): Talk {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string>();
  const tell = async (value: unknown) => {
    if (!(await form.confirm(element))) return false;
    setBusy(true);
    const error = await form.place
      .act(block, element, value, form.around(block, element, value))
      .catch(() => 'connection_failed');
    setBusy(false);
    setTrouble(error && troubleOf(error));
    return true;
  };
  const change = async (value: unknown) => {
    const before = form.valueOf(block, element);
    form.keep(block, element, value);
    if (speaks(block) && !(await tell(value))) form.keep(block, element, before);
  };
  return { busy, trouble, tell, change };
}

/** Slack's words for an answer that did not come, or was none. */
export function troubleOf(error: string): string {
  switch (error) {
    case 'operation_timeout':
      return 'This app did not respond in time (operation_timeout). Try again?';
    case 'dispatch_failed':
      return 'This app did not respond (dispatch_failed). Try again?';
    default:
      return `Something went wrong (${error}). Try again?`;
  }
}

/** The groups of a menu with their options; a menu without groups is one group without a name. */
export function groupsOf(options: readonly Fields[] | undefined, groups: readonly Fields[] | undefined) {
  if (groups && groups.length > 0) {
    return groups.map((group) => ({ label: group.label, options: listOf(group.options) }));
  }
  return [{ label: undefined, options: options ?? [] }];
}
