import type { App, ReceiverEvent } from '@slack/bolt';
import type { Log } from './ports.js';

/**
 * Bolt answers an event before its listeners run: a crash in between would lose it, and Slack would not send it again.
 * Here an event is answered after its listeners are done, so that what it asks is in the outbox by then; if they fail it is
 * not answered and Slack repeats it (keys make the repeat one fact). Commands and interactions answer for themselves.
 * @returns what a receiver is to be initialised with instead of the app
 */
export function answeringEventsAfter(app: App, log: Log): App {
  const processEvent = async (event: ReceiverEvent): Promise<void> => {
    const { body, ack } = event;
    if (body.type === 'app_rate_limited') {
      log.warn({ minute: body.minute_rate_limited }, 'Slack holds back events: too many in that minute');
      return ack();
    }
    if (body.event === undefined) return app.processEvent(event);
    let wanted = false;
    await app.processEvent({
      ...event,
      ack: async () => {
        wanted = true;
      },
    });
    if (wanted) await ack();
  };
  return Object.create(app, { processEvent: { value: processEvent } });
}
