import type { Fields } from '../../../fields.js';

/** What the control API answers. */
export interface Outcome extends Fields {
  readonly ok: boolean;
  readonly error?: string;
  readonly errors?: Fields;
}

/** Raised when the sandbox is not there any more, or answers with something else than was asked for. */
class Unreachable extends Error {}

/**
 * A POST of JSON to the sandbox.
 * @param path `/control/…` or `/page/…`
 * @returns its answer, refusals included; `unreachable` when there was none
 */
export async function send(path: string, body: Fields): Promise<Outcome> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer: Outcome = await response.json();
    return answer;
  } catch {
    return { ok: false, error: 'unreachable' };
  }
}

/**
 * A GET from the sandbox.
 * @throws Unreachable
 */
export async function ask<T>(
  path: string,
  query: Record<string, string | number | undefined> = {},
): Promise<T> {
  const given = Object.entries(query).flatMap(
    ([name, value]): Array<[string, string]> => (value === undefined ? [] : [[name, String(value)]]),
  );
  try {
    const response = await fetch(`${path}?${new URLSearchParams(given)}`);
    if (!response.ok) throw new Unreachable(`${path}: ${response.status}`);
    const answer: T = await response.json();
    return answer;
  } catch (error) {
    throw error instanceof Unreachable ? error : new Unreachable(path);
  }
}
