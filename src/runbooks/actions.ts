import type { Action } from './action.js';
import { keysAdd } from './actions/keys-add.js';
import { keysCompare } from './actions/keys-compare.js';
import { keysProbe } from './actions/keys-probe.js';
import { keysRemove } from './actions/keys-remove.js';
import { routeRead } from './actions/route-read.js';
import { routeSet } from './actions/route-set.js';

/** Every action that a step can use. */
export const ACTIONS: ReadonlyMap<string, Action> = new Map(
  [keysAdd, keysCompare, keysProbe, keysRemove, routeRead, routeSet].map((action: Action) => [
    action.name,
    action,
  ]),
);
