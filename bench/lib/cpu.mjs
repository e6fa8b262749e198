// Processor time, which says what something costs also on a machine that others use at the same moment.
import { readdirSync, readFileSync } from 'node:fs';

const TICK_MS = 10;

/** Milliseconds of processor time that these processes have used so far; 0 for one that is gone. */
export function cpuMs(pids) {
  return pids.reduce((sum, pid) => {
    const fields = statOf(pid);
    return sum + (fields ? (Number(fields[11]) + Number(fields[12])) * TICK_MS : 0);
  }, 0);
}

/** The PostgreSQL server behind a client: its own process and one for each connection. */
export async function serverPids(client) {
  const { rows } = await client.query('select pg_backend_pid() as pid');
  const postmaster = statOf(rows[0].pid)[1];
  const children = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && statOf(pid)?.[1] === postmaster);
  return [postmaster, ...children];
}

/** Fields from the third on (state, parent, …): the second is a name, which may hold anything. */
function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}
