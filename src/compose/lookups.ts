import { runsOf } from '#domain/run-state.js';
import type { WriterStore } from '#handle/writer.js';
import type { Store } from '#store/store.js';

/** What `handle` looks up, out of what the store has. */
export function lookupsOf(store: Store): WriterStore {
  return {
    commit: (wanted) => store.commit(wanted),
    wasWritten: (wanted) => store.wasWritten(wanted),
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
    isGone: async (team, id) => (await store.people.get(team, id))?.deleted ?? false,
    goneAmong: async (team, ids) =>
      new Set((await store.people.byIds(team, ids)).filter((one) => one.deleted).map((one) => one.id)),
    personById: (team, id) => store.people.personById(team, id),
    personByName: (team, name) => store.people.personByName(team, name),
  };
}
