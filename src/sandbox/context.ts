import type { Args } from './args.js';
import type { Fields } from './fields.js';
import type { Modals } from './modals.js';
import type { Tier } from './rate.js';
import type { SocketTransport } from './socket.js';
import type { Triggers } from './triggers.js';
import type { World } from './world.js';

/** What a Web API method works with. */
export interface Call {
  readonly args: Args;
  readonly world: World;
  readonly triggers: Triggers;
  readonly modals: Modals;
  /** Absent in HTTP mode. */
  readonly socket?: SocketTransport;
  /** The app's bot user. */
  readonly me: string;
}

/** One method of the Web API. */
export interface Method {
  readonly tier: Tier;
  /** `app` for the one method that wants the app-level token. */
  readonly token?: 'app';
  /** Any one of these scopes will do; none means that no scope is needed. */
  readonly scopes?: readonly string[] | ((call: Call) => readonly string[]);
  /** Returns the members of the answer beside `ok`; refuses by throwing. */
  readonly run: (call: Call) => Fields;
}

export type Methods = Record<string, Method>;
