import type { Sandbox } from './sandbox.js';
import { run } from './start/program.js';

/** The sandbox as a process of its own: says on stdout when it is ready, and keeps its log on stderr. */
async function main(): Promise<void> {
  const started = await run(process.argv.slice(2), {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    terminal: process.stdout.isTTY,
  });
  if (typeof started === 'number') process.exitCode = started;
  else stopWhenTold(started.sandbox, started.options.withParent);
}

/** A signal, or the end of the parent if that is wanted, closes what is open. */
function stopWhenTold(sandbox: Sandbox, withParent: boolean): void {
  let stopping = false;
  const stop = () => {
    // A terminal sends the signal to every process of the line, and the one above hands it on as well.
    if (stopping) return;
    stopping = true;
    void sandbox.stop().then(() => process.exit(0));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  if (!withParent) return;
  process.stdin.resume();
  process.stdin.on('end', stop);
  process.stdin.on('close', stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
