import { isRefusal } from '#domain/refusal.js';
import type { WorkerRunIntent } from '#domain/run-intent.js';
import type { RunWorld } from './run-ports.js';

/** Somebody has moved the run on since it was read (an answer, a cancellation, another worker): read it again. */
export class Moved extends Error {}

/** It could not be recorded, or nobody knows: the run is taken up again later, from what is in the record. */
export class NotKept extends Error {}

/** Records what a worker did, every text scrubbed of known secrets. @throws Moved | NotKept */
export type RunTell = (intent: WorkerRunIntent) => Promise<void>;

export function runTell(world: RunWorld, team: string, incident: number): RunTell {
  return async (intent) => {
    const answer = await world.tell(world.scrub.json(intent), incident, {
      team,
      by: { id: 'tocsin', name: null },
      source: 'bot',
      // How the run stands is the key: nothing is begun or finished twice (decide/run-work.ts).
      key: null,
      now: world.now(),
      seesPrivate: true,
    });
    if (!isRefusal(answer)) return;
    if (answer.code === 'RUN_MOVED_ON' || answer.code === 'NO_SUCH_RUN') throw new Moved(answer.sentence);
    throw new NotKept(`${intent.type}: ${answer.code}`);
  };
}
