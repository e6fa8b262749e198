import { accountOf } from '#domain/person.js';
import { runsOf } from '#domain/run-state.js';
import type { People } from '#handle/admission.js';
import type { GroupNamed } from '#handle/lookups.js';
import type { WriterStore } from '#handle/writer.js';
import type { Store } from '#store/store.js';

/** What only Slack knows of people. A process without Slack has none of it, and whatever needs it is refused there. */
export interface Who {
  /** @returns null: Slack does not say */
  inChannel?(channel: string, person: string): Promise<boolean | null>;
  isAmong?(team: string, person: string, names: readonly string[]): Promise<boolean>;
  /** The user group of a handle. */
  groupNamed?: GroupNamed;
  /** Asks Slack about somebody now; gives up soon, and never throws. */
  meet?(team: string, person: string): Promise<void>;
}

/** What `handle` looks up, out of what the store has, and Slack. */
export function lookupsOf(store: Store, who: Who = {}): WriterStore & People {
  return {
    commit: (wanted) => store.commit(wanted),
    wasWritten: (wanted) => store.wasWritten(wanted),
    inTurn: (...what) => store.inTurn(...what),
    lockedAmong: (streams) => store.lockedAmong(streams),
    load: (team, incident) => store.load(team, incident),
    receiptOf: (team, key) => store.receiptOf(team, key),
    nextNumber: (team) => store.nextNumber(team),
    entry: (team, incident, n) => store.entry(team, incident, n),
    lastEntryBy: (team, incident, by) => store.lastEntryBy(team, incident, by),
    capturedEntry: (team, incident, channel, ts) => store.capturedEntry(team, incident, channel, ts),
    entriesOf: (team, incident, kinds) => store.entriesOf(team, incident, kinds),
    actionDone: (team, incident, action) => store.actionDone(team, incident, action),
    async targetHolder(team, target) {
      const held = await store.targets.holder(team, target);
      const known = held && (await store.load(team, held.incident));
      return known && { ...held, of: known.state };
    },
    async targetOfRun(team, incident, run) {
      const known = await store.load(team, incident);
      const found = known && runsOf(known.state).list.find((one) => one.run === run);
      return found?.target ?? null;
    },
    stateOf: async (team, incident) => (await store.load(team, incident))?.state ?? null,
    async account(team, id) {
      const known = accountOf(await store.people.get(team, id));
      if (known !== 'unknown' || !who.meet) return known;
      // Somebody whom we have not met wants to act on production: Slack is asked who that is.
      await who.meet(team, id);
      return accountOf(await store.people.get(team, id));
    },
    inChannel: async (_team, channel, id) => (await who.inChannel?.(channel, id)) ?? null,
    isAmong: async (team, id, names) => (await who.isAmong?.(team, id, names)) ?? names.includes(id),
    goneAmong: async (team, ids) =>
      new Set((await store.people.byIds(team, ids)).filter((one) => one.deleted).map((one) => one.id)),
    personById: (team, id) => store.people.personById(team, id),
    personByName: (team, name) => store.people.personByName(team, name),
  };
}
