import { printable } from '#domain/printable.js';
import { cut } from './cut.js';
import { escaped } from './escaped.js';

/** Looks like a backtick and ends no code. */
const LOOKALIKE = '\u02cb';
const JOINER = '\u2060';
/** @returns one line of escaped text, at most `max` characters. */
export function inline(text: string, max: number): string {
  const plain = printable(text).replace(/\s+/g, ' ').trim();
  // A fence would swallow what stands behind it.
  return cut(escaped(plain.replace(/`{3,}/g, (run) => LOOKALIKE.repeat(run.length))), max);
}

/** @returns one line as inline code, which nothing in it can end. */
export function code(text: string, max: number): string {
  const shown = inline(text.replaceAll('`', LOOKALIKE), max - 2);
  return shown === '' ? '' : `\`${shown}\``;
}

/**
 * The end of what a step printed, as a code block that its content cannot break out of.
 * @param limit characters of the log; escaping may make more of them, but never more than twice as many
 * @returns '' for a log without a word
 */
export function tail(log: string, limit: number): string {
  const clean = printable(log.replace(/\r\n?/g, '\n')).trim();
  if (clean === '') return '';
  for (let size = limit; size > 0; size = Math.floor(size / 2)) {
    const end = clean.length <= size ? clean : `…${ending(clean, size - 1)}`;
    // A backtick that follows another one could close the block.
    const shown = escaped(end).replace(/`(?=`)/g, `\`${JOINER}`);
    if (shown.length <= 2 * limit) return `\`\`\`\n${shown}\n\`\`\``;
  }
  return '';
}

function ending(text: string, size: number): string {
  const from = text.length - size;
  const unit = text.charCodeAt(from);
  // Never half a character.
  return text.slice(unit >= 0xdc00 && unit <= 0xdfff ? from + 1 : from);
}

/** @returns a moment that Slack shows in the reader's own zone; old clients get UTC. */
export function moment(at: string, form: '{time}' | '{time_secs}' | '{date_short_pretty} {time}'): string {
  const ms = Date.parse(at);
  const utc = new Date(ms).toISOString();
  const seconds = form === '{time_secs}' ? utc.slice(11, 19) : utc.slice(11, 16);
  const day = form.startsWith('{date') ? `${utc.slice(0, 10)} ` : '';
  return `<!date^${Math.floor(ms / 1000)}^${form}|${day}${seconds} UTC>`;
}
