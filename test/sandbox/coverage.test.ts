import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { EVENT_TYPES } from '#sandbox/covered/events.js';
import { coverage } from '#sandbox/covered/print.js';
import { methodNames } from '#sandbox/methods/all.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCE = join(ROOT, 'src/sandbox');
/** They name events without sending them. */
const NO_SENDERS = /(manifest|covered|page|start)\//;

let printed: string;
beforeAll(async () => {
  printed = await coverage();
});

const filesIn = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesIn(path) : [path];
  });

/** Names in the first column of a section. */
const listed = (title: string): string[] => {
  const [, section = ''] = printed.split(`## ${title}\n`);
  const [table = ''] = section.split('\n## ');
  return [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, name = '']) => name);
};

test('docs/local-slack-coverage.md is what the sandbox prints', () => {
  const kept = readFileSync(join(ROOT, 'docs/local-slack-coverage.md'), 'utf8');
  // After a change: node dist/sandbox/main.js --coverage > docs/local-slack-coverage.md
  expect(kept).toBe(printed);
});

describe('what it lists', () => {
  test('every method, block, element, control path and setting', () => {
    expect(listed('Web API')).toEqual([...methodNames]);
    expect(listed('Blocks')).toEqual(
      expect.arrayContaining(['section', 'actions', 'input', 'table', 'rich_text']),
    );
    expect(listed('Elements')).toEqual(
      expect.arrayContaining(['button', 'multi_users_select', 'file_input']),
    );
    expect(listed('Control API')).toEqual(
      expect.arrayContaining(['POST /control/command', 'GET /control/state']),
    );
    expect(listed('Settings')).toEqual(expect.arrayContaining(['ack_ms', 'rate_limits']));
  });

  test('every event that the source sends, and no other', () => {
    const senders = filesIn(SOURCE).filter((path) => path.endsWith('.ts') && !NO_SENDERS.test(path));
    const source = senders.map((path) => readFileSync(path, 'utf8')).join('\n');
    const sends = (type: string): boolean => {
      if (source.includes(`'${type}'`)) return true;
      // `${kind}_rename` and `${kind}_${verb}`, of channels and groups.
      const [, verb] = /^(?:channel|group|im|file)_(\w+)$/.exec(type) ?? [];
      const [made, both] = [`}_${verb}\``, ['}_$', '{verb}`'].join('')];
      return (
        verb !== undefined &&
        (source.includes(made) || (source.includes(both) && source.includes(`'${verb}'`)))
      );
    };
    expect(Object.keys(EVENT_TYPES).filter((type) => !sends(type))).toEqual([]);
    const types = [...source.matchAll(/happen(?:ed)?\([^;]*?\btype: '([a-z_]+)'/gs)].map(
      ([, type = '']) => type,
    );
    expect([...new Set(types)].filter((type) => !EVENT_TYPES[type])).toEqual([]);
  });
});
