import { createHash } from 'node:crypto';
import { type Fields, isFields } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Clock } from '../workspace/clock.js';
import type { Settings } from '../workspace/settings.js';
import type { Args } from './args.js';

// The next page may be of another size and tell more or less of each thing, but it must be of the same list.
const FREE_TO_CHANGE = /^(?:cursor|limit|team_id|include_\w+)$/;
const DISTRIBUTED_PAGE = 15;
const DEFAULT_PAGE = 100;

/**
 * Cursors as the app sees them: opaque, good for one list only, and for a while.
 *
 * Methods work with plain positions; the door translates both ways.
 */
export class Cursors {
  #pages = 0;

  constructor(
    readonly clock: Clock,
    readonly settings: Pick<Settings, 'cursorTtlMs' | 'shortPages' | 'historyProfile'>,
    readonly secret: string,
  ) {}

  /**
   * The arguments as the method is to see them: its own cursor, and the page size that is allowed.
   * @throws SlackError `invalid_cursor`
   */
  inward(method: string, args: Args): Fields {
    const { shortPages } = this.settings;
    const inner: Fields = { ...args.raw };
    const cursor = args.text('cursor');
    if (cursor) inner.cursor = this.#open(method, args, cursor);
    const asked = Number(args.text('limit') || 0);
    if (this.settings.historyProfile === 'distributed' && isHistory(method) && !(asked < 0))
      inner.limit = String(Math.min(asked || DISTRIBUTED_PAGE, DISTRIBUTED_PAGE));
    // A wrong size is for the method to refuse.
    else if (shortPages && Number.isInteger(asked) && asked >= 0)
      inner.limit = String(Math.max(1, Math.floor((asked || DEFAULT_PAGE) / 2)));
    return inner;
  }

  /** The answer as the app is to see it: with a cursor that it cannot read, and now and then an empty page. */
  outward(method: string, args: Args, inner: Fields, answer: Fields): Fields {
    const { response_metadata: metadata } = answer;
    if (!isFields(metadata) || typeof metadata.next_cursor !== 'string') return answer;
    let { next_cursor: next } = metadata;
    let shown = answer;
    if (this.settings.shortPages && next !== '') {
      this.#pages += 1;
      if (this.#pages % 3 === 2) {
        next = typeof inner.cursor === 'string' && inner.cursor !== '' ? inner.cursor : START;
        shown = Object.fromEntries(
          Object.entries(answer).map(([name, value]) => [name, Array.isArray(value) ? [] : value]),
        );
      }
    }
    const sealed = next === '' ? '' : this.#seal(method, args, next);
    return { ...shown, response_metadata: { ...metadata, next_cursor: sealed } };
  }

  reset(): void {
    this.#pages = 0;
  }

  #seal(method: string, args: Args, position: string): string {
    const issued = this.clock.now().toString(36);
    const mark = this.#mark(method, args, issued, position);
    return Buffer.from(`${mark}:${issued}:${position}`).toString('base64');
  }

  #open(method: string, args: Args, cursor: string): string {
    const [mark, issued = '', ...rest] = Buffer.from(cursor, 'base64').toString().split(':');
    const position = rest.join(':');
    if (mark !== this.#mark(method, args, issued, position)) refuse('invalid_cursor');
    if (this.clock.now() - Number.parseInt(issued, 36) > this.settings.cursorTtlMs) refuse('invalid_cursor');
    return position;
  }

  #mark(method: string, args: Args, issued: string, position: string): string {
    const asked = Object.entries(args.shown())
      .filter(([name]) => !FREE_TO_CHANGE.test(name))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const text = JSON.stringify([this.secret, method, asked, issued, position]);
    return createHash('sha256').update(text).digest('hex').slice(0, 16);
  }
}

const START = Buffer.from('at:0').toString('base64');

const isHistory = (method: string) =>
  method === 'conversations.history' || method === 'conversations.replies';
