import { deliveriesCondition, LATE_MS } from '#deliver/late.js';
import type { Condition } from '#domain/words.js';
import { age, type Moment, moment } from '#elapsed.js';
import type { Canary } from '#queue/canary.js';
import type { Engine } from '#queue/engine.js';
import type { Slack } from '#slack/app.js';
import type { Store } from '#store/store.js';
import { troubleOf } from '#store/trouble.js';
import type { Look, Part } from '#web/health.js';

/** What failed where nobody waited for it: a mistake of ours, after which the process goes on. */
export class Unseen {
  #times = 0;
  #last: Moment | null = null;

  count(): void {
    this.#times += 1;
    this.#last = moment();
  }

  /** What is recorded stands with its commit, so an end of the process would help nobody; that somebody looks would. */
  condition(): Condition {
    if (this.#last === null) return { state: 'ok' };
    const times = this.#times === 1 ? 'once' : `${this.#times} times`;
    return {
      state: age(this.#last) < UNSEEN_MS ? 'degraded' : 'ok',
      reason: `something failed ${times} that nobody waited for`,
      fix: 'look for “failed unseen” in the log and tell the authors; restart it when that suits',
    };
  }
}

/** Long enough for a monitor and its people; later it is only told. */
const UNSEEN_MS = 15 * 60_000;

export interface Standing {
  store: Pick<Store, 'tryWriting' | 'outbox'>;
  engine: Pick<Engine, 'check'>;
  canary: Pick<Canary, 'status'>;
  slack: Pick<Slack, 'condition'>;
  unseen: Pick<Unseen, 'condition'>;
}

/** How to find out how each part is that the bot stands on. */
export function looksOf({ store, engine, canary, slack, unseen }: Standing): Record<Part, Look> {
  let database: Condition = { state: 'ok' };
  return {
    async database() {
      database = await databaseCondition(store);
      return database;
    },
    async queue() {
      const server = await engine.check();
      if (server === null && database.state !== 'ok')
        return { state: database.state, reason: 'it is in the database' };
      if (server !== null && server.state !== 'ok') return server;
      const { ok, lastSeenAt, quietMs } = canary.status();
      if (ok || (lastSeenAt === null && quietMs < FIRST_MS)) return { state: 'ok' };
      return {
        state: 'degraded',
        reason: `nothing that was put into it has come out for ${Math.round(quietMs / 1000)} s`,
        fix: 'is a worker running? recording goes on, deliveries wait',
      };
    },
    deliveries: () => deliveries(store, slack.condition()),
    slack: () => slack.condition(),
    process: () => unseen.condition(),
  };
}

/** A queue that has just been opened has not yet had the time to show anything. */
const FIRST_MS = 10_000;

/** How the database is, by a write that is taken back. Never rejects with what it could put into words. */
export async function databaseCondition(store: Pick<Store, 'tryWriting'>): Promise<Condition> {
  try {
    await store.tryWriting();
    return { state: 'ok' };
  } catch (error) {
    return troubleOf(error);
  }
}

/** How what is owed to Slack stands. */
async function deliveries(store: Pick<Store, 'outbox'>, slack: Pick<Condition, 'state'>): Promise<Condition> {
  try {
    const { lanes, dead } = await store.outbox.late(LATE_MS, 1_000);
    return deliveriesCondition(lanes, dead, slack);
  } catch (error) {
    // Without the database nobody knows what is owed, and nothing is paid.
    return { state: troubleOf(error).state, reason: 'what is owed stands in the database' };
  }
}
