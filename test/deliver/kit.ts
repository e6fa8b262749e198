import pg from 'pg';
import { lookupsOf } from '#compose/core.js';
import { alertsForDeliveries, catchingUp, peopleForDeliveries } from '#compose/worlds.js';
import { Gate } from '#deliver/attempt.js';
import { drainLane } from '#deliver/lane.js';
import type { World } from '#deliver/ports.js';
import type { Effect } from '#domain/incident/effect.js';
import type { Asking, Intent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import type { PagingRules } from '#domain/paging/page.js';
import { isRefusal } from '#domain/refusal.js';
import type { Person } from '#domain/words.js';
import { createHandle } from '#handle/handle.js';
import { createRead } from '#read/read.js';
import { startSandbox } from '#sandbox/sandbox.js';
import { createGroups } from '#slack/people/groups.js';
import { createSlackClient } from '#slack/transport/client.js';
import { openStore } from '#store/store.js';
import { deliver } from '../../src/worker/worker.js';
import { manifest } from '../sandbox/kit.js';
import { testDatabase } from '../support/database.js';

export const ANA = { id: 'U0ANA00001', name: 'ana' };
export const BO = { id: 'U0BO000002', name: 'bo' };
const TEAM = 'T1';

/** A call as the sandbox's log has it. */
export interface Call {
  method: string;
  args: Record<string, unknown>;
  status: number;
  answer: Record<string, unknown>;
  fault?: string;
  started_at: number;
  ended_at: number;
}
export interface SeenChannel {
  id: string;
  name: string;
  creator: string;
  is_private: boolean;
  topic: string;
  members: string[];
  pins: string[];
  messages: Array<{
    ts: string;
    user: string;
    text: string;
    subtype?: string;
    blocks?: unknown[];
    files?: Array<{ title: string }>;
    metadata?: { event_payload: Record<string, unknown> };
  }>;
}
export interface Row {
  id: number;
  kind: string;
  attempts: number;
  done: boolean;
  dead: boolean;
  error: string | null;
  result: Record<string, unknown> | null;
}

export type Kit = Awaited<ReturnType<typeof startKit>>;

/** The real store, writer and Web API client; a local Slack; and a clock that a test may wind on. */
export async function startKit(
  change: Partial<World['org']> = {},
  edit: Parameters<typeof manifest>[0] = () => {},
  paging?: PagingRules,
) {
  const database = await testDatabase();
  const store = openStore(database.config, () => {});
  const client = new pg.Pool({ ...database.config, max: 4 });
  client.on('error', () => {});
  const sandbox = await startSandbox({ manifest: manifest(edit), settings: { rateLimits: false } });
  let ahead = 0;
  let lanes: string[] = [];
  const now = () => new Date(Date.now() + ahead);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const someone = {
    ...{ handle: null, realName: null, tz: null, isBot: false, deleted: false },
    kind: 'member' as const,
  };
  await store.people.upsert(TEAM, [
    { ...someone, ...ANA },
    { ...someone, ...BO },
  ]);
  const nudged: { by: (lanes: string[]) => void } = { by: () => {} };
  const handle = createHandle({
    store: { ...lookupsOf(store), ...(paging && { paging }) },
    relay: {
      nudge(some) {
        lanes.push(...some);
        nudged.by(some);
      },
    },
    onError: (error: unknown) => {
      throw error;
    },
  });
  const slack = createSlackClient({ token: sandbox.botToken, apiUrl: sandbox.apiUrl, log });
  const world: World = {
    slack,
    outbox: store.outbox,
    incidents: store.incidents,
    tell: handle,
    people: peopleForDeliveries(store),
    groups: createGroups(slack),
    exports: {
      render: async (_team, incident, format) =>
        (async function* () {
          yield `INC-${incident} as `;
          yield format;
        })(),
      link: (_team, incident, format) => `https://tocsin.example/incidents/INC-${incident}/${format}`,
    },
    alerts: alertsForDeliveries(store, () => []),
    catchup: catchingUp({ config: { org: {} }, store, read: createRead(store), permits: handle.permits }),
    owners: { zone: async () => 'UTC', sees: async () => true },
    actions: store.actions,
    org: { command: '/incident', announce: null, invite: { people: [], groups: [] }, ...change },
    now,
    pass: (ms) => kit.winds(ms),
    log,
  };
  const json = async <T>(path: string, init?: RequestInit): Promise<T> =>
    (await (await fetch(`${sandbox.url}/control/${path}`, init)).json()) as T;
  const act = (path: string, body: object) =>
    json<Record<string, unknown>>(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  let typed = 0;
  /** Milliseconds until one of these lanes may be taken again; 0 where none rests. */
  const resting = async (lanes: string[]): Promise<number> => {
    const { rows } = await client.query<{ ms: number | null }>(
      'select extract(epoch from min(next_at) - now())::float8 * 1000 as ms from lane where lane = any($1) and next_at > now()',
      [lanes],
    );
    return Math.ceil(rows[0]?.ms ?? -1);
  };
  const kit = {
    sandbox,
    world,
    store,
    client,
    database,
    handle,
    nudged,
    act,
    /** One failure of the next `times` calls of a method. */
    fault: (method: string, kind: string, value?: string | number, times = 1) =>
      act('fault', { method, kind, times, ...(value === undefined ? {} : { value }) }),
    /** What somebody typed. @returns the incident's number */
    async says(
      intent: Intent,
      target: number | null,
      by: Person = ANA,
      more: Partial<Asking> = {},
    ): Promise<number> {
      const asking = {
        team: TEAM,
        by,
        source: by.id === 'tocsin' ? ('bot' as const) : ('slack' as const),
        key: `t:${++typed}`,
        now: new Date(),
        seesPrivate: true,
        ...more,
      };
      const answer = await handle(intent, target, asking);
      if (isRefusal(answer)) throw new Error(answer.sentence);
      return answer.incident;
    },
    opens: (
      title: string,
      more: Partial<Extract<Intent, { type: 'OpenIncident' }>> = {},
      by: Person = ANA,
      asking: Partial<Asking> = {},
    ) => {
      const plain = { severity: null, components: [], private: false, drill: false, moment: null };
      return kit.says({ type: 'OpenIncident', title, ...plain, ...more }, null, by, asking);
    },
    notes: (incident: number, text: string) => kit.says({ type: 'RecordNote', moment: null, text }, incident),
    /** Owes something that no fact caused. */
    async owes(incident: number, effect: Effect): Promise<void> {
      await store.outbox.owe(effect, { team: TEAM, lane: laneOf(incident), incident, key: null });
    },
    /** The lease of a worker that died is over. */
    async leaseEnds(incident: number): Promise<void> {
      await client.query(
        "update lane set lease_until = now() - interval '1 s', next_at = null where lane = $1",
        [laneOf(incident)],
      );
    },
    /** Time passes for what was given up. @returns does this incident's channel get another try by itself? */
    async triesAgain(incident: number, ms: number): Promise<boolean> {
      await client.query(
        "update outbox set dead_at = dead_at - $1 * interval '1 ms', owed_at = owed_at - $1 * interval '1 ms' where dead_at is not null",
        [ms],
      );
      await store.outbox.reviveOpenings(100);
      return (await kit.owing(incident)).includes(laneOf(incident));
    },
    /** Visits everything of an incident that owes something, `times`, over every wait. */
    async tries(incident: number, times: number): Promise<void> {
      const gate = new Gate(now);
      for (let i = 0; i < times; i++) {
        const backs: number[] = [];
        for (const lane of await kit.owing(incident))
          backs.push((await kit.visits(incident, gate, world, lane))?.getTime() ?? Infinity);
        const back = Math.min(...backs);
        if (Number.isFinite(back)) await kit.winds(back - now().getTime() + 1);
      }
    },
    /** Dead rows are given another chance. */
    retries: () => store.outbox.retryDead(TEAM, 'all'),
    /** One visit of a worker with its own memory to a lane. @returns when it wants to come back */
    async visits(
      incident: number,
      gate = new Gate(now),
      its: World = world,
      lane = laneOf(incident),
    ): Promise<Date | null> {
      let back: Date | null = null;
      await drainLane(
        { team: TEAM, lane },
        {
          world: its,
          gate,
          deliver,
          owner: 'worker',
          wakeAt: (woken, at) => {
            if (woken === lane) back = at;
          },
        },
        new AbortController().signal,
      );
      return back;
    },
    /** Lanes of an incident that owe something, its own first; those of runs are other workers', and nobody waits for a look. */
    async owing(incident: number): Promise<string[]> {
      const { rows } = await client.query<{ lane: string }>(
        `select distinct o.lane from outbox o where (lane = $1 or lane like $1 || '/%') and lane not like '%/RUN-%' and lane not like '%/channel.await'
           and done_at is null and dead_at is null and not exists (select from outbox b where b.lane = o.lane
             and b.dead_at is not null and b.kind = 'channel.open') order by lane`,
        [laneOf(incident)],
      );
      return rows.map(({ lane }) => lane);
    },
    /** Pays everything of an incident, winding the clock on over every wait. */
    async pays(incident: number, visits = 200): Promise<void> {
      const gate = new Gate(now);
      // A lane that rests says so once, to whoever put it to rest.
      const wakes = new Map<string, number>();
      for (let i = 0; i < visits; i++) {
        const lanes = await kit.owing(incident);
        if (lanes.length === 0) return;
        for (const lane of lanes) {
          const back = await kit.visits(incident, gate, world, lane);
          if (back) wakes.set(lane, back.getTime());
        }
        const back = Math.min(...wakes.values());
        // Put to rest by a visit before these: the database knows until when.
        const ms = Number.isFinite(back) ? back - now().getTime() : await resting(lanes);
        await kit.winds(ms + 1);
        for (const [lane, at] of wakes) if (at <= now().getTime()) wakes.delete(lane);
      }
      throw new Error('this lane never comes to an end');
    },
    /** Time passes, for the worker and for what the database knows of waiting. */
    async winds(ms: number): Promise<void> {
      if (ms <= 0) return;
      ahead += ms;
      await client.query("update outbox set due_at = due_at - $1 * interval '1 ms'", [ms]);
      await client.query("update lane set next_at = next_at - $1 * interval '1 ms'", [ms]);
    },
    calls: async (method?: string) =>
      (await json<{ calls: Call[] }>(`log${method ? `?method=${method}` : ''}`)).calls,
    async channels(): Promise<SeenChannel[]> {
      return (await json<{ channels: SeenChannel[] }>('state')).channels;
    },
    async channel(incident: number): Promise<SeenChannel> {
      const found = (await kit.channels()).find((one) => one.id && one.name.match(`^inc-${incident}(-|$)`));
      if (!found) throw new Error(`INC-${incident} has no channel`);
      return found;
    },
    /** Messages of the bot in an incident's channel, oldest first. */
    async said(incident: number): Promise<SeenChannel['messages']> {
      const { messages } = await kit.channel(incident);
      return messages.filter((one) => one.user === 'U0BOT00000' && !one.subtype);
    },
    async state(incident: number): Promise<IncidentState> {
      const loaded = await store.incidents.load(TEAM, incident);
      if (!loaded) throw new Error('no such incident');
      return loaded.state;
    },
    /** Rows of its own lane, or (`kind`) of one kind in whatever lane. */
    async rows(incident: number, kind: string | null = null): Promise<Row[]> {
      const { rows } = await client.query<Row>(
        `select id::int, kind, attempts, done_at is not null as done, dead_at is not null as dead, error, result
           from outbox where incident = $1 and case when $3::text is null then lane = $2 else kind = $3 end order by id`,
        [incident, laneOf(incident), kind],
      );
      return rows;
    },
    lanes: () => {
      const all = lanes;
      lanes = [];
      return all;
    },
    async stop(): Promise<void> {
      await sandbox.stop();
      await store.close();
      await client.end();
      await database.close();
    },
  };
  return kit;
}

export function laneOf(incident: number): string {
  return `${TEAM}/INC-${incident}`;
}
