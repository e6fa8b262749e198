import { haproxyMap } from './keystores/haproxy-map.js';
import { jsonFile } from './keystores/json-file.js';
import type { KeyStoreKind } from './keystores/kind.js';

export type { KeyStoreKind, OpenKeyStore, StoreSurroundings } from './keystores/kind.js';

/** Every kind of key store: what `type:` under `keystores:` may say. */
export const KEY_STORES: readonly KeyStoreKind[] = [jsonFile, haproxyMap];
