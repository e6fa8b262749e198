import type { Methods } from './context.js';
import { basics } from './methods/basics.js';
import { chat } from './methods/chat.js';
import { conversations } from './methods/conversations.js';
import { files } from './methods/files.js';
import { history } from './methods/history.js';
import { marks } from './methods/marks.js';
import { people } from './methods/people.js';
import { views } from './methods/views.js';

/** Every Web API method the sandbox answers. Anything else is `unknown_method`. */
export const methods: Methods = {
  ...basics,
  ...chat,
  ...conversations,
  ...history,
  ...marks,
  ...people,
  ...views,
  ...files,
};

/** The supported names, as the README and a test list them. */
export const methodNames: readonly string[] = Object.keys(methods).sort();
