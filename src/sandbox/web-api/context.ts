import type { Events } from '../app/events.js';
import type { Modals } from '../app/modals.js';
import type { SocketTransport } from '../app/transport/socket.js';
import type { Triggers } from '../app/triggers.js';
import type { Fields } from '../fields.js';
import type { World } from '../workspace/world.js';
import type { Args } from './args.js';
import type { Installation } from './install/installation.js';
import type { Tier } from './rate.js';
import type { Bearer, TokenKind, Tokens } from './tokens.js';

/** What a Web API method works with. */
export interface Call {
  readonly args: Args;
  readonly world: World;
  readonly triggers: Triggers;
  readonly modals: Modals;
  readonly tokens: Tokens;
  readonly installation: Installation;
  readonly events: Events;
  /** Absent in HTTP mode. */
  readonly socket?: SocketTransport;
  /** Whose token it is. */
  readonly bearer: Bearer;
  /** The token itself; empty where none is needed. */
  readonly token: string;
  /** The user that the token speaks for: the app's bot user, or a person with an `xoxp` token. */
  readonly me: string;
}

/** One method of the Web API. */
export interface Method {
  readonly tier: Tier;
  /** Kinds of token that it takes; bot and user when absent. */
  readonly tokens?: readonly TokenKind[];
  /** Whether it is called without a token. */
  readonly anonymous?: true;
  /** Any one of these scopes will do; none means that no scope is needed. */
  readonly scopes?: readonly string[] | ((call: Call) => readonly string[]);
  /**
   * Whether it takes its arguments as JSON. Absent: by its name, since Slack's methods that only read take none
   * (see {@link takesJson}).
   */
  readonly json?: boolean;
  /** Refuses GET with `insecure_request`. */
  readonly post?: boolean;
  /** Codes that it refuses with, beside those that every method can; the coverage table lists them. */
  readonly errors?: readonly string[];
  /** Returns the members of the answer beside `ok`; refuses by throwing. */
  readonly run: (call: Call) => Fields;
}

/** Last parts of the names of methods that only read. */
const READS = new Set([
  ...['info', 'list', 'history', 'replies', 'members', 'get', 'conversations', 'lookupByEmail', 'lookup'],
  ...['getPresence', 'getPermalink', 'getUploadURLExternal', 'teamInfo', 'identity', 'access'],
]);
/** Methods that Slack documents with JSON although they only read. */
const READS_JSON = new Set(['chat.scheduledMessages.list', 'bookmarks.list', 'canvases.sections.lookup']);

/** True when Slack reads the JSON body of this method; for the others it is as if there was none. */
export function takesJson(name: string, method: Pick<Method, 'json'> | undefined): boolean {
  const last = name.split('.').at(-1) ?? '';
  return method?.json ?? (READS_JSON.has(name) || !READS.has(last));
}

export type Methods = Record<string, Method>;
