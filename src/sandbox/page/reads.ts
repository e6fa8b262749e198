/** How far each person has read each channel. */
export class Reads {
  readonly #marks = new Map<string, Map<string, string>>();

  /** Time of the last message seen; `0` for none. */
  of(user: string, channel: string): string {
    return this.#marks.get(user)?.get(channel) ?? '0';
  }

  set(user: string, channel: string, ts: string): void {
    const marks = this.#marks.get(user) ?? new Map<string, string>();
    marks.set(channel, ts);
    this.#marks.set(user, marks);
  }

  clear(): void {
    this.#marks.clear();
  }
}
