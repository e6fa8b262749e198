import pg from 'pg';
import { type AlertWorld, settleLane } from '#alerts/settle.js';
import { lookupsOf } from '#compose/core.js';
import { file, type Rule } from '#domain/alert/rule.js';
import { alertId, groupId, type Signal } from '#domain/alert/signal.js';
import { laneOfAlerts } from '#domain/incident/effect.js';
import type { Entry } from '#domain/incident/entry.js';
import type { Intent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal } from '#domain/refusal.js';
import { createHandle, type Handle } from '#handle/handle.js';
import type { FiledSignal } from '#store/signals.js';
import { openStore } from '#store/store.js';
import { testDatabase } from '../support/database.js';

export const TEAM = 'T1';
export const ANA = { id: 'U0ANA00001', name: 'ana' };

export function rule(more: Partial<Rule> = {}, open: object = {}): Rule {
  const opening = {
    title: '{{ title }}',
    severity: { label: 'severity', map: { critical: 'sev2' as const }, otherwise: 'sev3' as const },
    ...{ components: ['tts'], private: false, people: [], groups: [], runbook: null },
  };
  return {
    ...{ name: 'tts', match: { sources: [], labels: {} }, does: { open: { ...opening, ...open } } },
    ...{ groupBy: ['service'], forMs: null, count: null, quiet: null, resolve: 'suggest' },
    ...more,
  };
}

export const at = (time: string) => `2024-11-10T${time}Z`;

export function signal(alert: string, service = 'tts', more: Partial<Signal> = {}): Signal {
  return {
    ...{ alert, status: 'firing', since: at('01:43:00'), until: null, title: `${alert} fails`, text: null },
    ...{ labels: { service, severity: 'critical' }, values: {}, links: [] },
    ...more,
  };
}
export const over = (alert: string, service = 'tts', more: Partial<Signal> = {}) =>
  signal(alert, service, { status: 'resolved', until: at('02:02:00'), ...more });
export const keyOf = (service = 'tts') => `service=${service}`;
export const groupOf = (service = 'tts') => groupId(keyOf(service));

export type Kit = Awaited<ReturnType<typeof startKit>>;

