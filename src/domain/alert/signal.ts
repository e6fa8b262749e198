import { createHash } from 'node:crypto';

/** How one alert stands, whatever sender said it: the normal form of `alerts/`. Everything in it is text from outside. */
export interface Signal {
  /**
   * The alert's identity at its sender: the same while it fires, when it has ended, and when it fires again (a fingerprint,
   * a dedup key). Two with the same identity and the same `since` are one firing.
   */
  readonly alert: string;
  readonly status: 'firing' | 'resolved';
  /** When this firing began: UTC with whole seconds. */
  readonly since: string;
  /** When it ended, by the sender's clock; null while it fires, or where that was not said. */
  readonly until: string | null;
  /** One line for people. */
  readonly title: string;
  /** What the sender says beside it; null: nothing. */
  readonly text: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** What was measured, by name, as the sender wrote it. */
  readonly values: Readonly<Record<string, string>>;
  readonly links: readonly SignalLink[];
}

export interface SignalLink {
  readonly title: string;
  readonly url: string;
}

/**
 * What is kept of a signal at most, in characters or in number (docs/alerts.md says so to people). A text that is longer is cut
 * and ends in `…`, an identity in a digest, so that two stay two; of labels, values and links the first ones are kept, and no
 * link that is too long: cut, it would lead elsewhere.
 */
export const MOST = {
  /** Signals in one delivery; more are refused. */
  signals: 10_000,
  labels: 64,
  labelName: 200,
  labelValue: 1_000,
  alert: 300,
  title: 200,
  text: 3_000,
  values: 20,
  links: 8,
  url: 2_000,
} as const;

/** @returns the id under which an alert of a source is known in the record: 32 hexadecimal digits */
export function alertId(source: string, { alert }: Pick<Signal, 'alert'>): string {
  return digest([source, alert], 32);
}

/**
 * @param shadow what is said in shadow is another thing: incidents have not heard of it
 * @returns the id of one thing said about an alert: the same thing said twice has the same one
 */
export function signalId(source: string, { alert, status, since, until }: Signal, shadow = false): string {
  const said = [source, alert, status, since, status === 'resolved' ? until : null];
  return digest(shadow ? [...said, 'shadow'] : said, 32);
}

/** @returns the id of a group: a name for lanes and facts in which nothing of its key can be read */
export function groupId(key: string): string {
  return digest([key], 16);
}

function digest(parts: unknown, length: number): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, length);
}
