import type { Fields } from '../../fields.js';

/** Something to pick in a menu of people or conversations. */
export interface Choice {
  readonly id: string;
  readonly label: string;
  readonly detail?: string;
  /** Of conversations: what the `filter` of a menu asks for. */
  readonly kind?: 'public' | 'private' | 'mpim' | 'im';
  /** A bot, or a direct message with one. */
  readonly bot?: boolean;
  /** Shared with another workspace. */
  readonly shared?: boolean;
}

/** How ids are shown to this reader, and when and where the reader is. */
export interface Names {
  user(id: string): string | undefined;
  /** Undefined for a channel that the reader cannot see. */
  channel(id: string): string | undefined;
  group(id: string): string | undefined;
  /** A character, or the address of an image; undefined for a name nobody knows. The name may end in `::skin-tone-3`. */
  emoji(name: string): { char: string } | { url: string } | undefined;
  /** Milliseconds since 1970 by the workspace's clock. */
  now(): number;
  /** IANA name; left out: the zone of the reader's device. */
  readonly tz?: string;
  readonly hour12: boolean;
  /** Id of the reader, whose own mentions stand out. */
  readonly me?: string;
}

/**
 * What was typed or picked, by block and action: text, an option's value (the whole option where the app suggested
 * it), an id, a date `YYYY-MM-DD`, a time `HH:mm`, epoch seconds, a `rich_text` block, a list of these; null when emptied.
 */
export type Typed = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What else goes with a click. */
export interface Around {
  /** Values of all elements of the message or view, as typed so far. */
  readonly values: Typed;
  /** Id of the view; left out in a message. */
  readonly view?: string;
}

/** What is offered to someone who types in an external menu. */
export interface Suggested {
  readonly options?: readonly Fields[];
  readonly groups?: readonly Fields[];
  /** Why there is nothing, in the words of the control API. */
  readonly error?: string;
}

/** Where blocks stand: how they look things up and whom they tell. */
export interface Place {
  readonly kind: 'message' | 'modal' | 'home';
  readonly names: Names;
  readonly people: readonly Choice[];
  readonly channels: readonly Choice[];
  readonly conversations: readonly Choice[];
  /** Id of the conversation that the reader has open, for `default_to_current_conversation`. */
  readonly here?: string;
  /**
   * Tells the app of a click or a change.
   * @param value undefined for buttons, else as in `Typed`
   * @returns what went wrong (`operation_timeout`, `dispatch_failed`, …), shown beside the element; undefined when all is well
   */
  act(block: Fields, element: Fields, value: unknown, around: Around): Promise<string | undefined>;
  /** Asks the app for options. */
  suggest(block: Fields, element: Fields, query: string, around: Around): Promise<Suggested>;
  /** Uploads a file that was chosen in a form, and gives its id. */
  upload?(file: File): Promise<{ id: string; name: string }>;
  /** Shows a person's profile or goes to a channel. */
  open?(what: { user: string } | { channel: string }): void;
}

/** What came of a submitted modal; `errors` by `block_id`. */
export interface Submitted {
  readonly ok: boolean;
  readonly error?: string;
  readonly errors?: Fields;
}
