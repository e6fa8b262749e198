import type { PlainLog } from '#log.js';

/** A log that remembers. */
export function memoryLog(): PlainLog & { lines: string[] } {
  const lines: string[] = [];
  const write = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  };
  return { lines, info: write('info'), warn: write('warn'), error: write('error') };
}
