import { excerpt } from '#render/excerpt.js';

/** Where lines about a run appear, one after the other; on a terminal with one at the bottom that is written anew. */
export class Screen {
  #status = '';

  /**
   * @param write every text passes through here, scrubbed by whoever made it
   * @param width columns of the terminal; null: it is none, and there is no line at the bottom
   */
  constructor(
    private readonly write: (text: string) => void | Promise<void>,
    private readonly width: (() => number) | null,
  ) {}

  get live(): boolean {
    return this.width !== null;
  }

  async line(text: string): Promise<void> {
    await this.write(`${this.#away()}${text}\n`);
  }

  /** Says at the bottom how things stand now; '' takes it away. */
  async status(text: string): Promise<void> {
    if (this.width === null) return;
    // One column is left free: a full line would wrap, and could not be taken back.
    const shown = excerpt(text, Math.max(10, this.width() - 1));
    if (shown === this.#status) return;
    const away = this.#away();
    this.#status = shown;
    await this.write(away + shown);
  }

  #away(): string {
    if (this.#status === '') return '';
    this.#status = '';
    return '\r\u001b[2K';
  }
}
