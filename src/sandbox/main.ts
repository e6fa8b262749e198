import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { startSandbox } from './sandbox.js';

const HELP = `usage: node sandbox/main.js --manifest FILE [--port 4100] [--host 127.0.0.1] [--events-url URL]
  --events-url URL   HTTP mode: payloads go there; without it the app connects in Socket Mode
  --no-rate-limits   answer every call at once
  --with-parent      stop when standard input closes
  --quiet            no line for each call on standard error`;

/** The sandbox as a process of its own: one JSON line on stdout when it is ready, its log on stderr. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '4100' },
      host: { type: 'string' },
      manifest: { type: 'string' },
      'events-url': { type: 'string' },
      'signing-secret': { type: 'string' },
      'bot-token': { type: 'string' },
      'app-token': { type: 'string' },
      'no-rate-limits': { type: 'boolean', default: false },
      'with-parent': { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || !values.manifest) {
    process.stderr.write(`${HELP}\n`);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const manifest: unknown = parse(await readFile(values.manifest, 'utf8'));
  if (typeof manifest !== 'object' || manifest === null)
    throw new Error(`${values.manifest} is not a manifest`);
  const sandbox = await startSandbox({
    port: Number(values.port),
    host: values.host,
    manifest,
    eventsUrl: values['events-url'],
    signingSecret: values['signing-secret'],
    botToken: values['bot-token'],
    appToken: values['app-token'],
    settings: { rateLimits: !values['no-rate-limits'] },
    log: values.quiet ? undefined : (line) => process.stderr.write(`${line}\n`),
  });
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    void sandbox.stop().then(() => process.exit(0));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  if (values['with-parent']) {
    process.stdin.resume();
    process.stdin.on('end', stop);
    process.stdin.on('close', stop);
  }
  const { url, apiUrl, botToken, appToken, signingSecret, teamId } = sandbox;
  process.stdout.write(`${JSON.stringify({ url, apiUrl, botToken, appToken, signingSecret, teamId })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
