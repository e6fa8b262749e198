// `npm run demo`: installs and compiles what is missing, then replays the founding incident in a local Slack.
import { ensureBuilt, ensureInstalled } from './prepare.mjs';

ensureInstalled();
ensureBuilt();
const { demo } = await import('../demo/demo.mjs');
process.exitCode = await demo(process.argv.slice(2));
