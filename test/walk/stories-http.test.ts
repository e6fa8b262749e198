import { BEGINNING } from './stories-begin.js';
import { RECORDING } from './stories-record.js';
import { tell } from './stories-stage.js';
import { STEERING } from './stories-steer.js';

// Of each way in which Slack speaks to us: a command, a shortcut, a form, a button, an event, the Home tab.
const all = { ...BEGINNING, ...RECORDING, ...STEERING };
const some = [
  'the command alone says where somebody is, and offers what is likely next',
  'an incident is declared from anywhere, and what is wrong is said beside its field',
  'the Home tab has what somebody has before them',
  'a message of anywhere goes into a timeline; the second to add it is told who was first',
  'what is edited or deleted in Slack, its entry follows',
  'what somebody else has changed meanwhile is shown before it is changed again',
  'whoever is paged acknowledges by a press',
] satisfies Array<keyof typeof all>;

tell('http', Object.fromEntries(some.map((title) => [title, all[title]])));
