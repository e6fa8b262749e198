import { etcd } from './etcd.js';
import { haproxyMap } from './haproxy-map.js';
import { http } from './http.js';
import { jsonFile } from './json-file.js';
import type { KeyStoreKind } from './keystore.js';
import { postgres } from './postgres.js';
import { redis } from './redis.js';

/** Every kind of key store: what `type:` under `keystores:` may say. */
export const KEY_STORES: readonly KeyStoreKind[] = [jsonFile, haproxyMap, etcd, redis, postgres, http];
