import { type ReminderSettings, reminderDue } from '#domain/incident/reminder.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal } from '#domain/refusal.js';
import { botAsking, refOf } from '#domain/words.js';
import type { ScheduleWorld } from './world.js';

/** What reminding channels stands on. */
export interface ReminderWorld extends Pick<ScheduleWorld, 'tell' | 'now' | 'log'> {
  settings: ReminderSettings;
  /** Incidents that have a channel, and are open or have promised the public another post. */
  reminding(team: string): Promise<IncidentState[]>;
}

/**
 * Has every channel reminded of what is due there, one thing at a time. Whoever looks, and however often, each is said once:
 * that it is said is a fact, and a second one like it is none (domain/incident/rules/decide.ts). Whoever was away for a night finds
 * one thing due, not ten.
 */
export async function remindChannels(
  team: string,
  world: ReminderWorld,
  stopping?: AbortSignal,
): Promise<void> {
  for (const state of await world.reminding(team)) {
    if (stopping?.aborted) return;
    const now = world.now();
    const due = reminderDue(state, world.settings, now);
    if (!due) continue;
    const intent = { type: 'RemindChannel' as const, due, rhythm: state.rhythm ?? {} };
    const answer = await world.tell(intent, state.number, botAsking(team, null, now));
    const of = { incident: refOf(state.number), about: due.about, nth: due.nth };
    // It is found due again at the next look.
    if (isRefusal(answer)) world.log.warn({ ...of, code: answer.code }, 'a channel could not be reminded');
    else if (answer.facts.length > 0) world.log.info(of, 'a channel is reminded');
  }
}
