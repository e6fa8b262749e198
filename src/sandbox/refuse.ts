import type { Fields } from './fields.js';

/** An `ok:false` answer of the Web API, thrown by the code that finds the reason. */
export class SlackError extends Error {
  constructor(
    readonly code: string,
    readonly extra: Fields = {},
  ) {
    super(code);
  }
}

/** Refuses with a bare error code. */
export function refuse(code: string): never {
  throw new SlackError(code);
}

/**
 * Refuses with the list of reasons that Slack gives for a malformed structure.
 * @param code `invalid_blocks`, `invalid_arguments`, …
 * @param messages each with its json-pointer, without the `[ERROR]` mark
 */
export function refuseWith(code: string, messages: string[]): never {
  throw new SlackError(code, {
    errors: messages,
    response_metadata: { messages: messages.map((message) => `[ERROR] ${message}`) },
  });
}
