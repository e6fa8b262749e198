#!/usr/bin/env node
// Plain JavaScript and the bot process itself: a signal to this process is a signal to the bot.
import { existsSync } from 'node:fs';

if (!existsSync(new URL('../dist/.built', import.meta.url))) {
  process.stderr.write('Tocsin is not compiled here. In its folder: npm install && npm run build\n');
  process.exit(1);
}
if (process.argv[2] === 'start') await import('../dist/main.js');
else await import('../dist/cli/main.js');
