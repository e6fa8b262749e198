import { laneBeside } from '#domain/incident/effect.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal } from '#domain/refusal.js';
import { maintenanceDue } from '#domain/status/decide.js';
import { botAsking, maintenanceRef, refOf, STANDING } from '#domain/words.js';
import type { ScheduleWorld } from './world.js';

/** What keeping promises to the public stands on. */
export interface PublicScheduleWorld
  extends Pick<ScheduleWorld, 'tell' | 'incident' | 'owe' | 'now' | 'log'> {
  /** Incidents whose public was promised another post. */
  promising(team: string): Promise<IncidentState[]>;
}

/**
 * Begins and ends planned work as it was planned, and has people reminded of posts that the public was promised by now. Whoever
 * looks, and however often: each happens once.
 * @param reminded what this process has owed already; what another owed is known by its key
 */
export async function keepPromises(
  team: string,
  world: PublicScheduleWorld,
  reminded: Set<string>,
): Promise<void> {
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
  // Also of what people hold to be over, where the public has not heard of it.
  const due = (await world.promising(team)).flatMap(({ number, channel, promised }) =>
    channel && promised && Date.parse(promised.by) <= world.now().getTime()
      ? [{ number, n: promised.n }]
      : [],
  );
  const keys = new Set(due.map(({ number, n }) => keyOf(number, n)));
  for (const key of reminded) if (!keys.has(key)) reminded.delete(key);
  for (const { number, n } of due) {
    const key = keyOf(number, n);
    if (reminded.has(key)) continue;
    const lane = laneBeside(team, number, 'status.remind');
    await world.owe({ kind: 'status.remind', payload: { n } }, { team, lane, incident: number, key });
    reminded.add(key);
  }
}

const keyOf = (incident: number, n: number) => `remind:${refOf(incident)}:${n}`;
