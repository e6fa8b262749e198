// Runs one command for the bot, in a process group of its own, for as long as our standard input is open. When that ends,
// because the bot wants the command to end or because the bot died, however it died, the whole group gets SIGTERM,
// and SIGKILL two seconds later: before another worker may take the bot's place. Started by src/runbooks/process.ts.
//
// The command comes as one line of JSON on standard input, {"file","args","cwd","env"}: arguments of ours could be read
// by everybody on the machine, and an environment of ours would be Node's too. What becomes of it is told on
// descriptor 3, a line each: {"started":GROUP} or {"error":CODE}, and in the end {"exit":CODE,"by":SIGNAL}.
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const GRACE_MS = 2_000;

let group = null;
let stopping = null;

// What is sent to every process of a service at its stop is no reason to leave the command alone.
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => {});

let line = '';
const read = (chunk) => {
  line += chunk;
  if (!line.endsWith('\n')) return;
  process.stdin.off('data', read).resume();
  start(JSON.parse(line));
};
const ended = () => {
  if (group === null) process.exit();
  stopping ??= stop();
};
process.stdin.setEncoding('utf8').on('data', read).on('end', ended).on('error', ended);

function start({ file, args, cwd, env }) {
  const refused = (error) => {
    tell({ error: error.code ?? null });
    process.exit();
  };
  try {
    const options = { cwd: cwd ?? undefined, env, shell: false, detached: true };
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', refused);
    if (child.pid === undefined) return;
    group = child.pid;
    tell({ started: group });
    child.once('exit', async (exit, by) => {
      await stopping;
      // Whatever it left behind.
      signalGroup('SIGKILL');
      tell({ exit, by });
      process.exit();
    });
  } catch (error) {
    refused(error);
  }
}

/** Asks the group to end, and ends it when it does not. */
async function stop() {
  signalGroup('SIGTERM');
  const end = performance.now() + GRACE_MS;
  while (performance.now() < end) {
    await sleep(20);
    if (!signalGroup(0)) return;
  }
  signalGroup('SIGKILL');
}

/** @returns whether there was anybody to get it */
function signalGroup(signal) {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}

function tell(what) {
  try {
    writeSync(3, `${JSON.stringify(what)}\n`);
  } catch {
    // Nobody is there any more to hear it.
  }
}
