import type { Methods } from '../web-api/context.js';
import { assistant } from './assistant.js';
import { auth } from './auth.js';
import { basics } from './basics.js';
import { blocks } from './blocks.js';
import { calls } from './calls.js';
import { canvases } from './canvases.js';
import { channelLists } from './channel-lists.js';
import { chat } from './chat.js';
import { conversations } from './conversations.js';
import { directs } from './directs.js';
import { dnd } from './dnd.js';
import { files } from './files.js';
import { history } from './history.js';
import { manifests } from './manifests.js';
import { marks } from './marks.js';
import { people } from './people.js';
import { profiles } from './profiles.js';
import { reactions } from './reactions.js';
import { reminders } from './reminders.js';
import { scheduled } from './scheduled.js';
import { streams } from './streams.js';
import { unfurling } from './unfurling.js';
import { usergroups } from './usergroups.js';
import { views } from './views.js';

/** Every Web API method the sandbox answers. Anything else is `unknown_method`. */
export const methods: Methods = {
  ...basics,
  ...blocks,
  ...calls,
  ...canvases,
  ...channelLists,
  ...chat,
  ...conversations,
  ...directs,
  ...history,
  ...marks,
  ...people,
  ...reactions,
  ...scheduled,
  ...streams,
  ...unfurling,
  ...views,
  ...files,
  ...auth,
  ...manifests,
  ...profiles,
  ...dnd,
  ...usergroups,
  ...reminders,
  ...assistant,
};

/** The supported names, as the README and a test list them. */
export const methodNames: readonly string[] = Object.keys(methods).sort();
