/** `unknown`: Slack does not say; `chosen`: Slack does something else or more, and we chose; `missing`: not here. */
type Why = 'unknown' | 'chosen' | 'missing';

/** Something in which the sandbox differs from Slack, or may. */
export interface Difference {
  readonly area: string;
  readonly what: string;
  /** What the sandbox does. */
  readonly here: string;
  readonly why: Why;
}
