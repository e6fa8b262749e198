import { type Fields, isFields } from '../fields.js';
import { refuseWith, SlackError } from '../refuse.js';

/** The arguments of one Web API call, which may come as text (form) or as JSON values. */
export class Args {
  constructor(readonly raw: Fields) {}

  has(name: string): boolean {
    return this.raw[name] !== undefined && this.raw[name] !== null;
  }

  /**
   * The argument as text, or undefined when absent or empty of type.
   * @throws SlackError `invalid_array_arg`
   */
  text(name: string): string | undefined {
    const value = this.raw[name];
    if (Array.isArray(value)) throw new SlackError('invalid_array_arg');
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    return undefined;
  }

  /** The argument, or the refusal Slack gives when it is missing. */
  need(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === '')
      refuseWith('invalid_arguments', [`missing required field: ${name}`]);
    return value;
  }

  flag(name: string): boolean {
    return ['1', 'true', 't'].includes(this.text(name)?.toLowerCase() ?? '');
  }

  /**
   * A page size.
   * @throws SlackError `invalid_limit`
   */
  limit(fallback: number, max: number): number {
    const value = this.text('limit');
    if (value === undefined || value === '' || value === '0') return fallback;
    const limit = Number(value);
    if (!Number.isInteger(limit) || limit < 1) throw new SlackError('invalid_limit');
    return Math.min(limit, max);
  }

  /** A comma-separated list; a JSON array is taken too. */
  list(name: string): string[] {
    const value = this.raw[name];
    if (Array.isArray(value)) return value.map(String);
    const text = this.text(name) ?? '';
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }

  /**
   * A structure, sent as JSON text or as it is.
   * @param malformed error code when the text is not JSON
   */
  json(name: string, malformed: string): unknown {
    const value = this.raw[name];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value);
    } catch {
      throw new SlackError(malformed);
    }
  }

  /** Arguments as they go into the log: without tokens. */
  shown(): Fields {
    const { token: _token, ...rest } = this.raw;
    return rest;
  }

  /** Like {@link json}, but only an object will do. */
  object(name: string, malformed: string): Fields | undefined {
    const value = this.json(name, malformed);
    if (value === undefined) return undefined;
    if (!isFields(value)) throw new SlackError(malformed);
    return value;
  }
}
