// Copies what tsc leaves behind (pages, schemas, templates) from src to dist, at the same place.
import { cp, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// Not copied but bundled.
const bundled = 'src/sandbox/page/app';
const compiled = new Set(['.ts', '.tsx', '.mts', '.cts']);

await cp(join(root, 'src'), join(root, 'dist'), {
  recursive: true,
  filter: (source) =>
    !compiled.has(extname(source)) && !source.endsWith('README.md') && source !== join(root, bundled),
});
await import('./build-page.mjs');

// The build is complete: bin/tocsin.js and the scripts look for this.
await writeFile(join(root, 'dist/.built'), '');
