import { haproxyMap } from './haproxy-map.js';
import { jsonFile } from './json-file.js';
import { nginx } from './nginx.js';
import type { RouteKind } from './route.js';

/** Every kind of route: what `type:` under `routes:` may say. */
export const ROUTES: readonly RouteKind[] = [haproxyMap, nginx, jsonFile];
