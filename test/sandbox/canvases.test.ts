import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { canvasProblem, sectionsOf } from '#sandbox/workspace/objects/canvas-text.js';
import { ANA, type ChatKit, type Fields, startChatKit } from './chat-kit.js';

let kit: ChatKit;
let channel: string;
beforeAll(async () => {
  kit = await startChatKit();
  channel = (await kit.client.conversations.create({ name: 'canvas' })).channel?.id ?? '';
});
afterAll(() => kit.stop());

const markdown = (text: string) => ({ type: 'markdown', markdown: text });
const create = async (text: string, more: Fields = {}) =>
  String((await kit.call('canvases.create', { document_content: markdown(text), ...more })).canvas_id);
const edit = (canvas_id: string, change: Fields) =>
  kit.call('canvases.edit', { canvas_id, changes: [change] });
const lookup = async (canvas_id: string, criteria: Fields) =>
  (
    (await kit.call('canvases.sections.lookup', { canvas_id, criteria })).sections as Array<{ id: string }>
  ).map((it) => it.id);
const content = async (id: string) => {
  const { files } = await kit.look<{ files: Fields[] }>('state');
  return files.find((file) => file.id === id)?.content;
};

test.each([
  ['# A\none\ntwo\n\nthree', ['# A', 'one\ntwo', 'three']],
  ['- a\n- b\n## B\ntext', ['- a\n- b', '## B', 'text']],
  ['intro\n- a', ['intro', '- a']],
  ['```\n# no\n\nheading\n```\nafter', ['```\n# no\n\nheading\n```\nafter']],
  ['', []],
])('%j in sections', (text, parts) => {
  let n = 0;
  expect(sectionsOf(text, () => `s${n++}`)).toEqual(
    parts.map((part, i) => ({ id: `s${i}`, markdown: part })),
  );
});

test.each(['> - a', '1. > b', '- # c'])('%j does not fit into a canvas', (text) =>
  expect(canvasProblem(text)).toMatch(/Unsupported nesting/),
);

test('a channel has one canvas, in its tabs', async () => {
  const made = await kit.call('conversations.canvases.create', {
    channel_id: channel,
    document_content: markdown('# Plan'),
  });
  const id = String(made.canvas_id);
  expect(await kit.outcome('conversations.canvases.create', { channel_id: channel })).toBe(
    'channel_canvas_already_exists',
  );
  expect((await kit.call('conversations.info', { channel })).channel).toMatchObject({
    properties: {
      canvas: { file_id: id, is_empty: false },
      tabs: [{ type: 'channel_canvas', data: { file_id: id } }, { type: 'files' }],
    },
  });
  expect((await kit.call('files.info', { file: id })).file).toMatchObject({
    title: 'canvas',
    filetype: 'quip',
    mode: 'quip',
  });
  expect(
    ((await kit.call('files.list', { types: 'spaces' })).files as Fields[]).map((it) => it.id),
  ).toContain(id);
  // People of the channel write in it, and nobody else sees it.
  const beside = await create('x', { channel_id: channel, title: 'Beside' });
  expect((await kit.call('conversations.info', { channel })).channel).toMatchObject({
    properties: {
      tabs: [{ data: { file_id: id } }, { type: 'canvas', data: { file_id: beside } }, { type: 'files' }],
    },
  });
  await kit.call('canvases.delete', { canvas_id: id });
  expect(await kit.outcome('conversations.canvases.create', { channel_id: channel })).toBe('ok');
});

