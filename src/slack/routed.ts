import type { App, ReceiverEvent } from '@slack/bolt';

/**
 * Bolt tries every listener of an app on every request; a dozen of them cost a command half as much again. So commands have an
 * app of their own, and everything else has another.
 * @returns what a receiver takes for its app
 */
export function routed(commands: App, others: App): App {
  const processEvent = (event: ReceiverEvent): Promise<void> =>
    (event.body.command === undefined ? others : commands).processEvent(event);
  return Object.create(others, { processEvent: { value: processEvent } });
}
