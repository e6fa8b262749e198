import { isRefusal } from '#domain/refusal.js';
import { maintenanceDue } from '#domain/status/decide.js';
import { botAsking, maintenanceRef, STANDING } from '#domain/words.js';
import type { ScheduleWorld } from './world.js';

/** What keeping promises to the public stands on. */
export type PublicScheduleWorld = Pick<ScheduleWorld, 'tell' | 'incident' | 'now' | 'log'>;

/** Begins and ends planned work as it was planned. Whoever looks, and however often: each happens once. */
export async function keepPromises(team: string, world: PublicScheduleWorld): Promise<void> {
  const standing = await world.incident(team, STANDING);
  for (const intent of standing ? maintenanceDue(standing, world.now()) : []) {
    const { maintenance, state } = intent;
    const asking = botAsking(team, `maintenance:${maintenance}:${state}`, world.now());
    const answer = await world.tell(intent, STANDING, asking);
    const about = { maintenance: maintenanceRef(maintenance), state };
    if (isRefusal(answer))
      world.log.warn({ ...about, code: answer.code }, 'planned work could not be moved on');
    else world.log.info(about, 'planned work goes on as planned');
  }
}
