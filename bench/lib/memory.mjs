// How much memory a process holds, and has held at most since the peak was last forgotten (Linux).
import { readFileSync, writeFileSync } from 'node:fs';

const mb = (pid, field) =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) /
  1024;

export const residentMb = (pid) => Math.round(mb(pid, 'VmRSS') * 10) / 10;
export const peakMb = (pid) => mb(pid, 'VmHWM');

/** The peak starts again at what is held now. */
export function forgetPeak(pid) {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
