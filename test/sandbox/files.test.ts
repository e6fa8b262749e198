import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANA, BOT, type ChatKit, type Fields, startChatKit } from './chat-kit.js';

let kit: ChatKit;
let channel: string;
let secret: string;
beforeAll(async () => {
  kit = await startChatKit();
  const make = async (name: string, isPrivate: boolean) => {
    const id = (await kit.client.conversations.create({ name, is_private: isPrivate })).channel?.id ?? '';
    await kit.client.conversations.invite({ channel: id, users: ANA });
    return id;
  };
  channel = await make('uploads', false);
  secret = await make('hidden-uploads', true);
});
afterAll(() => kit.stop());

/** The first bytes of a picture of that size. */
function png(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(33);
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(bytes);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
}

/** The first two steps. @returns the file's id and the answer to the bytes */
async function send(filename: string, bytes: Buffer, more: Fields = {}) {
  const { upload_url, file_id } = await kit.call('files.getUploadURLExternal', {
    filename,
    length: bytes.length,
    ...more,
  });
  const response = await fetch(String(upload_url), { method: 'POST', body: new Uint8Array(bytes) });
  return { id: String(file_id), status: response.status, text: await response.text() };
}

async function share(filename: string, content: Buffer | string, more: Fields = {}, args: Fields = {}) {
  const { id } = await send(filename, Buffer.from(content), args);
  await kit.call('files.completeUploadExternal', { files: [{ id }], channel_id: channel, ...more });
  return id;
}

const info = async (file: string) => (await kit.call('files.info', { file })).file as Fields;

describe('what a file says of itself', () => {
  test('a text: its first lines and how many more', async () => {
    const file = await info(await share('log.txt', 'a < b\n2\n3\n4\n5\n6\n7\n'));
    expect(file).toMatchObject({
      ...{
        name: 'log.txt',
        title: 'log.txt',
        mimetype: 'text/plain',
        filetype: 'text',
        pretty_type: 'Plain Text',
      },
      ...{
        mode: 'snippet',
        editable: true,
        user_team: 'T0SANDBOX1',
        file_access: 'visible',
        is_public: true,
      },
      ...{ preview: 'a < b\n2\n3\n4\n5', preview_is_truncated: true, lines: 7, lines_more: 2 },
      permalink_public: expect.any(String),
      edit_link: expect.any(String),
      preview_highlight: expect.stringContaining('a &lt; b'),
      shares: { public: { [channel]: [{ channel_name: 'uploads', share_user_id: BOT }] } },
    });
  });

  test('a picture: its size and smaller ones', async () => {
    const file = await info(await share('graph.png', png(800, 400), {}, { alt_txt: 'Calls per minute' }));
    expect(file).toMatchObject({
      ...{
        mimetype: 'image/png',
        filetype: 'png',
        mode: 'hosted',
        editable: false,
        alt_txt: 'Calls per minute',
      },
      ...{ original_w: 800, original_h: 400, thumb_360_w: 360, thumb_360_h: 180, thumb_800_w: 800 },
      thumb_64: expect.stringContaining('/files-tmb/'),
    });
    expect(file).not.toHaveProperty('thumb_960');
    expect(file).not.toHaveProperty('preview');
    const headers = { authorization: `Bearer ${kit.sandbox.botToken}` };
    const thumb = await fetch(String(file.thumb_360), { headers });
    expect(Buffer.from(await thumb.arrayBuffer())).toEqual(png(800, 400));
  });

  test('a snippet is of the type that the app named; other bytes are binary', async () => {
    expect(await info(await share('query', 'select 1', {}, { snippet_type: 'sql' }))).toMatchObject({
      filetype: 'sql',
      mode: 'snippet',
    });
    expect(await info(await share('core.dump', 'x'))).toMatchObject({ filetype: 'binary', mode: 'hosted' });
  });
});

describe('uploads', () => {
  test.each<[Fields, string]>([
    [{ filename: 'a', length: 0 }, 'missing_argument'],
    [{ filename: '', length: 1 }, 'missing_argument'],
    [{ filename: 'a', length: 1, alt_txt: 'x'.repeat(1001) }, 'alt_txt_too_large'],
    [{ filename: 'a', length: 1, snippet_type: 'klingon' }, 'unknown_snippet_type'],
    [{ filename: 'a', length: 1_000_001, snippet_type: 'text' }, 'snippet_too_large'],
    [{ filename: 'a', length: 2_000_000_000 }, 'file_upload_size_restricted'],
  ])('%j is refused', async (args, code) => {
    expect(await kit.outcome('files.getUploadURLExternal', args)).toBe(code);
  });

  test('fewer or more bytes than announced are not taken', async () => {
    for (const length of [4, 6]) {
      const { id, status, text } = await send('a.txt', Buffer.from('12345'), { length });
      expect([status, text]).toEqual([400, `upload_length_mismatch: 5 of ${length}`]);
      expect(await kit.outcome('files.completeUploadExternal', { files: [{ id }] })).toBe('file_not_found');
    }
  });

  test('completed once, by who began it', async () => {
    const { id } = await send('a.txt', Buffer.from('1'));
    const args = { files: [{ id, title: 'Mine' }], channels: `${channel},${secret}` };
    expect(await kit.outcome('files.completeUploadExternal', { ...args, thread_ts: '1.000001' })).toBe(
      'invalid_arguments',
    );
    expect(await kit.call('files.completeUploadExternal', args)).toMatchObject({
      files: [{ id, title: 'Mine', channels: [channel], groups: [secret] }],
    });
    expect(await kit.outcome('files.completeUploadExternal', args)).toBe('file_not_found');
    const many = { files: [{ id }], channels: Array.from({ length: 101 }, (_, i) => `C${i}`).join(',') };
    expect(await kit.outcome('files.completeUploadExternal', many)).toBe('channels_limit_exceeded');
  });

  test('a comment, blocks or a thread go with them', async () => {
    const { ts } = await kit.client.chat.postMessage({ channel, text: 'parent' });
    const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: 'the log' } }];
    const id = await share('b.txt', 'b', { blocks, thread_ts: ts });
    const { messages } = await kit.client.conversations.replies({ channel, ts: String(ts) });
    expect(messages?.[1]).toMatchObject({
      subtype: 'file_share',
      files: [{ id }],
      blocks,
      display_as_bot: false,
    });
    const said = await share('c.txt', 'c', { blocks, initial_comment: 'see' });
    const last = (await kit.client.conversations.history({ channel, limit: 1 })).messages?.[0];
    expect(last).toMatchObject({ text: 'see', files: [{ id: said }] });
    expect(last).not.toHaveProperty('blocks');
  });
});

