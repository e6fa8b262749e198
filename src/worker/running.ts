/** A worker at work. */
export interface RunningWorker {
  /** Resolves once the queue has been reached for the first time. */
  ready(): Promise<void>;
  /** Takes no more lanes, lets each finish what is in hand (up to `graceMs`, 5,000), and gives them back. */
  stop(graceMs?: number): Promise<void>;
}
