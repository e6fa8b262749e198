import type pg from 'pg';
import type { Outbox } from '#deliver/ports.js';
import { claimLane, markStarted, owedRows, releaseLane, renewLane, settle } from '#store/lanes.js';
import { queryable } from '#store/pools.js';

/** The store's lanes on a pool of the test's own. */
export function testOutbox(pool: pg.Pool): Outbox {
  const db = queryable(pool);
  return {
    claimLane: (...at) => claimLane(db, ...at),
    renewLane: (...at) => renewLane(db, ...at),
    releaseLane: (...at) => releaseLane(db, ...at),
    owedRows: (...at) => owedRows(db, ...at),
    markStarted: (...at) => markStarted(db, ...at),
    settle: (...at) => settle(db, ...at),
  };
}
