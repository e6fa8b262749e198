import type { Commands } from '../app/commands.js';
import type { Dispatch } from '../app/dispatch.js';
import type { Events } from '../app/events.js';
import type { Interactions } from '../app/interactions.js';
import type { Modals } from '../app/modals.js';
import type { ResponseUrls } from '../app/response-urls.js';
import type { Submissions } from '../app/submissions.js';
import type { Traffic } from '../app/traffic.js';
import type { SocketTransport } from '../app/transport/socket.js';
import type { Way } from '../app/transport/way.js';
import type { Triggers } from '../app/triggers.js';
import type { Webhooks } from '../app/webhooks.js';
import type { CallLog } from '../web-api/call-log.js';
import type { Faults } from '../web-api/faults.js';
import type { Installation } from '../web-api/install/installation.js';
import type { RateLimits } from '../web-api/rate.js';
import type { Tokens } from '../web-api/tokens.js';
import type { Settings } from '../workspace/settings.js';
import type { Snapshot } from '../workspace/snapshot.js';
import type { World } from '../workspace/world.js';

/** The workspace as it was, what waited on its clock, and who was let in. */
interface Kept {
  readonly of: Snapshot;
  readonly waiting: readonly unknown[];
  readonly putTokensBack: () => void;
}

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
  readonly tokens: Tokens;
  readonly installation: Installation;
  readonly rate: RateLimits;
  readonly socket?: SocketTransport;
  readonly way: Way;
  readonly traffic: Traffic;
  readonly webhooks: Webhooks;
  readonly signingSecret: string;
  readonly snapshots: Map<string, Kept>;
  /** Everything as at the start: people, channels, settings, clock, ordered failures. */
  readonly startOver: () => void;
}
