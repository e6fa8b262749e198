// `prepare`, which npm runs after an install in a checkout: compiles, where the compiler was installed.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ROOT } from './prepare.mjs';

// `npm ci --omit=dev` brings no compiler: then dist/ is built elsewhere (see Dockerfile).
if (existsSync(join(ROOT, 'node_modules/typescript'))) ensureBuilt();
