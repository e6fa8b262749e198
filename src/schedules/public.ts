import { laneBeside } from '#domain/incident/effect.js';
import { isRefusal } from '#domain/refusal.js';
import { maintenanceDue } from '#domain/status/decide.js';
import { botAsking, maintenanceRef, refOf, STANDING } from '#domain/words.js';
import type { ScheduleWorld } from './world.js';

/** What keeping promises to the public stands on. */
export type PublicScheduleWorld = Pick<
  ScheduleWorld,
  'tell' | 'incident' | 'openIncidents' | 'owe' | 'now' | 'log'
>;

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
  const due = (await world.openIncidents(team)).flatMap(({ number, channel, lastPost }) =>
    channel && lastPost?.next !== undefined && Date.parse(lastPost.next) <= world.now().getTime()
      ? [{ number, n: lastPost.n }]
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
