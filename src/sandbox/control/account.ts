import { Router } from 'express';
import { z } from 'zod';
import { enterpriseOf } from '../workspace/objects/enterprise.js';
import type { Usergroup } from '../workspace/objects/usergroup.js';
import { dndOf, endSession, setHours, snooze } from '../workspace/people/dnd.js';
import { presenceOf, setStatus } from '../workspace/people/profile.js';
import { addEmoji, removeEmoji, renameEmoji, renameTeam } from '../workspace/people/team.js';
import { alterGroup, createGroup, setGroupUsers, switchGroup } from '../workspace/people/usergroups.js';
import { actor, ControlError } from './actors.js';
import type { Workshop } from './workshop.js';

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);
const status = z.strictObject({
  user: z.string(),
  text: z.string().max(100).default(''),
  emoji: z
    .string()
    .regex(/^(:[^:\s]+:)?$/)
    .default(''),
  expiration: z.number().int().min(0).default(0),
});
const presence = z.strictObject({
  user: z.string(),
  online: z.boolean().optional(),
  away: z.boolean().optional(),
});
const quiet = z.strictObject({
  user: z.string(),
  snooze_minutes: z.number().int().min(0).optional(),
  hours: z.strictObject({ start: time, end: time }).nullable().optional(),
  end: z.boolean().optional(),
});
const group = z.strictObject({
  usergroup: z.string().optional(),
  user: z.string().optional(),
  name: z.string().optional(),
  handle: z.string().optional(),
  description: z.string().optional(),
  users: z.array(z.string()).optional(),
  disabled: z.boolean().optional(),
});
const emoji = z.strictObject({
  name: z.string().regex(/^[^:\s]+$/),
  value: z.string().optional(),
  rename: z.string().optional(),
  remove: z.boolean().optional(),
});
const organisation = z.strictObject({
  on: z.boolean(),
  id: z.string().startsWith('E').optional(),
  name: z.string().optional(),
  domain: z.string().optional(),
  org_install: z.boolean().optional(),
  teams: z.array(z.strictObject({ id: z.string().startsWith('T'), name: z.string() })).optional(),
});
const consent = z.strictObject({
  user: z.string(),
  redirect_uri: z.string().optional(),
  user_scopes: z.array(z.string()).default([]),
});

/** What people and administrators do with accounts: status, rest, groups, emoji, the workspace, the app's installation. */
export function accountRoutes(shop: Workshop): Router {
  const { world, installation } = shop;
  const router = Router();
  router.post('/status', (request, response) => {
    const { user, ...given } = status.parse(request.body);
    setStatus(world, actor(world, user), given);
    response.json({ ok: true });
  });
  router.post('/presence', (request, response) => {
    const { user, online, away } = presence.parse(request.body);
    const person = actor(world, user);
    if (online !== undefined) person.online = online;
    if (away !== undefined) person.away = away;
    world.changed();
    response.json({ ok: true, ...presenceOf(world, person, true) });
  });
  router.post('/dnd', (request, response) => {
    const { user, snooze_minutes, hours, end } = quiet.parse(request.body);
    const person = actor(world, user);
    if (hours !== undefined) setHours(world, person, hours ?? undefined);
    if (snooze_minutes !== undefined) snooze(world, person, snooze_minutes);
    if (end && !endSession(world, person)) throw new ControlError('not_in_dnd');
    response.json({ ok: true, dnd_status: dndOf(person, world.clock.now(), true) });
  });
  router.post('/usergroup', (request, response) => {
    response.json({ ok: true, usergroup: changeGroup(shop, group.parse(request.body)).id });
  });
  router.post('/emoji', (request, response) => {
    const { name, value, rename, remove } = emoji.parse(request.body);
    const known = world.emoji.has(name);
    if ((rename || remove) && !known) throw new ControlError(`unknown_emoji: ${name}`);
    if (remove) removeEmoji(world, name);
    else if (rename) renameEmoji(world, name, rename);
    else if (value) addEmoji(world, name, value);
    else throw new ControlError('one of value, rename, remove');
    response.json({ ok: true });
  });
  router.post('/team/rename', (request, response) => {
    renameTeam(world, z.strictObject({ name: z.string().min(1) }).parse(request.body).name);
    response.json({ ok: true });
  });
  router.post('/enterprise', (request, response) => {
    const { on, ...given } = organisation.parse(request.body);
    world.enterprise = enterpriseOf(on ? given : false, world.identity.teamId);
    world.changed();
    response.json({ ok: true, enterprise: world.enterprise ?? null });
  });
  router.post('/oauth', (request, response) => {
    const { user, redirect_uri, user_scopes } = consent.parse(request.body);
    const missing = user_scopes.filter((scope) => !world.manifest.userScopes.has(scope));
    if (missing.length > 0) throw new ControlError(`not_in_manifest: ${missing.join(',')}`);
    const code = installation.consent(actor(world, user).id, redirect_uri, user_scopes);
    const { clientId, clientSecret } = installation.credentials;
    response.json({ ok: true, code, client_id: clientId, client_secret: clientSecret });
  });
  router.post('/token/config', (request, response) => {
    const { user } = z.strictObject({ user: z.string() }).parse(request.body);
    response.json({ ok: true, token: shop.tokens.issueConfig(actor(world, user).id) });
  });
  router.post('/uninstall', (_request, response) => {
    installation.uninstall();
    response.json({ ok: true });
  });
  return router;
}

function changeGroup({ world }: Workshop, given: z.infer<typeof group>): Usergroup {
  const { usergroup, user, users, disabled, ...notes } = given;
  const by = user ? actor(world, user).id : world.identity.botUserId;
  const made = usergroup ? find(world.usergroups, usergroup) : undefined;
  const { name, handle = '', ...more } = notes;
  if (!made && !name) throw new ControlError('a new group needs a name');
  const target = made ?? createGroup(world, by, { name: name ?? '', handle, ...more });
  if (made && Object.keys(notes).length > 0) alterGroup(world, made, by, notes);
  if (users) {
    const ids = users.map((it) => actor(world, it).id);
    setGroupUsers(world, target, by, ids);
  }
  if (disabled !== undefined) switchGroup(world, target, by, !disabled);
  return target;
}

function find(groups: ReadonlyMap<string, Usergroup>, name: string): Usergroup {
  const group = groups.get(name) ?? [...groups.values()].find((it) => it.handle === name.replace(/^@/, ''));
  if (!group) throw new ControlError(`unknown_usergroup: ${name}`);
  return group;
}
