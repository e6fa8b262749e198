import { Router } from 'express';
import { z } from 'zod';
import { changeChannelId, deleteChannel, rename, setNote } from '../workspace/membership.js';
import { richBlocks } from '../workspace/posting.js';
import { announceFile, completeFiles, deleteFile, receive, shareFiles } from '../workspace/sharing.js';
import { typedMessage } from '../workspace/text.js';
import { actor, ControlError, checkName, ownPlace, place } from './actors.js';
import type { Workshop } from './workshop.js';

const who = { user: z.string(), channel: z.string() };
const renaming = z.strictObject({ ...who, name: z.string() });
const note = z.strictObject({
  ...who,
  topic: z.string().max(250).optional(),
  purpose: z.string().max(250).optional(),
});
const reading = z.strictObject({ ...who, ts: z.string().optional() });
const upload = z.strictObject({
  user: z.string(),
  /** Left out: uploaded without being shown anywhere, as a form does with a chosen file. */
  channel: z.string().optional(),
  name: z.string().min(1),
  content: z.string().optional(),
  content_base64: z.string().optional(),
  title: z.string().optional(),
  alt_text: z.string().max(1000).optional(),
  text: z.string().default(''),
  thread_ts: z.string().optional(),
});

/** What people do with channels and files by themselves. */
export function channelRoutes({ world }: Workshop): Router {
  const router = Router();
  router.post('/channel/rename', (request, response) => {
    const { user, channel, name } = renaming.parse(request.body);
    const by = actor(world, user);
    const where = ownPlace(world, by, channel);
    checkName(world, name, where);
    if (where.name !== name) rename(world, where, name, by.id);
    response.json({ ok: true });
  });
  router.post('/channel/delete', (request, response) => {
    const { user, channel } = z.strictObject(who).parse(request.body);
    deleteChannel(world, place(world, channel), actor(world, user).id);
    response.json({ ok: true });
  });
  router.post('/channel/id', (request, response) => {
    const { channel } = z.strictObject({ channel: z.string() }).parse(request.body);
    response.json({ ok: true, channel: changeChannelId(world, place(world, channel)).id });
  });
  router.post('/topic', (request, response) => {
    const { user, channel, ...notes } = note.parse(request.body);
    const by = actor(world, user);
    const where = ownPlace(world, by, channel);
    for (const which of ['topic', 'purpose'] as const) {
      const value = notes[which];
      if (value !== undefined && value !== where[which].value) setNote(world, where, which, value, by.id);
    }
    response.json({ ok: true });
  });
  router.post('/read', (request, response) => {
    const { user, channel, ts } = reading.parse(request.body);
    const by = actor(world, user);
    const where = place(world, channel);
    if (!where.members.has(by.id)) throw new ControlError(`user_not_in_channel: ${by.name} in ${where.name}`);
    const latest = ts ?? where.messages.findLast((it) => !it.thread_ts)?.ts;
    if (latest) where.lastRead.set(by.id, latest);
    world.changed();
    response.json({ ok: true });
  });
  router.post('/file', (request, response) => {
    const given = upload.parse(request.body);
    const by = actor(world, given.user);
    const where = given.channel === undefined ? undefined : ownPlace(world, by, given.channel);
    const { content, content_base64: encoded, name } = given;
    const bytes = encoded === undefined ? Buffer.from(content ?? '') : Buffer.from(encoded, 'base64');
    if (bytes.length === 0) throw new ControlError('empty_file');
    const file = announceFile(world, name, bytes.length, by.id, { altText: given.alt_text });
    file.title = given.title ?? name;
    receive(file, bytes);
    completeFiles(world, [file], where ? [where] : []);
    if (!where) {
      response.json({ ok: true, file: file.id });
      return;
    }
    const text = typedMessage(world, given.text);
    const blocks = richBlocks(world, text);
    const shared = shareFiles(world, where, [file], {
      user: by.id,
      text,
      clientMsgId: world.ids.uuid(),
      ...(blocks.length > 0 ? { blocks } : {}),
      ...(given.thread_ts ? { thread_ts: given.thread_ts } : {}),
    });
    response.json({ ok: true, file: file.id, ts: shared.ts });
  });
  router.post('/file/delete', (request, response) => {
    const { user, file: id } = z.strictObject({ user: z.string(), file: z.string() }).parse(request.body);
    const file = world.files.get(id);
    if (!file?.completed) throw new ControlError(`unknown_file: ${id}`);
    if (file.user !== actor(world, user).id) throw new ControlError('cant_delete_file');
    deleteFile(world, file);
    response.json({ ok: true });
  });
  return router;
}
