import type { Answer, FullKit } from './full-app.js';

/** What the calls of the table need: ids of things that were made before. */
export interface Prepared {
  readonly kit: FullKit;
  readonly open: string;
  readonly closed: string;
  readonly direct: string;
  /** A message of the app in `open` with reactions, a reply and a pin. */
  readonly ts: string;
  readonly reply: string;
  readonly file: string;
  readonly picture: string;
  /** Tokens: of ana, and for configuring apps. */
  readonly person: string;
  readonly config: string;
  readonly view: string;
  readonly home: string;
}

export const BLOCKS = JSON.stringify([{ type: 'section', text: { type: 'mrkdwn', text: 'Hello' } }]);
export const METADATA = JSON.stringify({ event_type: 'x', event_payload: { a: 1 } });
const ICON = 'https://example.com/icon.png';
export const MODAL = {
  type: 'modal',
  callback_id: 'x',
  title: { type: 'plain_text', text: 'Title', emoji: true },
  submit: { type: 'plain_text', text: 'Send', emoji: true },
  close: { type: 'plain_text', text: 'Close', emoji: true },
  blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'Hello' } }],
};
export const view = JSON.stringify(MODAL);
export const home = JSON.stringify({ type: 'home', blocks: MODAL.blocks });

/** The head of a PNG of 1,200 × 900 pixels: enough to read its size. */
export const PICTURE = Uint8Array.from([
  ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52],
  ...[0, 0, 4, 0xb0, 0, 0, 3, 0x84, 8, 2, 0, 0, 0, 0, 0, 0, 0],
]);

/** One file that was uploaded and not completed. */
export async function uploaded(
  { kit }: Pick<Prepared, 'kit'>,
  filename = 'notes.txt',
  body: string | Uint8Array<ArrayBuffer> = 'some notes',
): Promise<string> {
  const args = { filename, length: body.length, alt_txt: 'What it shows' };
  const { upload_url, file_id } = await kit.call('files.getUploadURLExternal', args);
  await fetch(String(upload_url), { method: 'POST', body });
  return String(file_id);
}

/** People of every kind, so that each member of the samples belongs to somebody. */
export const SEED = {
  users: [
    {
      ...{ id: 'U0ANA00001', name: 'ana', pronouns: 'she/her', startDate: '2024-02-01', phone: '+49 1' },
      fields: { Xf0PAGER001: { value: '+49 2', alt: '' } },
      picture: 'https://example.com/ana.png',
    },
    { id: 'U0FINN0006', name: 'finn', invitedBy: 'U0ANA00001' },
    { id: 'U0IVY00010', name: 'ivy', email: 'ivy@example.com', is_invited_user: true },
    { id: 'U0PIA00001', name: 'pia', team_id: 'T0PARTNER1' },
  ],
  channels: [
    { id: 'C0SHARED01', name: 'shared', shared_with: 'T0PARTNER1', members: ['U0PIA00001', 'U0BOT00000'] },
  ],
  emoji: { sev1: 'https://example.com/sev1.png' },
};

/** The workspace that the calls are made in. */
export async function prepare(kit: FullKit): Promise<Prepared> {
  const idOf = (answer: Answer) => String((answer.channel as { id: string }).id);
  const open = idOf(await kit.call('conversations.create', { name: 'shapes' }));
  const closed = idOf(await kit.call('conversations.create', { name: 'shapes-closed', is_private: true }));
  await kit.call('conversations.invite', { channel: open, users: 'U0ANA00001,U0BO000002' });
  await kit.call('conversations.setTopic', { channel: open, topic: 'Topic' });
  const direct = idOf(await kit.call('conversations.open', { users: 'U0ANA00001' }));
  await kit.call('chat.postMessage', { channel: direct, text: 'Hello', blocks: BLOCKS });
  await kit.call('conversations.setPurpose', { channel: open, purpose: 'Purpose' });
  await kit.call('conversations.canvases.create', {
    channel_id: open,
    document_content: JSON.stringify({ type: 'markdown', markdown: '# Canvas' }),
  });
  const posted = await kit.call('chat.postMessage', { channel: open, text: 'Hello', blocks: BLOCKS });
  const ts = String(posted.ts);
  const reply = String(
    (await kit.call('chat.postMessage', { channel: open, text: 'Reply', thread_ts: ts })).ts,
  );
  const said = await kit.act<{ ts: string }>('message', {
    ...{ user: 'ana', channel: open, text: 'Mine', thread_ts: ts },
  });
  await kit.call('reactions.add', { channel: open, timestamp: said.ts, name: 'wave' });
  const named = { channel: open, text: 'Named', username: 'Name', icon_url: ICON, metadata: METADATA };
  const other = await kit.call('chat.postMessage', { ...named, attachments: '[{"text":"x"}]' });
  await kit.call('reactions.add', { channel: open, timestamp: other.ts, name: 'wave' });
  await kit.act('reaction', { user: 'ana', channel: open, ts, name: 'eyes' });
  await kit.call('reactions.add', { channel: open, timestamp: ts, name: 'thumbsup' });
  await kit.call('pins.add', { channel: open, timestamp: ts });
  const file = await uploaded({ kit });
  const files = JSON.stringify([{ id: file, title: 'Notes' }]);
  await kit.call('files.completeUploadExternal', { files, channel_id: open, thread_ts: ts });
  const picture = await uploaded({ kit }, 'picture.png', PICTURE);
  await kit.call('files.completeUploadExternal', {
    files: JSON.stringify([{ id: picture, title: 'Picture' }]),
    channel_id: closed,
  });
  await kit.act('status', { user: 'ana', text: 'Here', emoji: ':wave:' });
  const person = await kit.tokenOf('ana');
  const config = (await kit.act<{ token: string }>('token/config', { user: 'ana' })).token;
  const viewOf = (answer: Answer) => String((answer.view as { id: string }).id);
  const opened = viewOf(await kit.call('views.open', { view, trigger_id: await triggerOf(kit) }));
  const published = viewOf(await kit.call('views.publish', { user_id: 'U0ANA00001', view: home }));
  return {
    kit,
    open,
    closed,
    direct,
    ts,
    reply,
    file,
    picture,
    person,
    config,
    view: opened,
    home: published,
  };
}

export async function triggerOf(kit: FullKit): Promise<string> {
  const typed = await kit.act<{ trigger_id: string }>('shortcut', { user: 'ana', callback_id: 'declare' });
  return typed.trigger_id;
}
