import type { IncidentState } from '#domain/incident/state.js';
import { pagesDue } from '#domain/paging/page.js';
import { isRefusal } from '#domain/refusal.js';
import { botAsking, refOf } from '#domain/words.js';
import type { ScheduleWorld } from './world.js';

/** What escalating pages stands on. */
export interface PagingWorld extends Pick<ScheduleWorld, 'tell' | 'now' | 'log'> {
  /** Incidents of which a page waits for somebody. */
  paging(team: string): Promise<IncidentState[]>;
}

/**
 * Begins the next step of pages that nobody has acknowledged in time, or says that nobody is left. When that is due is computed from
 * the record each time, so that nothing is lost with a process or a queue; whoever looks, and however often, each step begins once:
 * it is decided from the record, and written under a key.
 */
export async function escalatePages(team: string, world: PagingWorld): Promise<void> {
  for (const state of await world.paging(team)) {
    for (const intent of pagesDue(state, world.now())) {
      const step = intent.type === 'EscalatePage' ? intent.step : 'end';
      const ref = refOf(state.number);
      const asking = botAsking(team, `page:${ref}:${intent.page}:${step}`, world.now());
      const answer = await world.tell(intent, state.number, asking);
      const about = { incident: ref, page: intent.page, step };
      // Not recorded, it is due still when the next look comes.
      if (isRefusal(answer)) world.log.warn({ ...about, code: answer.code }, 'a page could not go on');
    }
  }
}
