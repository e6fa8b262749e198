import { BEGINNING } from '../walk/stories-begin.js';
import { LAST, RECORDING } from '../walk/stories-record.js';
import { tell } from '../walk/stories-stage.js';
import { STEERING } from '../walk/stories-steer.js';

// All that is told over Socket Mode with each change, over HTTP too.
tell('http', { ...BEGINNING, ...RECORDING, ...STEERING, ...LAST });
