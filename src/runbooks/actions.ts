import type { Action } from './action.js';
import { ask } from './actions/ask.js';
import { http } from './actions/http.js';
import { keysAdd } from './actions/keys-add.js';
import { keysCompare } from './actions/keys-compare.js';
import { keysProbe } from './actions/keys-probe.js';
import { keysRemove } from './actions/keys-remove.js';
import { keysRotate } from './actions/keys-rotate.js';
import { probe } from './actions/probe.js';
import { prometheusQuery } from './actions/prometheus-query.js';
import { routeRead } from './actions/route-read.js';
import { routeSet } from './actions/route-set.js';
import { shell } from './actions/shell.js';
import { slackMessage } from './actions/slack-message.js';
import { wait } from './actions/wait.js';

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
