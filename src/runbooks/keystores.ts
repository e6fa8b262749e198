import { etcd } from './keystores/etcd.js';
import { haproxyMap } from './keystores/haproxy-map.js';
import { http } from './keystores/http.js';
import { jsonFile } from './keystores/json-file.js';
import type { KeyStoreKind } from './keystores/kind.js';
import { postgres } from './keystores/postgres.js';
import { redis } from './keystores/redis.js';

export type { KeyStoreKind, OpenKeyStore, StoreSurroundings } from './keystores/kind.js';

/** Every kind of key store: what `type:` under `keystores:` may say. */
export const KEY_STORES: readonly KeyStoreKind[] = [jsonFile, haproxyMap, etcd, redis, postgres, http];
