import type { Answer } from './full-app.js';
import {
  BLOCKS,
  home,
  METADATA,
  MODAL,
  PICTURE,
  type Prepared,
  triggerOf,
  uploaded,
  view,
} from './reference-workspace.js';

type Made = (prepared: Prepared) => Promise<Answer>;

const of =
  (method: string, args: (x: Prepared) => object = () => ({}), token?: 'person' | 'config'): Made =>
  (x) =>
    x.kit.call(method, { ...args(x) }, token ? x[token] : undefined);

/** A channel of its own, for calls that would spoil the common one. */
const fresh = async ({ kit }: Prepared, name: string) =>
  String(((await kit.call('conversations.create', { name })).channel as { id: string }).id);

const inOpen = ({ open }: Prepared) => ({ channel: open });
const onMessage = ({ open, ts }: Prepared) => ({ channel: open, timestamp: ts });
const groupOf = async ({ kit }: Prepared, name: string) =>
  String(((await kit.call('usergroups.create', { name, handle: name })).usergroup as { id: string }).id);
const reminderOf = async ({ kit, person }: Prepared) =>
  String(
    (
      (await kit.call('reminders.add', { text: 'x', time: 'in 5 minutes' }, person)).reminder as {
        id: string;
      }
    ).id,
  );
const markOf = async (x: Prepared) =>
  String(
    (
      (
        await x.kit.call('bookmarks.add', {
          channel_id: x.open,
          title: 'Runbook',
          type: 'link',
          link: 'https://example.com',
          emoji: ':book:',
        })
      ).bookmark as { id: string }
    ).id,
  );
const canvasOf = async (x: Prepared) =>
  String(
    (
      await x.kit.call('canvases.create', {
        title: 'Plan',
        document_content: JSON.stringify({ type: 'markdown', markdown: '# Plan\n\n- one' }),
      })
    ).canvas_id,
  );
const callOf = async (x: Prepared) =>
  String(
    (
      (
        await x.kit.call('calls.add', {
          external_unique_id: 'x-2',
          created_by: 'U0ANA00001',
          join_url: 'https://meet.example.com/1',
          title: 'Bridge',
        })
      ).call as { id: string }
    ).id,
  );
const scheduledOf = async (x: Prepared) =>
  String(
    (
      await x.kit.call('chat.scheduleMessage', {
        channel: x.open,
        text: 'Later',
        post_at: Math.floor(Date.now() / 1000) + 3600,
      })
    ).scheduled_message_id,
  );
const participants = JSON.stringify([{ slack_id: 'U0ANA00001' }]);

