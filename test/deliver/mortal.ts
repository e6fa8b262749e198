import type { World } from '#deliver/ports.js';

/**
 * A worker that dies like a killed process: its `n`-th dealing with the world (Slack, database, writer) happens, but it
 * never hears of it. From then on nothing it does reaches anybody.
 */
export function mortal(world: World, n: number): { world: World; died(): boolean } {
  let left = n;
  let dead = false;
  const dealing = <A extends unknown[], R>(deal: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (dead) throw new Error('dead men tell no tales');
      left -= 1;
      if (left > 0) return deal(...args);
      dead = true;
      await deal(...args);
      throw new Error('killed');
    };
  };
  return {
    died: () => dead,
    world: {
      ...world,
      slack: { call: dealing(world.slack.call) },
      tell: dealing(world.tell),
      ...(world.readFile && { readFile: dealing(world.readFile) }),
      actions: { ticket: dealing(world.actions.ticket), keepTicket: dealing(world.actions.keepTicket) },
      ...(world.tracker && {
        tracker: {
          ...world.tracker,
          find: dealing(world.tracker.find),
          create: dealing(world.tracker.create),
          look: dealing(world.tracker.look),
          set: dealing(world.tracker.set),
        },
      }),
      outbox: {
        claimLane: dealing(world.outbox.claimLane),
        renewLane: dealing(world.outbox.renewLane),
        releaseLane: dealing(world.outbox.releaseLane),
        owedRows: dealing(world.outbox.owedRows),
        markStarted: dealing(world.outbox.markStarted),
        settle: dealing(world.outbox.settle),
        turnToPost: dealing(world.outbox.turnToPost),
        tooManyPosts: dealing(world.outbox.tooManyPosts),
        sweep: dealing(world.outbox.sweep),
        owe: dealing(world.outbox.owe),
        dead: dealing(world.outbox.dead),
        refused: dealing(world.outbox.refused),
        reviveNotices: dealing(world.outbox.reviveNotices),
        reviveLost: dealing(world.outbox.reviveLost),
        reviveOpenings: dealing(world.outbox.reviveOpenings),
      },
    },
  };
}
