// A process of its own that opens an embedded database and does what it is told, one JSON line at a time.
// Usage: node opener.mjs FOLDER-OF-COMPILED-SOURCES OPTIONS-AS-JSON

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [folder, options] = process.argv.slice(2);
const { openEmbedded } = await import(pathToFileURL(join(folder, 'src/store/embedded/embedded.js')).href);
const pg = createRequire(join(folder, 'package.json'))('pg');
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const lines = createInterface({ input: process.stdin });

try {
  const embedded = await openEmbedded({ ...JSON.parse(options), log: { info() {}, warn() {} } });
  const pool = new pg.Pool({ ...embedded.connection, max: 1 });
  pool.on('error', () => {});
  say({ connection: embedded.connection, owned: embedded.owned, note: embedded.note });
  for await (const line of lines) {
    const { sql, close } = JSON.parse(line);
    if (close) {
      await pool.end();
      await embedded.close();
      say({ closed: true });
      break;
    }
    try {
      say({ rows: (await pool.query(sql)).rows });
    } catch (error) {
      say({ error: { name: error.name, message: error.message } });
    }
  }
} catch (error) {
  say({ error: { name: error.name, message: error.message } });
}
// The end of our input is the end of the test.
process.exit(0);