/** A successful call of each method; a method without one here fails the test by name. */
export const CALLS: Readonly<Record<string, Made>> = {
  'api.test': of('api.test', () => ({ foo: 'bar' })),
  'apps.connections.open': ({ kit }) => kit.call('apps.connections.open', {}, kit.sandbox.appToken),
  'apps.event.authorizations.list': async ({ kit }) => {
    const { events } = await kit.look<{ events: Array<{ payload: Answer }> }>('events');
    const args = { event_context: events.at(-1)?.payload.event_context };
    return kit.call('apps.event.authorizations.list', args, kit.sandbox.appToken);
  },
  'apps.manifest.validate': async (x) => {
    const { manifest } = await x.kit.call('apps.manifest.export', { app_id: 'A0SANDBOX1' }, x.config);
    return x.kit.call('apps.manifest.validate', { manifest: JSON.stringify(manifest) }, x.config);
  },
  'apps.manifest.export': of('apps.manifest.export', () => ({ app_id: 'A0SANDBOX1' }), 'config'),
  'apps.manifest.create': async (x) => {
    const { manifest } = await x.kit.call('apps.manifest.export', { app_id: 'A0SANDBOX1' }, x.config);
    return x.kit.call('apps.manifest.create', { manifest: JSON.stringify(manifest) }, x.config);
  },
  'apps.manifest.update': async (x) => {
    const { manifest } = await x.kit.call('apps.manifest.export', { app_id: 'A0SANDBOX1' }, x.config);
    const args = { app_id: 'A0SANDBOX1', manifest: JSON.stringify(manifest) };
    return x.kit.call('apps.manifest.update', args, x.config);
  },
  'apps.manifest.delete': async (x) => {
    const { app_id } = (await CALLS['apps.manifest.create']?.(x)) ?? {};
    return x.kit.call('apps.manifest.delete', { app_id }, x.config);
  },
  'assistant.threads.setStatus': of('assistant.threads.setStatus', ({ open, ts }) => ({
    ...{ channel_id: open, thread_ts: ts, status: 'is thinking' },
  })),
  'assistant.threads.setTitle': of('assistant.threads.setTitle', ({ open, ts }) => ({
    ...{ channel_id: open, thread_ts: ts, title: 'Help' },
  })),
  'assistant.threads.setSuggestedPrompts': of('assistant.threads.setSuggestedPrompts', ({ open, ts }) => ({
    channel_id: open,
    thread_ts: ts,
    prompts: JSON.stringify([{ title: 'A', message: 'a' }]),
  })),
  'auth.revoke': async ({ kit }) => kit.call('auth.revoke', {}, await kit.tokenOf('chen')),
  'auth.teams.list': of('auth.teams.list', () => ({ include_icon: true })),
  'auth.test': of('auth.test'),
  'blocks.validate': of('blocks.validate', () => ({ blocks: BLOCKS })),
  'bookmarks.add': of('bookmarks.add', ({ open }) => ({
    ...{ channel_id: open, title: 'Runbook', type: 'link', link: 'https://example.com', emoji: ':book:' },
  })),
  'bookmarks.edit': async (x) =>
    x.kit.call('bookmarks.edit', { channel_id: x.open, bookmark_id: await markOf(x), title: 'Other' }),
  'bookmarks.list': of('bookmarks.list', ({ open }) => ({ channel_id: open })),
  'bookmarks.remove': async (x) =>
    x.kit.call('bookmarks.remove', { channel_id: x.open, bookmark_id: await markOf(x) }),
  'bots.info': of('bots.info', () => ({ bot: 'B0SANDBOX1' })),
  'calls.add': of('calls.add', () => ({
    external_unique_id: 'x-1',
    created_by: 'U0ANA00001',
    join_url: 'https://meet.example.com/1',
    title: 'Bridge',
  })),
  'calls.update': async (x) => x.kit.call('calls.update', { id: await callOf(x), title: 'Other' }),
  'calls.end': async (x) => x.kit.call('calls.end', { id: await callOf(x) }),
  'calls.info': async (x) => x.kit.call('calls.info', { id: await callOf(x) }),
  'calls.participants.add': async (x) =>
    x.kit.call('calls.participants.add', { id: await callOf(x), users: participants }),
  'calls.participants.remove': async (x) => {
    const id = await callOf(x);
    await x.kit.call('calls.participants.add', { id, users: participants });
    return x.kit.call('calls.participants.remove', { id, users: participants });
  },
  'canvases.create': of('canvases.create', () => ({
    title: 'Plan',
    document_content: JSON.stringify({ type: 'markdown', markdown: '# Plan' }),
  })),
  'canvases.edit': async (x) =>
    x.kit.call('canvases.edit', {
      canvas_id: await canvasOf(x),
      changes: JSON.stringify([
        { operation: 'insert_at_end', document_content: { type: 'markdown', markdown: 'more' } },
      ]),
    }),
  'canvases.sections.lookup': async (x) =>
    x.kit.call('canvases.sections.lookup', {
      canvas_id: await canvasOf(x),
      criteria: JSON.stringify({ section_types: ['any_header'] }),
    }),
  'canvases.access.set': async (x) =>
    x.kit.call('canvases.access.set', {
      canvas_id: await canvasOf(x),
      access_level: 'read',
      channel_ids: JSON.stringify([x.open]),
    }),
  'canvases.access.delete': async (x) => {
    const canvas_id = await canvasOf(x);
    const channel_ids = JSON.stringify([x.open]);
    await x.kit.call('canvases.access.set', { canvas_id, access_level: 'read', channel_ids });
    return x.kit.call('canvases.access.delete', { canvas_id, channel_ids });
  },
  'canvases.delete': async (x) => x.kit.call('canvases.delete', { canvas_id: await canvasOf(x) }),
  'chat.postMessage': of('chat.postMessage', ({ open, ts }) => ({
    channel: open,
    text: 'Hello',
    blocks: BLOCKS,
    attachments: JSON.stringify([{ text: 'More', color: 'good' }]),
    metadata: METADATA,
    thread_ts: ts,
    reply_broadcast: true,
    username: 'Somebody',
    icon_emoji: ':eyes:',
  })),
  'chat.update': of('chat.update', ({ open, ts }) => ({
    ...{ channel: open, ts, text: 'Hello', blocks: BLOCKS, metadata: METADATA },
  })),
  'chat.delete': async (x) => {
    const { ts } = await x.kit.call('chat.postMessage', { channel: x.open, text: 'Gone' });
    return x.kit.call('chat.delete', { channel: x.open, ts });
  },
  'chat.postEphemeral': of('chat.postEphemeral', ({ open }) => ({
    channel: open,
    user: 'U0ANA00001',
    text: 'x',
  })),
  'chat.meMessage': of('chat.meMessage', ({ open }) => ({ channel: open, text: 'waves' })),
  'chat.getPermalink': of('chat.getPermalink', ({ open, ts }) => ({ channel: open, message_ts: ts })),
  'chat.scheduleMessage': of('chat.scheduleMessage', ({ open }) => ({
    channel: open,
    text: 'Later',
    blocks: BLOCKS,
    metadata: METADATA,
    post_at: Math.floor(Date.now() / 1000) + 600,
  })),
  'chat.scheduledMessages.list': async (x) => {
    await scheduledOf(x);
    return x.kit.call('chat.scheduledMessages.list');
  },
  'chat.deleteScheduledMessage': async (x) =>
    x.kit.call('chat.deleteScheduledMessage', {
      channel: x.open,
      scheduled_message_id: await scheduledOf(x),
    }),
  'chat.unfurl': async (x) => {
    const url = 'https://bot.example.com/incidents/1';
    const { ts } = await x.kit.act<{ ts: string }>('message', { user: 'ana', channel: x.open, text: url });
    return x.kit.call('chat.unfurl', {
      channel: x.open,
      ts,
      unfurls: JSON.stringify({ [url]: { text: 'Incident 1' } }),
    });
  },
  'chat.startStream': of('chat.startStream', ({ open, ts }) => ({
    ...{ channel: open, thread_ts: ts, recipient_user_id: 'U0ANA00001', recipient_team_id: 'T0SANDBOX1' },
  })),
  'chat.appendStream': async (x) => {
    const { ts } = (await CALLS['chat.startStream']?.(x)) ?? {};
    return x.kit.call('chat.appendStream', { channel: x.open, ts, markdown_text: 'word' });
  },
  'chat.stopStream': async (x) => {
    const { ts } = (await CALLS['chat.startStream']?.(x)) ?? {};
    return x.kit.call('chat.stopStream', { channel: x.open, ts, markdown_text: 'end' });
  },
  'conversations.archive': async (x) =>
    x.kit.call('conversations.archive', { channel: await fresh(x, 'to-archive') }),
  'conversations.unarchive': async (x) => {
    const { channel } = await x.kit.act<{ channel: string }>('channel', {
      user: 'ana',
      name: 'to-unarchive',
    });
    await x.kit.act('channel/archive', { user: 'ana', channel });
    return x.kit.call('conversations.unarchive', { channel }, x.person);
  },
  'conversations.canvases.create': async (x) =>
    x.kit.call('conversations.canvases.create', {
      channel_id: await fresh(x, 'with-canvas'),
      document_content: JSON.stringify({ type: 'markdown', markdown: '# Canvas' }),
    }),
  'conversations.close': async ({ kit, direct }) => {
    await kit.call('conversations.close', { channel: direct });
    const again = await kit.call('conversations.close', { channel: direct });
    await kit.call('conversations.open', { channel: direct });
    return again;
  },
  'conversations.create': of('conversations.create', () => ({ name: 'made-here' })),
  'conversations.history': of('conversations.history', ({ open }) => ({
    ...{ channel: open, include_all_metadata: true, oldest: '1.0', latest: '9999999999.0' },
  })),
  'conversations.info': async ({ kit, open }) => {
    const answers = await Promise.all(
      [open, 'C0SHARED01'].map((channel) =>
        kit.call('conversations.info', { channel, include_num_members: true, include_locale: true }),
      ),
    );
    return { ok: answers.every(({ ok }) => ok), channel: answers.map(({ channel }) => channel) };
  },
  'conversations.invite': of('conversations.invite', ({ closed }) => ({
    ...{ channel: closed, users: 'U0BO000002,U0NOBODY00', force: true },
  })),
  'conversations.join': async ({ kit, open }) => {
    await kit.call('conversations.leave', { channel: open });
    return kit.call('conversations.join', { channel: open });
  },
  'conversations.kick': of('conversations.kick', ({ open }) => ({ channel: open, user: 'U0BO000002' })),
  'conversations.leave': async (x) => {
    const channel = await fresh(x, 'to-leave');
    await x.kit.call('conversations.invite', { channel, users: 'U0ANA00001' });
    return x.kit.call('conversations.leave', { channel });
  },
  'conversations.list': of('conversations.list', () => ({ types: 'public_channel,private_channel,im' })),
  'conversations.mark': of('conversations.mark', ({ open, ts }) => ({ channel: open, ts })),
  'conversations.members': of('conversations.members', inOpen),
  'conversations.open': of('conversations.open', () => ({ users: 'U0ANA00001', return_im: true })),
  'conversations.rename': async (x) =>
    x.kit.call('conversations.rename', { channel: await fresh(x, 'to-rename'), name: 'renamed' }),
  'conversations.replies': of('conversations.replies', ({ open, ts }) => ({ channel: open, ts })),
  'conversations.setPurpose': of('conversations.setPurpose', ({ open }) => ({
    channel: open,
    purpose: 'Purpose',
  })),
  'conversations.setTopic': of('conversations.setTopic', ({ open }) => ({ channel: open, topic: 'Other' })),
  'dnd.info': of('dnd.info', () => ({ user: 'U0BO000002' })),
  'dnd.teamInfo': of('dnd.teamInfo', () => ({ users: 'U0ANA00001,U0BO000002' })),
  'dnd.setSnooze': of('dnd.setSnooze', () => ({ num_minutes: 5 }), 'person'),
  'dnd.endSnooze': async ({ kit, person }) => {
    await kit.call('dnd.setSnooze', { num_minutes: 5 }, person);
    return kit.call('dnd.endSnooze', {}, person);
  },
  'dnd.endDnd': async ({ kit, person }) => {
    // Whatever the hour is, it is in one of the two.
    for (const hours of [
      { start: '00:00', end: '23:59' },
      { start: '23:58', end: '00:01' },
    ]) {
      await kit.act('dnd', { user: 'ana', hours });
      const answer = await kit.call('dnd.endDnd', {}, person);
      if (answer.ok) return answer;
    }
    return { ok: false };
  },
  'emoji.list': of('emoji.list', () => ({ include_categories: true })),
  'files.getUploadURLExternal': of('files.getUploadURLExternal', () => ({ filename: 'a.txt', length: 3 })),
  'files.completeUploadExternal': async (x) => {
    const files = JSON.stringify([{ id: await uploaded(x, 'more.png', PICTURE), title: 'More' }]);
    return x.kit.call('files.completeUploadExternal', { files, channel_id: x.open, thread_ts: x.ts });
  },
  'files.info': async ({ kit, file, picture }) => {
    const answers = await Promise.all([file, picture].map((it) => kit.call('files.info', { file: it })));
    return { ...answers[0], ok: answers.every(({ ok }) => ok), file: answers.map((it) => it.file) };
  },
  'files.list': of('files.list'),
  'files.delete': async (x) => {
    const file = await uploaded(x);
    await x.kit.call('files.completeUploadExternal', {
      files: JSON.stringify([{ id: file }]),
      channel_id: x.open,
    });
    return x.kit.call('files.delete', { file });
  },
  'oauth.v2.access': async ({ kit }) => {
    const asked = { user: 'bo', user_scopes: ['users:read'] };
    const { code, client_id, client_secret } = await kit.act('oauth', asked);
    return kit.call('oauth.v2.access', { code, client_id, client_secret }, '');
  },
  'pins.add': of('pins.add', ({ open, reply }) => ({ channel: open, timestamp: reply })),
  'pins.list': of('pins.list', inOpen),
  'pins.remove': of('pins.remove', onMessage),
  'reactions.add': of('reactions.add', (x) => ({ ...onMessage(x), name: 'rocket' })),
  'reactions.get': of('reactions.get', (x) => ({ ...onMessage(x), full: true })),
  'reactions.list': of('reactions.list', () => ({ full: true })),
  'reactions.remove': of('reactions.remove', (x) => ({ ...onMessage(x), name: 'rocket' })),
  'reminders.add': of('reminders.add', () => ({ text: 'x', time: 'in 5 minutes' }), 'person'),
  'reminders.info': async (x) => x.kit.call('reminders.info', { reminder: await reminderOf(x) }, x.person),
  'reminders.list': async (x) => {
    await reminderOf(x);
    const recurrence = JSON.stringify({ frequency: 'weekly', weekdays: ['monday'] });
    await x.kit.call('reminders.add', { text: 'x', time: '60', recurrence }, x.person);
    return x.kit.call('reminders.list', {}, x.person);
  },
  'reminders.complete': async (x) =>
    x.kit.call('reminders.complete', { reminder: await reminderOf(x) }, x.person),
  'reminders.delete': async (x) =>
    x.kit.call('reminders.delete', { reminder: await reminderOf(x) }, x.person),
  'team.info': of('team.info'),
  'team.profile.get': of('team.profile.get'),
  'usergroups.create': of('usergroups.create', () => ({ name: 'Voice', handle: 'voice' })),
  'usergroups.update': async (x) =>
    x.kit.call('usergroups.update', { usergroup: await groupOf(x, 'g-update'), description: 'x' }),
  'usergroups.disable': async (x) =>
    x.kit.call('usergroups.disable', { usergroup: await groupOf(x, 'g-off') }),
  'usergroups.enable': async (x) => x.kit.call('usergroups.enable', { usergroup: await groupOf(x, 'g-on') }),
  'usergroups.list': of('usergroups.list', () => ({
    ...{ include_users: true, include_count: true, include_disabled: true },
  })),
  'usergroups.users.list': of('usergroups.users.list', () => ({ usergroup: 'S0SRE00001' })),
  'usergroups.users.update': async (x) =>
    x.kit.call('usergroups.users.update', { usergroup: await groupOf(x, 'g-people'), users: 'U0ANA00001' }),
  'users.conversations': of('users.conversations', () => ({ types: 'public_channel,private_channel,im' })),
  'users.getPresence': of('users.getPresence', () => ({ user: 'U0ANA00001' }), 'person'),
  'users.info': async ({ kit }) => {
    const ids = ['U0ANA00001', 'U0BOT00000', 'U0FINN0006', 'U0IVY00010', 'U0PIA00001'];
    const answers = await Promise.all(
      ids.map((user) => kit.call('users.info', { user, include_locale: true })),
    );
    return { ok: answers.every(({ ok }) => ok), user: answers.map(({ user }) => user) };
  },
  'users.list': of('users.list', () => ({ include_locale: true })),
  'users.lookupByEmail': async ({ kit }) => {
    const emails = ['ana@example.com', 'finn@example.com', 'ivy@example.com'];
    const answers = await Promise.all(emails.map((email) => kit.call('users.lookupByEmail', { email })));
    return { ok: answers.every(({ ok }) => ok), user: answers.map(({ user }) => user) };
  },
  'users.profile.get': of('users.profile.get', () => ({ user: 'U0ANA00001', include_labels: true })),
  'users.profile.set': of('users.profile.set', () => ({ name: 'title', value: 'x' }), 'person'),
  'users.setPresence': of('users.setPresence', () => ({ presence: 'auto' })),
  'views.open': async (x) => x.kit.call('views.open', { view, trigger_id: await triggerOf(x.kit) }),
  'views.push': async (x) => {
    const opened = await x.kit.call('views.open', { view: pushing, trigger_id: await triggerOf(x.kit) });
    const { id } = opened.view as { id: string };
    const clicked = await x.kit.act<{ trigger_id: string }>('action', {
      user: 'ana',
      view_id: id,
      action_id: 'go',
    });
    return x.kit.call('views.push', { view, trigger_id: clicked.trigger_id });
  },
  'views.update': async (x) => {
    const opened = await x.kit.call('views.open', { view, trigger_id: await triggerOf(x.kit) });
    return x.kit.call('views.update', { view, view_id: (opened.view as { id: string }).id });
  },
  'views.publish': of('views.publish', () => ({ user_id: 'U0ANA00001', view: home })),
  'migration.exchange': async (x) => {
    await x.kit.act('enterprise', { on: true });
    const answer = await x.kit.call('migration.exchange', { users: 'U0ANA00001' });
    await x.kit.act('enterprise', { on: false });
    return answer;
  },
  // Last: nothing works after it until somebody allows the app again.
  'apps.uninstall': async ({ kit }) => {
    const { clientId: client_id, clientSecret: client_secret } = kit.sandbox;
    const answer = await kit.call('apps.uninstall', { client_id, client_secret });
    const { code } = await kit.act('oauth', { user: 'ana' });
    await kit.call('oauth.v2.access', { code, client_id, client_secret });
    return answer;
  },
};

const pushing = JSON.stringify({
  ...MODAL,
  blocks: [
    {
      type: 'actions',
      elements: [{ type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } }],
    },
  ],
});
