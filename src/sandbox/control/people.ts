import { Router } from 'express';
import { z } from 'zod';
import { archive, createChannel, join, leave } from '../workspace/membership.js';
import { setAccount, type User } from '../workspace/objects/user.js';
import { userChanged, userJoined } from '../workspace/people/profile.js';
import { editAsUser, pin, post, postAsUser, react, remove, unreact } from '../workspace/posting.js';
import { typedMessage } from '../workspace/text.js';
import type { World } from '../workspace/world.js';
import { isEmoji } from '../workspace/writing/emoji.js';
import { actor, ControlError, checkName, messageAt, ownPlace, place } from './actors.js';
import type { Workshop } from './workshop.js';

const who = { user: z.string(), channel: z.string() };
const message = z.strictObject({
  ...who,
  text: z.string(),
  thread_ts: z.string().optional(),
  broadcast: z.boolean().optional(),
});
const appMessage = z.strictObject({
  channel: z.string(),
  app: z.string(),
  text: z.string().default(''),
  blocks: z.array(z.record(z.string(), z.unknown())).optional(),
  attachments: z.array(z.record(z.string(), z.unknown())).optional(),
  metadata: z
    .strictObject({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) })
    .optional(),
});
const onMessage = z.strictObject({ ...who, ts: z.string() });
const reaction = z.strictObject({ ...who, ts: z.string(), name: z.string(), remove: z.boolean().optional() });
const editing = z.strictObject({ ...who, ts: z.string(), text: z.string() });
const pinning = z.strictObject({ ...who, ts: z.string(), remove: z.boolean().optional() });
const creation = z.strictObject({ user: z.string(), name: z.string(), private: z.boolean().optional() });
const profile = z.strictObject({
  user: z.string(),
  tz: z.string().nullable().optional(),
  name: z.string().optional(),
  real_name: z.string().optional(),
  display_name: z.string().optional(),
  email: z.string().optional(),
  title: z.string().optional(),
  locale: z.string().optional(),
  deleted: z.boolean().optional(),
  is_admin: z.boolean().optional(),
  is_owner: z.boolean().optional(),
  is_primary_owner: z.boolean().optional(),
  is_invited_user: z.boolean().optional(),
  is_app_user: z.boolean().optional(),
  is_restricted: z.boolean().optional(),
  is_ultra_restricted: z.boolean().optional(),
  team_id: z.string().optional(),
});
const direct = z.strictObject({ user: z.string(), with: z.array(z.string()).min(1).max(8).optional() });
/** Somebody new: the rest as in a change of what they are. */
const joiner = profile
  .omit({ user: true, name: true })
  .extend({ id: z.string().optional(), name: z.string() });