test('one change at a time, at a section or at an end', async () => {
  const id = await create('# A\n\nfirst\n\n## B\n\nsecond');
  const [b] = await lookup(id, { section_types: ['h2'] });
  const [first] = await lookup(id, { contains_text: 'FIRST' });
  const events = await kit.during(async () => {
    await edit(id, { operation: 'insert_after', section_id: first, document_content: markdown('after') });
    await edit(id, { operation: 'insert_before', section_id: b, document_content: markdown('before') });
    await edit(id, { operation: 'insert_at_start', document_content: markdown('top') });
    await edit(id, { operation: 'insert_at_end', document_content: markdown('end') });
    await edit(id, { operation: 'replace', section_id: first, document_content: markdown('1st') });
    await edit(id, { operation: 'delete', section_id: b });
    await edit(id, { operation: 'rename', title_content: markdown('New name') });
  });
  expect(await content(id)).toBe('top\n\n# A\n\n1st\n\nafter\n\nbefore\n\nsecond\n\nend');
  expect((await kit.call('files.info', { file: id })).file).toMatchObject({ title: 'New name' });
  expect(events).toHaveLength(7);
  expect(events[0]).toMatchObject({ type: 'file_change', file_id: id, file: { id } });
  await edit(id, { operation: 'replace', document_content: markdown('all new') });
  expect(await content(id)).toBe('all new');
  expect(await lookup(id, { section_types: ['any_header'] })).toEqual([]);
});

test('what is refused', async () => {
  const id = await create('# A');
  const change = { operation: 'insert_at_end', document_content: markdown('x') };
  const rows: Array<[string, Fields, string]> = [
    ['canvases.create', { document_content: markdown('> - a') }, 'canvas_creation_failed'],
    ['canvases.create', { document_content: { type: 'html' } }, 'canvas_creation_failed'],
    ['canvases.create', { channel_id: 'C1' }, 'channel_not_found'],
    ['canvases.edit', { canvas_id: id, changes: [change, change] }, 'invalid_arguments'],
    ['canvases.edit', { canvas_id: id, changes: [{ operation: 'shred' }] }, 'invalid_arguments'],
    [
      'canvases.edit',
      { canvas_id: id, changes: [{ ...change, operation: 'insert_after', section_id: 'x' }] },
      'canvas_editing_failed',
    ],
    [
      'canvases.edit',
      { canvas_id: id, changes: [{ ...change, document_content: markdown('- > a') }] },
      'canvas_editing_failed',
    ],
    ['canvases.edit', { canvas_id: 'F1', changes: [change] }, 'canvas_not_found'],
    ['canvases.sections.lookup', { canvas_id: id, criteria: {} }, 'invalid_arguments'],
    ['canvases.access.set', { canvas_id: id, access_level: 'read' }, 'invalid_parameters'],
    ['canvases.access.set', { canvas_id: id, access_level: 'rule', user_ids: [ANA] }, 'invalid_parameters'],
    ['canvases.access.set', { canvas_id: id, access_level: 'read', user_ids: ['U1'] }, 'user_not_found'],
    ['canvases.access.delete', { canvas_id: id, channel_ids: ['C1'] }, 'channel_not_found'],
  ];
  for (const [method, args, code] of rows)
    expect([method, args, await kit.outcome(method, args)]).toEqual([method, args, code]);
  await kit.call('canvases.delete', { canvas_id: id });
  expect(await kit.outcome('canvases.delete', { canvas_id: id })).toBe('canvas_not_found');
  expect(
    await kit.outcome('canvases.sections.lookup', { canvas_id: id, criteria: { contains_text: 'A' } }),
  ).toBe('canvas_deleted');
});

test('who may read, write and own', async () => {
  const id = await create('# Ours');
  expect(
    await kit.call('canvases.access.set', { canvas_id: id, access_level: 'write', channel_ids: [channel] }),
  ).toMatchObject({
    failed_to_update_channel_ids: [],
    failed_to_update_user_ids: [],
  });
  expect(((await kit.call('files.list', { channel })).files as Fields[]).map((it) => it.id)).toContain(id);
  expect(await kit.outcome('canvases.access.delete', { canvas_id: id, channel_ids: channel })).toBe('ok');
  expect(((await kit.call('files.list', { channel })).files as Fields[]).map((it) => it.id)).not.toContain(
    id,
  );
});
