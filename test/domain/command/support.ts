import { decodeSlack } from '#domain/command/entered.js';
import { type CommandContext, type Parsed, parseCommand } from '#domain/command/parse.js';
import { type ReadTime, readTime, type TimeContext } from '#domain/command/time/time.js';
import type { TypedIntent } from '#domain/incident/intent.js';
import { isRefusal } from '#domain/refusal.js';

export const NOW = new Date('2024-11-10T14:32:10.500Z');

/** `code` of a refusal, or the moment in short: `at[/until] precision | rest`; `text` when no time begins there. */
export function timeOf(text: string, ctx: Partial<TimeContext> & { at?: string } = {}): string {
  const read = readTime(text, {
    now: ctx.at ? new Date(ctx.at) : NOW,
    zone: ctx.zone ?? 'UTC',
    zoneKnown: ctx.zoneKnown ?? true,
  });
  if (read === null) return 'text';
  if (isRefusal(read)) return read.code;
  const { at, until, precision } = read.moment;
  return `${at}${until ? `/${until}` : ''} ${precision}${read.rest ? ` | ${read.rest}` : ''}`;
}

export function mustRead(text: string, ctx: TimeContext): ReadTime {
  const read = readTime(text, ctx);
  if (read === null || isRefusal(read)) throw new Error(`“${text}” was not read: ${JSON.stringify(read)}`);
  return read;
}

const names = { person: (id: string) => (id === 'U1' ? 'ana' : null), channel: () => null };

/** A line typed at NOW in UTC in an incident's channel, unless `ctx` says otherwise. */
export function typed(line: string, ctx: Partial<CommandContext> = {}) {
  return parseCommand(decodeSlack(line, names), {
    now: NOW,
    zone: 'UTC',
    zoneKnown: true,
    implied: true,
    roles: ['scribe', 'Comms Lead'],
    command: '/incident',
    ...ctx,
  });
}

export function parsed(line: string, ctx: Partial<CommandContext> = {}): Parsed {
  const said = typed(line, ctx);
  if (isRefusal(said)) throw new Error(`“${line}” was refused: ${said.sentence} ${said.next}`);
  return said;
}

export function intended(line: string, ctx: Partial<CommandContext> = {}): TypedIntent {
  const said = parsed(line, ctx);
  if (said.kind !== 'intent') throw new Error(`“${line}” is no intent`);
  return said.intent;
}

export function refused(line: string, ctx: Partial<CommandContext> = {}): string {
  const said = typed(line, ctx);
  return isRefusal(said) ? said.code : `understood: ${JSON.stringify(said)}`;
}
