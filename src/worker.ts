import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { refreshAnnouncement } from '#deliver/announcement.js';
import type { Attempt, Body } from '#deliver/attempt.js';
import { postEntries } from '#deliver/channel-entry.js';
import { openChannel } from '#deliver/channel-open.js';
import { sendExport } from '#deliver/export-send.js';
import { Gate } from '#deliver/gate.js';
import { refreshHeadline } from '#deliver/headline-refresh.js';
import { drainLane } from '#deliver/lane.js';
import { captureMessage } from '#deliver/message-capture.js';
import { invitePeople } from '#deliver/people-invite.js';
import type { World } from '#deliver/ports.js';
import { soundAlarm } from '#deliver/run-alarm.js';
import { sendRunLog } from '#deliver/run-log.js';
import { offerRun } from '#deliver/run-offer.js';
import { postForRun } from '#deliver/run-post.js';
import { showRun } from '#deliver/run-show.js';
import { tellChannel, tellPerson } from '#deliver/undelivered.js';
import type { EffectKind } from '#domain/effect.js';
import type { Engine } from '#queue/engine.js';
import { LANES, type LaneJob, type Relay } from '#queue/relay.js';
import type { RunningWorker } from './worker/running.js';

export interface WorkerOptions {
  engine: Pick<Engine, 'worker'>;
  relay: Pick<Relay, 'wakeAt'>;
  world: World;
  /** Lanes drained at the same time; 8. None of them sleeps, so this bounds calls to Slack, not waiting lanes. */
  concurrency?: number;
}

/** Pays what the outbox owes, lane by lane, for as long as it runs. */
export function startWorker({ engine, relay, world, concurrency = 8 }: WorkerOptions): RunningWorker {
  const owner = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
  const gate = new Gate(world.now);
  const { wakeAt } = relay;
  const worker = engine.worker<LaneJob>(
    LANES,
    ({ lane }, { signal }) =>
      drainLane({ team: teamOf(lane), lane }, { world, gate, deliver, wakeAt, owner }, signal),
    { concurrency },
  );
  return {
    ready: () => worker.ready(),
    async stop(graceMs = 5_000) {
      await worker.close(graceMs);
    },
  };
}

/** Effect kind → delivery. A new kind does not compile until it stands here. */
export function deliver(attempt: Attempt): Promise<Body> {
  const kind = attempt.row.effect.kind;
  switch (kind) {
    case 'channel.open':
      return openChannel(of<typeof kind>(attempt));
    case 'channel.entry':
    case 'channel.amend':
      // One batch holds both: they stand in the channel in one order.
      return postEntries(of<'channel.entry' | 'channel.amend'>(attempt));
    case 'headline.refresh':
      return refreshHeadline(of<typeof kind>(attempt));
    case 'announcement.refresh':
      return refreshAnnouncement(of<typeof kind>(attempt));
    case 'channel.notice':
      return tellChannel(of<typeof kind>(attempt));
    case 'person.tell':
      return tellPerson(of<typeof kind>(attempt));
    case 'people.invite':
      return invitePeople(of<typeof kind>(attempt));
    case 'message.capture':
      return captureMessage(of<typeof kind>(attempt));
    case 'export.send':
      return sendExport(of<typeof kind>(attempt));
    case 'run.show':
      return showRun(of<typeof kind>(attempt));
    case 'run.log':
      return sendRunLog(of<typeof kind>(attempt));
    case 'run.post':
      return postForRun(of<typeof kind>(attempt));
    case 'run.alarm':
      return soundAlarm(of<typeof kind>(attempt));
    case 'run.offer':
      return offerRun(of<typeof kind>(attempt));
    case 'run.advance':
      // It may take hours, so it has lanes and workers of its own.
      throw new Error(`a run is in a lane of deliveries: ${attempt.row.lane}`);
    default: {
      const never: never = kind;
      throw new Error(`an effect that nobody delivers: ${String(never)}`);
    }
  }
}

/** A batch holds rows of one kind (`pick` sees to that), which the switch above has just looked at. */
function of<K extends EffectKind>(attempt: Attempt): Attempt<K> {
  return attempt as unknown as Attempt<K>;
}

/** `T024BE7LD/INC-7` → `T024BE7LD`; whatever else a lane's name holds comes after the first slash. */
function teamOf(lane: string): string {
  return lane.split('/')[0] as string;
}
