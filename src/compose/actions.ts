import type { World } from '#deliver/ports.js';
import { isRefusal } from '#domain/refusal.js';
import { now } from '#elapsed.js';
import type { Log } from '#log.js';
import type { ActionScheduleWorld } from '#schedules/actions.js';
import { createTrackerHook } from '#tracker/hook.js';
import type { Hooks } from '#web/hooks.js';
import { actionSettings, trackerOf } from './action-settings.js';
import type { Core } from './core.js';

interface ActionParts {
  core: Core;
  nudge(lanes: string[]): void;
  log: Log;
}

/** What becomes of action items beside their incident: reminders and tickets, for deliveries, schedules and the web. */
export function openActions({ core, nudge, log }: ActionParts): {
  delivered: Pick<World, 'owners' | 'actions' | 'tracker'>;
  scheduled: ActionScheduleWorld;
  /** Takes what trackers say, and hands everything else on. */
  hooks(others: Hooks): Hooks;
} {
  const { store, config, runbooks, read } = core;
  const zone = config.org.zone ?? 'UTC';
  const filed = trackerOf(config, runbooks);
  const owe: ActionScheduleWorld['owe'] = (effect, of) => store.outbox.owe(effect, of);
  return {
    delivered: {
      owners: {
        zone: async (team, id) => (await store.people.get(team, id))?.tz ?? zone,
        async sees(team, incident, id) {
          const by = { id, name: null };
          const viewer = { team, by, seesPrivate: false, source: 'slack' as const, now: now() };
          return !isRefusal(await read.incident(viewer, incident));
        },
      },
      actions: store.actions,
      ...(filed && { tracker: { ...filed.tracker, private: filed.settings.private } }),
    },
    scheduled: {
      settings: actionSettings(config),
      actions: store.actions,
      async drills(team, incidents) {
        const states = await store.search.states(team, [...incidents]);
        return new Set(states.flatMap(({ number, drill }) => (drill ? [number] : [])));
      },
      people: store.people,
      zone,
      tracker: filed && { place: filed.tracker.place, pollMs: filed.settings.pollMs },
      ...{ owe, nudge, now, log },
    },
    hooks(others) {
      if (!filed) return others;
      const hook = createTrackerHook({
        ...filed,
        secret: runbooks.systems.secret,
        actions: store.actions,
        async owe(effect, of) {
          await store.outbox.owe(effect, of);
          nudge([of.lane]);
        },
        team: core.home,
        log,
      });
      return { handle: async (request) => (await hook(request)) ?? others.handle(request) };
    },
  };
}
