import { z } from 'zod';
import { isFields } from '../fields.js';
import { methods } from '../methods/all.js';
import { COMMON_ERRORS } from '../web-api/common-errors.js';
import { settingsSchema } from '../workspace/settings.js';
import { blockKinds, elementKinds, type Kind } from './blocks.js';
import { EVENT_TYPES } from './events.js';
import { KNOWN_DIFFERENCES } from './known.js';
import { type Observed, observe } from './scopes.js';

type Table = readonly [head: readonly string[], ...rows: ReadonlyArray<readonly string[]>];

/** The coverage table as Markdown, made of the code's own tables. Starts a sandbox for a moment to see its routes. */
export async function coverage(): Promise<string> {
  const seen = await observe();
  const parts = [
    '# What the local Slack covers',
    'Made by `node dist/sandbox/main.js --coverage > docs/local-slack-coverage.md`; a test compares it with the code.',
    section('Web API', methodTable(seen)),
    `Every method can also refuse with ${[...COMMON_ERRORS].sort().map(code).join(' ')}.`,
    section('Events', [
      ['Event', 'When'],
      ...Object.entries(EVENT_TYPES).map(([type, when]) => [code(type), when]),
    ]),
    section('Blocks', kindTable('Block', 'On', blockKinds())),
    section('Elements', kindTable('Element', 'In', elementKinds())),
    section('Control API', [['Path'], ...seen.controlPaths.map((path) => [code(path)])]),
    section('Settings', settingTable()),
    section('Known to differ', [
      ['Area', 'What', 'Here', 'Why'],
      ...KNOWN_DIFFERENCES.map(({ area, what, here, why }) => [area, what, here, REASONS[why]]),
    ]),
  ];
  return `${parts.join('\n\n')}\n`;
}

const REASONS = { unknown: 'Slack does not say', chosen: 'our choice', missing: 'not here' } as const;

function methodTable({ scopes }: Observed): Table {
  const rows = Object.entries(methods).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ['Method', 'Tier', 'Scopes, any one of', 'Tokens', 'Refuses with'],
    ...rows.map(([name, method]) => {
      const needed = typeof method.scopes === 'function' ? (scopes.get(name) ?? []) : (method.scopes ?? []);
      return [
        code(name),
        String(method.tier),
        codes(needed),
        method.anonymous ? 'none' : (method.tokens ?? ['bot', 'user']).join(', '),
        codes([...(method.errors ?? [])].sort()),
      ];
    }),
  ];
}

function kindTable(what: string, where: string, kinds: readonly Kind[]): Table {
  return [
    [what, where, 'Limits'],
    ...kinds.map(({ type, places, limits }) => [code(type), places.join(', '), limits || '–']),
  ];
}

function settingTable(): Table {
  const schema = z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' });
  const settings = isFields(schema.properties) ? Object.entries(schema.properties) : [];
  return [['Setting', 'Value'], ...settings.map(([name, value]) => [code(name), settingOf(value)])];
}

function settingOf(schema: unknown): string {
  if (!isFields(schema)) return '–';
  if (Array.isArray(schema.enum)) return schema.enum.map((it) => code(String(it))).join(' ');
  if (Array.isArray(schema.anyOf)) return schema.anyOf.map(settingOf).join(' or ');
  return typeof schema.type === 'string' ? schema.type : '–';
}

/** A table of Markdown under its heading; what would end a cell is kept from doing so. */
function section(title: string, [head, ...rows]: Table): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((it) => it.replaceAll('|', '\\|')).join(' | ')} |`;
  return [`## ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function codes(names: readonly string[]): string {
  return names.map(code).join(' ') || '–';
}

function code(name: string): string {
  return `\`${name}\``;
}
