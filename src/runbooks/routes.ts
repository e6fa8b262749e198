import { haproxyMap } from './routes/haproxy-map.js';
import { jsonFile } from './routes/json-file.js';
import type { RouteKind } from './routes/kind.js';
import { nginx } from './routes/nginx.js';

export type { RouteKind } from './routes/kind.js';

/** Every kind of route: what `type:` under `routes:` may say. */
export const ROUTES: readonly RouteKind[] = [haproxyMap, nginx, jsonFile];
