import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Effect } from '#domain/incident/effect.js';
import { LOSSES } from '#domain/words.js';
import { toldAbsent, toldChannel, toldLost, toldOfChannel, toldPerson } from '#render/undelivered.js';
import { templates } from '#slack/templates.js';

const PAGE = 'docs/messages.md';

/** What somebody reads of blocks, from top to bottom; buttons and fields in brackets. */
function read(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(read);
  if (typeof value !== 'object' || value === null) return [];
  const { type, text, elements, label, hint, accessory, element } = value as Record<string, unknown>;
  switch (type) {
    case 'section':
      return [...words(text), ...read(accessory)];
    case 'context':
      return (elements as unknown[]).flatMap(words).map((line) => `(${line})`);
    case 'actions':
      return [read(elements).join(' ')];
    case 'input':
      return [`[${words(label).join('')}]${words(hint).map((line) => ` (${line})`)}${read(element)}`];
    case 'button':
      return [`[${words(text).join('')}]`];
    case 'header':
      return words(text);
    default:
      return [];
  }
}

function words(value: unknown): string[] {
  return typeof value === 'object' && value !== null && 'text' in value ? [String(value.text)] : [];
}

const dead = (effect: Effect, error: string) => ({ id: 1, incident: 7, error, dead: true, effect });
const opening = dead({ kind: 'channel.open', payload: {} }, 'conversations.create: restricted_action');
const entry = (error: string) => dead({ kind: 'channel.entry', payload: { n: 4, head: null } }, error);

/** What is said in plain words alone. */
const PLAIN: Record<string, string> = {
  'told directly: no channel': toldPerson('INC-7', 'TTS fails', opening, '/incident'),
  'told directly: the channel takes no message': toldOfChannel('INC-7', 'TTS fails', [
    entry('chat.postMessage: restricted_action'),
  ]),
  'told directly: not brought in': toldAbsent('INC-7', 'TTS fails', 'user_is_restricted'),
  ...Object.fromEntries(
    LOSSES.map((how) => [
      `told directly: channel lost, ${how}`,
      toldLost('INC-7', 'TTS fails', how, '/incident'),
    ]),
  ),
  'in the channel: what it does not show': toldChannel(
    'INC-7',
    [entry('chat.postMessage: msg_too_long')],
    'incidents',
  ),
};

test('the page of messages has every message and form, as it is said', () => {
  const sections = [
    ...templates('plain').map((one) => {
      const { name } = one;
      if ('message' in one) return { name, lines: read(one.message.blocks) };
      if (one.view.type === 'home') return { name, lines: read(one.view.blocks) };
      const { title, submit, blocks } = one.view;
      return { name, lines: [`*${title.text}*`, ...read(blocks), ...(submit ? [`[${submit.text}]`] : [])] };
    }),
    ...Object.entries(PLAIN).map(([name, text]) => ({ name, lines: [text] })),
  ];
  const page = [
    '# What the bot says',
    '',
    'Every message and form of ours in Slack that has a layout, and what is told to people directly, with ordinary texts in it. Made by `RECORD=1 npm test -- test/slack/messages.test.ts`, and compared by it: whoever changes a sentence sees here how it reads. Receipts are in `src/render/receipt.ts`, refusals in [refusals.md](refusals.md).',
    '',
    ...sections.flatMap(({ name, lines }) => [
      `## ${name}`,
      '',
      '```',
      ...lines.map((line) => line.replaceAll('```', '′′′')),
      '```',
      '',
    ]),
  ].join('\n');
  if (process.env.RECORD === '1') writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, 'utf8')).toBe(page);
});
