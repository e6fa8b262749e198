import type { WorkerRunIntent } from '#domain/run/intent.js';
import { plan, STEPS } from '../domain/run/facts.js';
import { BO, type Kit } from './kit.js';

/** Runs as facts only: nothing plans or does them. */

export const HASH = 'deadbeef'.repeat(8);
const BOT = { id: 'tocsin', name: null };

/** What a worker says of a run. */
export const works = (kit: Kit, intent: WorkerRunIntent, incident: number) =>
  kit.says(intent, incident, BOT as never);

export const asksForRun = (kit: Kit, incident: number) =>
  kit.says(
    {
      type: 'ProposeRun',
      runbook: 'key-sync',
      definition: 'name: key-sync\ntitle: Copy missing keys\n',
      inputs: '{}',
      target: `keys:${incident}`,
      planOnly: false,
    },
    incident,
  );

/** RUN-1 has a plan, and bo may agree to it. */
export function hasPlan(kit: Kit, incident: number, more: { required?: number; self?: boolean } = {}) {
  const expiresAt = '2099-01-01T00:00:00.000Z';
  const approvers = { required: 1, from: [BO.id], people: [], self: false, expiresAt, ...more };
  const steps = STEPS.map(({ id }) => id);
  const planned = { hash: HASH, steps, changes: 1, approvers, plan: JSON.stringify(plan(...STEPS)) };
  return works(kit, { type: 'NoteRunPlanned', run: 1, fence: 1, ...planned }, incident);
}
