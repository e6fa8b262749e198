import type { Action } from '../action.js';
import { ask } from './ask.js';
import { http } from './http.js';
import { keysAdd } from './keys-add.js';
import { keysCompare } from './keys-compare.js';
import { keysProbe } from './keys-probe.js';
import { keysRemove } from './keys-remove.js';
import { keysRotate } from './keys-rotate.js';
import { probe } from './probe.js';
import { prometheusQuery } from './prometheus-query.js';
import { routeRead, routeSet } from './route-set.js';
import { shell } from './shell.js';
import { slackMessage } from './slack-message.js';
import { wait } from './wait.js';

/** Every action that a step can use. */
export const ACTIONS: ReadonlyMap<string, Action> = new Map(
  [
    ask, //
    http,
    keysAdd,
    keysCompare,
    keysProbe,
    keysRemove,
    keysRotate,
    probe,
    prometheusQuery,
    routeRead,
    routeSet,
    shell,
    slackMessage,
    wait,
  ].map((action: Action) => [action.name, action]),
);
