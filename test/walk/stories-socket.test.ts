import { BEGINNING } from './stories-begin.js';
import { LAST, RECORDING } from './stories-record.js';
import { tell } from './stories-stage.js';
import { STEERING } from './stories-steer.js';

tell('socket', { ...BEGINNING, ...RECORDING, ...STEERING, ...LAST });
