// What a bench prints: JSON on stdout, lines for people on stderr, and a copy in bench/out/.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { machine } from './figures.mjs';

// Before anything of ours runs, or we would report the load that we made.
const on = machine();

/** @param result `{targets: [{what, measured, target, met}], figures, raw}` */
export function report(bench, result) {
  const whole = { bench, at: new Date().toISOString(), machine: on, ...result };
  const out = fileURLToPath(new URL('../out', import.meta.url));
  mkdirSync(out, { recursive: true });
  writeFileSync(`${out}/${bench}.json`, `${JSON.stringify(whole, null, 2)}\n`);
  for (const { what, measured, target, met } of result.targets) {
    console.error(`  ${met ? '✓' : '✗'} ${what}: ${measured} (${target})`);
  }
  for (const [what, figure] of Object.entries(result.figures))
    console.error(`    ${what}: ${JSON.stringify(figure)}`);
  process.stdout.write(`${JSON.stringify(whole)}\n`);
}
