import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KeyStoreKind } from '#runbooks/keystores/keystore.js';
import { keyStoreContract, surroundings } from './contract.js';

const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url));

/** The example of the README as a module: as it stands there, in a folder of its own, with its imports where they lead. */
async function example(folder: string): Promise<Record<string, KeyStoreKind>> {
  const readme = await readFile(join(CHECKOUT, 'src/runbooks/keystores/README.md'), 'utf8');
  const [, code = ''] = /^```ts\n(.*?)^```/ms.exec(readme) ?? [];
  const file = join(folder, 'env-file.ts');
  await writeFile(
    file,
    code.replaceAll("from './", "from '#runbooks/keystores/").replaceAll("from '../", "from '#runbooks/"),
  );
  await symlink(join(CHECKOUT, 'node_modules'), join(folder, 'node_modules'));
  return import(file);
}

keyStoreContract('env-file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-readme-'));
  const { envFile } = await example(folder);
  const path = join(folder, 'keys.env');
  return {
    empty: () => rm(path, { force: true }),
    open: () => envFile!.open('tts-old', envFile!.settings.parse({ path }), surroundings()),
    refused: [
      { id: 'client-1', value: 'canary two' },
      { id: 'client-2', value: 'canary\nclient-3=canary' },
      { id: 'client 2', value: 'canary' },
      { id: '#', value: 'canary' },
      { id: 'client-2', value: '' },
    ],
    stop: () => rm(folder, { recursive: true }),
  };
});
