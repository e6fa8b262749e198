import { LATE_MS, owingLate } from '#deliver/undelivered.js';
import { refOf } from '#domain/words.js';
import { lateLine, undeliveredLine } from '#render/undelivered.js';
import { withCore } from './core.js';
import { Usage, type Verb } from './verb.js';

/** `tocsin deliveries`: what Slack refused for good and how to have it tried again, and what waits for longer than a minute. */
export const deliveries: Verb = {
  form: 'deliveries [retry ID…|retry all]',
  help: 'what could not be delivered, and try it again',
  run: (args, io) =>
    withCore(io, async (core) => {
      const team = await core.team();
      const [verb, ...ids] = args;
      if (verb === undefined) {
        const dead = await core.store.outbox.dead(team);
        for (const row of dead) io.out(`${undeliveredLine(refOf(row.incident), row)}\n`);
        if (dead.length === 0) io.out('Nothing was given up.\n');
        const { lanes } = await core.store.outbox.late(LATE_MS, 1_000);
        for (const lane of owingLate(lanes)) if (lane.team === team) io.out(`${lateLine(lane)}\n`);
        if (dead.length > 0)
          io.out('“tocsin deliveries retry ID…” or “retry all” tries again, once the cause is mended.\n');
        return 0;
      }
      const numbers = ids.map(Number);
      const all = ids.length === 1 && ids[0] === 'all';
      if (verb !== 'retry' || ids.length === 0 || (!all && !numbers.every(Number.isInteger))) {
        throw new Usage('list them, or `retry` some by id, or `retry all`');
      }
      const revived = await core.store.outbox.retryDead(team, all ? 'all' : numbers);
      io.out(`${revived} will be tried again.\n`);
      return 0;
    }),
};