/** What people do without the app: write, react, pin, come and go. */
export function peopleRoutes({ world }: Workshop): Router {
  const router = Router();
  router.post('/message', (request, response) => {
    const { user, channel, text, thread_ts, broadcast } = message.parse(request.body);
    const author = actor(world, user);
    const posted = postAsUser(
      world,
      ownPlace(world, author, channel),
      author.id,
      typedMessage(world, text),
      thread_ts,
      broadcast,
    );
    response.json({ ok: true, ts: posted.ts });
  });
  router.post('/message/app', (request, response) => {
    const { channel, app, text, blocks, attachments, metadata } = appMessage.parse(request.body);
    const extra = {
      bot_id: 'B0OTHERAPP',
      app_id: 'A0OTHERAPP',
      bot_profile: { id: 'B0OTHERAPP', name: app },
    };
    // As Slack gives it out: there is no user, and what was posted stays as it was posted.
    const posted = post(world, place(world, channel), {
      ...{ user: 'B0OTHERAPP', subtype: 'bot_message', text, extra: { ...extra, user: undefined } },
      ...(blocks ? { blocks } : {}),
      ...(attachments ? { attachments } : {}),
      ...(metadata ? { metadata } : {}),
    });
    response.json({ ok: true, ts: posted.ts });
  });
  router.post('/message/edit', (request, response) => {
    const { user, channel, ts, text } = editing.parse(request.body);
    const author = actor(world, user);
    const where = ownPlace(world, author, channel);
    const found = messageAt(world, where, ts);
    if (found.user !== author.id) throw new ControlError('cant_update_message');
    editAsUser(world, where, found, typedMessage(world, text));
    response.json({ ok: true });
  });
  router.post('/message/delete', (request, response) => {
    const { user, channel, ts } = onMessage.parse(request.body);
    const where = ownPlace(world, actor(world, user), channel);
    remove(world, where, messageAt(world, where, ts));
    response.json({ ok: true });
  });
  router.post('/reaction', (request, response) => {
    const { user, channel, ts, name, remove: off } = reaction.parse(request.body);
    const by = actor(world, user);
    const where = ownPlace(world, by, channel);
    const plain = name.replace(/^:|:$/g, '');
    if (!off && !isEmoji(plain, world.emoji)) throw new ControlError(`invalid_name: ${name}`);
    const change = off ? unreact : react;
    response.json({ ok: true, changed: change(world, where, messageAt(world, where, ts), by.id, plain) });
  });
  router.post('/pin', (request, response) => {
    const { user, channel, ts, remove: off } = pinning.parse(request.body);
    const by = actor(world, user);
    const where = ownPlace(world, by, channel);
    pin(world, where, messageAt(world, where, ts), by.id, !off);
    response.json({ ok: true });
  });
  router.post('/channel', (request, response) => {
    const { user, name, private: isPrivate } = creation.parse(request.body);
    checkName(world, name);
    response.json({
      ok: true,
      channel: createChannel(world, name, isPrivate ?? false, actor(world, user).id).id,
    });
  });
  router.post('/dm', (request, response) => {
    const { user, with: others } = direct.parse(request.body);
    const people = others?.map((name) => actor(world, name).id) ?? [world.identity.botUserId];
    const { channel } = world.direct([...people, actor(world, user).id]);
    world.changed();
    response.json({ ok: true, channel: channel.id });
  });
  router.post('/channel/archive', (request, response) => {
    const {
      user,
      channel,
      remove: off,
    } = z.strictObject({ ...who, remove: z.boolean().optional() }).parse(request.body);
    const where = place(world, channel);
    if (where.isGeneral) throw new ControlError('cant_archive_general');
    const by = actor(world, user).id;
    if (where.isArchived !== !off) archive(world, where, by, !off);
    response.json({ ok: true });
  });
  router.post('/channel/share', (request, response) => {
    const { channel, team_id } = z
      .strictObject({ channel: z.string(), team_id: z.string().optional() })
      .parse(request.body);
    place(world, channel).sharedWith = team_id;
    world.changed();
    response.json({ ok: true });
  });
  router.post('/join', (request, response) => {
    const { user, channel } = z.strictObject(who).parse(request.body);
    const where = place(world, channel);
    const person = world.userNamed(user);
    if (!person) throw new ControlError(`unknown_user: ${user}`);
    if (!where.members.has(person.id)) join(world, where, person.id);
    response.json({ ok: true });
  });
  router.post('/leave', (request, response) => {
    const { user, channel } = z.strictObject(who).parse(request.body);
    const where = place(world, channel);
    const person = actor(world, user).id;
    if (where.members.has(person)) leave(world, where, person);
    response.json({ ok: true });
  });
  router.post('/user', (request, response) => {
    const { user, ...changes } = profile.parse(request.body);
    const person = world.userNamed(user);
    if (!person) throw new ControlError(`unknown_user: ${user}`);
    alter(world, person, changes);
    userChanged(world, person);
    response.json({ ok: true });
  });
  router.post('/user/join', (request, response) => {
    const { id = world.ids.make(world.enterprise ? 'W' : 'U'), ...told } = joiner.parse(request.body);
    if (world.users.has(id)) throw new ControlError(`user_exists: ${id}`);
    const { name } = told;
    const person: User = { id, name, realName: name, displayName: name, tz: 'UTC', updated: 0 };
    alter(world, person, told);
    world.users.set(id, person);
    userJoined(world, person);
    response.json({ ok: true, user: id });
  });
  return router;
}

function alter(world: World, person: User, told: Omit<z.infer<typeof profile>, 'user'>): void {
  const { real_name, display_name, is_restricted, is_ultra_restricted, team_id, ...rest } = told;
  const { is_admin, is_owner, is_primary_owner, is_invited_user, is_app_user, ...plain } = rest;
  Object.assign(person, plain, { updated: world.clock.seconds() });
  if (real_name !== undefined) person.realName = real_name;
  if (display_name !== undefined) person.displayName = display_name;
  const rank = { is_admin, is_owner, is_primary_owner, is_invited_user, is_app_user };
  setAccount(person, { ...rank, is_restricted, is_ultra_restricted, team_id }, world.identity.teamId);
}