/** The real store and the real writer, the rules of a test, and a clock that it may wind on. */
export async function startKit() {
  const database = await testDatabase();
  const store = openStore(database.config, () => {});
  const client = new pg.Pool({ ...database.config, max: 2 });
  client.on('error', () => {});
  await store.people.upsert(TEAM, [
    {
      ...{ ...ANA, handle: 'ana', realName: null, tz: null, isBot: false, deleted: false },
      kind: 'member' as const,
    },
  ]);
  let ahead = 0;
  let rules: readonly Rule[] = [rule()];
  const logged: Array<Record<string, unknown>> = [];
  const log = {
    ...{ debug() {}, info() {} },
    warn: (about: object) => void logged.push({ ...about }),
    error: (about: object) => void logged.push({ ...about }),
  };
  const recorder = createHandle({
    store: lookupsOf(store),
    relay: { nudge() {} },
    onError: (error: unknown) => {
      throw error;
    },
  });
  const handle: Handle = recorder;
  const world: AlertWorld = {
    outbox: store.outbox,
    signals: store.signals,
    incident: async (team, incident) => (await store.incidents.load(team, incident))?.state ?? null,
    openWithGroup: store.incidents.openWithGroup,
    fact: store.incidents.fact,
    firingAlerts: store.incidents.firingAlerts,
    alertEntry: store.incidents.alertEntry,
    tell: handle,
    rules: () => rules,
    owe: async (effect, of) => {
      await store.outbox.owe(effect, of);
    },
    now: () => new Date(Date.now() + ahead),
    log,
  };
  let deliveries = 0;
  const kit = {
    store,
    world,
    client,
    database,
    handle,
    before: recorder.before,
    logged,
    rule: (...those: Rule[]) => {
      rules = those;
    },
    filed: (source: string, one: Signal): FiledSignal => {
      const { rule, ...where } = file(rules, source, one);
      return { ...one, rule: rule?.name ?? null, ...where };
    },
    async arrives(signals: Signal[], more: { shadow?: boolean; source?: string; delivery?: string } = {}) {
      const { shadow = false, source = 'prometheus', delivery = `d${++deliveries}` } = more;
      const filed = signals.map((one) => kit.filed(source, one));
      return store.signals.arrive(TEAM, { source, delivery, shadow, signals: filed });
    },
    /** As a sender says it that repeats itself, and says how alerts stand now: the same content is the same delivery. */
    async stands(signals: Signal[], more: { shadow?: boolean; source?: string } = {}) {
      const { shadow = false, source = 'prometheus' } = more;
      const filed = signals.map((one) => kit.filed(source, one));
      const delivery = groupId(JSON.stringify(signals));
      return store.signals.arrive(TEAM, {
        source,
        delivery,
        shadow,
        signals: filed,
        asOf: performance.now(),
      });
    },
    /** Lanes of alerts that are due, those of times too. */
    async due(): Promise<string[]> {
      const { rows } = await client.query<{ lane: string }>(
        `select distinct lane from outbox where done_at is null and lane like '%/alerts/%' and due_at <= now() order by lane`,
      );
      return rows.map(({ lane }) => lane);
    },
    /** One visit of a worker to a lane. */
    visits(lane: string, its: AlertWorld = world, owner = 'worker'): Promise<void> {
      return settleLane(lane, { owner, world: its, wakeAt: () => {} }, new AbortController().signal);
    },
    /** Workers visit whatever is due, until nothing is. */
    async settles(): Promise<void> {
      for (let i = 0; i < 50; i++) {
        const due = await kit.due();
        if (due.length === 0) return;
        await Promise.all(due.map((lane) => kit.visits(lane)));
      }
      throw new Error(`these lanes never come to an end: ${JSON.stringify(logged.slice(-3))}`);
    },
    /** Time passes, for workers and for what waits in the database. */
    async winds(ms: number): Promise<void> {
      ahead += ms;
      await client.query("update outbox set due_at = due_at - $1 * interval '1 ms' where done_at is null", [
        ms,
      ]);
      await client.query("update lane set next_at = next_at - $1 * interval '1 ms'", [ms]);
    },
    /** The leases of workers that died are over. */
    leasesEnd: () => client.query("update lane set lease_until = now() - interval '1 s', next_at = null"),
    async says(intent: Intent, target: number | null): Promise<number> {
      const asking = { team: TEAM, by: ANA, source: 'cli' as const, key: null, now: new Date() };
      const answer = await handle(intent, target, { ...asking, seesPrivate: true });
      if (isRefusal(answer)) throw new Error(answer.sentence);
      return answer.incident;
    },
    async state(incident: number): Promise<IncidentState> {
      const loaded = await store.incidents.load(TEAM, incident);
      if (!loaded) throw new Error(`there is no INC-${incident}`);
      return loaded.state;
    },
    /** Alerts on an incident's timeline, in order of recording. */
    alerts: (incident: number): Promise<Entry[]> => store.incidents.entriesOf(TEAM, incident, ['alert']),
    async incidents(): Promise<number[]> {
      const all = await store.incidents.list(TEAM, { limit: 1_000 });
      return all.map(({ number }) => number).reverse();
    },
    /** What came of signals, in order of arrival, as `alert status: outcome INC`. */
    async outcomes(): Promise<string[]> {
      const { rows } = await client.query<{ said: string }>(
        `select (body ->> 'alert') || ' ' || status || ': ' || coalesce(outcome, 'waits') || coalesce(' INC-' || incident, '') as said
         from signal order by n`,
      );
      return rows.map(({ said }) => said);
    },
    /** What incidents are owed to show, by incident. */
    async shows(): Promise<Array<{ incident: number; count: number }>> {
      const { rows } = await client.query<{ incident: number; count: number }>(
        "select incident, count(*)::int as count from outbox where kind = 'alerts.show' group by incident order by 1",
      );
      return rows;
    },
    laneOf: (service = 'tts') => laneOfAlerts(TEAM, groupOf(service)),
    idOf: (alert: string, source = 'prometheus') => alertId(source, { alert }),
    async stop(): Promise<void> {
      await store.close();
      await client.end();
      await database.close();
    },
  };
  return kit;
}
