// The bot's own web server with nothing behind it but the folder of a status page.
import { openFolder } from '../../dist/public/folder.js';
import { startWeb } from '../../dist/web/server.js';

const { dir, incidents, components } = JSON.parse(process.argv[2]);
const lines = (n, what) =>
  Array.from({ length: n }, (_, i) => `<li><a href="${what}-${i}.html">${what} ${i}</a></li>`).join('');
const html = (title, n) =>
  `<!doctype html><html lang="en"><head><title>${title}</title></head><body><ul>${lines(n, title)}</ul></body></html>`;
function* files() {
  for (let i = 0; i < incidents; i++) yield [`incidents/INC-${i}.html`, html(`INC-${i}`, 40)];
  yield [
    'api/v2/summary.json',
    JSON.stringify({
      components: Array.from({ length: components }, (_, i) => ({
        id: `${i}`,
        name: `Component ${i}`,
        status: 'operational',
      })),
    }),
  ];
  yield ['index.html', html('Status', components * 4)];
}
const folder = openFolder(dir, { installation: 'bench' });
const began = performance.now();
await folder.write(async () => ({ revision: '1', files: files() }));
const firstMs = performance.now() - began;
const again = performance.now();
await folder.write(async () => ({ revision: '2', files: files() }));
const sameMs = performance.now() - again;

const ok = { state: 'ok' };
const log = { info() {}, warn() {}, error: (fields, message) => console.error(message, fields) };
const web = await startWeb(
  {
    health: { now: () => ({ database: ok, queue: ok, deliveries: ok, slack: ok, process: ok }) },
    exports: {},
    api: {},
    hooks: {},
    slack: null,
    status: { dir: () => dir, log },
    log,
  },
  '127.0.0.1',
  0,
);
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${web.port}`, firstMs, sameMs })}\n`);
process.on('SIGTERM', () => process.exit(0));