describe('events', () => {
  const types = (events: Fields[]) => events.map((event) => event.type);

  test('of a public share, a private one, and none', async () => {
    expect(types(await kit.during(() => share('p.txt', 'p')))).toEqual([
      ...['file_created', 'message', 'file_public', 'file_shared'],
    ]);
    const hidden = await kit.during(() => share('q.txt', 'q', { channel_id: secret }));
    expect(types(hidden)).toEqual(['file_created', 'message', 'file_shared']);
    expect(hidden[2]).toMatchObject({ channel_id: secret, user_id: BOT, file: { id: expect.any(String) } });
    expect(types(await kit.during(() => share('r.txt', 'r', { channel_id: undefined })))).toEqual([
      'file_created',
    ]);
  });

  test('what people upload', async () => {
    const content_base64 = png(10, 10).toString('base64');
    const given = { user: 'ana', channel: 'uploads', name: 'photo.png', content_base64, text: 'look @bo' };
    let made: Fields = {};
    const events = await kit.during(async () => {
      made = await kit.act('file', given);
    });
    expect(types(events)).toEqual(['file_created', 'message', 'file_public', 'file_shared']);
    expect(events[1]).toMatchObject({
      ...{ subtype: 'file_share', user: ANA, ts: made.ts, text: 'look <@U0BO000002>' },
      blocks: [{ type: 'rich_text' }],
      files: [{ id: made.file, original_w: 10 }],
    });
    // Where the app is not, it does not hear of a private one.
    await kit.act('channel', { user: 'ana', name: 'ours', private: true });
    expect(await kit.during(() => kit.act('file', { ...given, channel: 'ours' }))).toEqual([]);
    const state = await kit.look<{
      files: Array<{ id: string; channels: string[]; user: string; groups: string[] }>;
    }>('state');
    const unseen = state.files.find((file) => file.user === ANA && file.channels.length === 0)?.id;
    expect(await kit.outcome('files.info', { file: unseen })).toBe('not_visible');
    expect(await kit.outcome('files.delete', { file: made.file })).toBe('cant_delete_file');
  });
});

describe('files.list and files.delete', () => {
  test('in pages, by kind, person, place and time', async () => {
    const ids = await Promise.all(['d.pdf', 'e.zip', 'f.png'].map((name) => share(name, 'x')));
    const list = async (args: Fields) => {
      const { files, paging } = (await kit.call('files.list', args)) as { files: Fields[]; paging: Fields };
      return { ids: files.map((file) => file.id), paging };
    };
    const all = await list({ count: 2, page: 2, user: BOT });
    expect(all.ids).toHaveLength(2);
    expect(all.paging).toMatchObject({ count: 2, page: 2, pages: Math.ceil(Number(all.paging.total) / 2) });
    expect((await list({ types: 'pdfs,zips', channel })).ids.sort()).toEqual(ids.slice(0, 2).sort());
    expect((await list({ types: 'images', user: ANA })).ids).toHaveLength(1);
    expect((await list({ ts_to: '1' })).ids).toEqual([]);
    expect(await kit.outcome('files.list', { types: 'songs' })).toBe('unknown_type');
    expect(await kit.outcome('files.list', { user: 'U1' })).toBe('user_not_found');
  });

  test('a deleted file takes its message along, or leaves a sign in it', async () => {
    const bare = await share('gone.txt', 'x');
    const alone = await kit.during(() => kit.call('files.delete', { file: bare }));
    expect(alone).toMatchObject([
      { type: 'file_deleted', file_id: bare, channel_ids: [channel] },
      { type: 'message', subtype: 'message_deleted' },
    ]);
    const told = await share('told.txt', 'x', { initial_comment: 'see' });
    await kit.call('files.delete', { file: told });
    const last = (await kit.client.conversations.history({ channel, limit: 1 })).messages?.[0];
    expect(last).toMatchObject({ text: 'see', files: [{ id: told, mode: 'tombstone' }] });
    expect(await kit.outcome('files.info', { file: told })).toBe('file_deleted');
    expect(await kit.outcome('files.delete', { file: told })).toBe('file_deleted');
    expect(await kit.outcome('files.delete', { file: 'F1' })).toBe('file_not_found');
  });
});
