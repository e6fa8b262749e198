// Bundles the page of the local Slack (src/sandbox/page/app) into dist/sandbox/page/built: one script, one style sheet.
import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const from = join(root, 'src/sandbox/page/app');
const to = join(root, 'dist/sandbox/page/built');

await mkdir(to, { recursive: true });
await build({
  entryPoints: [join(from, 'main.tsx')],
  outdir: to,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  // The licences of what is bundled travel with it.
  legalComments: 'linked',
  logLevel: 'warning',
});
await cp(join(from, 'index.html'), join(to, 'index.html'));
