import type { CallLog } from './call-log.js';
import type { Commands } from './commands.js';
import type { Dispatch } from './dispatch.js';
import type { Events } from './events.js';
import type { Faults } from './faults.js';
import type { Interactions } from './interactions.js';
import type { Modals } from './modals.js';
import type { RateLimits } from './rate.js';
import type { ResponseUrls } from './response-urls.js';
import type { Settings } from './settings.js';
import type { SocketTransport } from './socket.js';
import type { Submissions } from './submissions.js';
import type { Triggers } from './triggers.js';
import type { World } from './world.js';

/** Everything the control API drives. */
export interface Workshop {
  readonly world: World;
  readonly settings: Settings;
  readonly commands: Commands;
  readonly interactions: Interactions;
  readonly submissions: Submissions;
  readonly modals: Modals;
  readonly triggers: Triggers;
  readonly responseUrls: ResponseUrls;
  readonly dispatch: Dispatch;
  readonly events: Events;
  readonly faults: Faults;
  readonly calls: CallLog;
  readonly rate: RateLimits;
  readonly socket?: SocketTransport;
}
