import { Router } from 'express';
import { z } from 'zod';
import { join } from '../workspace/membership.js';
import { actor, ownPlace } from './actors.js';
import type { Workshop } from './workshop.js';

const who = { user: z.string(), channel: z.string() };
const invitation = z.strictObject({ ...who, people: z.array(z.string()).min(1).max(100) });
const bookmark = z.union([
  z.strictObject({
    ...who,
    title: z.string().min(1),
    link: z.string().regex(/^https?:\/\/\S+$/, 'invalid_link'),
    emoji: z
      .string()
      .regex(/^:[^:\s]+:$/)
      .optional(),
  }),
  z.strictObject({ ...who, id: z.string(), remove: z.literal(true) }),
]);

/** What people do with channels they are in: invite, bookmark. */
export function placeRoutes({ world }: Workshop): Router {
  const router = Router();
  router.post('/channel/invite', (request, response) => {
    const { user, channel, people } = invitation.parse(request.body);
    const by = actor(world, user);
    const where = ownPlace(world, by, channel);
    const invited = people.map((name) => actor(world, name));
    for (const person of invited) if (!where.members.has(person.id)) join(world, where, person.id, by.id);
    response.json({ ok: true });
  });
  router.post('/bookmark', (request, response) => {
    const given = bookmark.parse(request.body);
    const by = actor(world, given.user);
    const where = ownPlace(world, by, given.channel);
    if ('remove' in given) {
      where.bookmarks = where.bookmarks.filter((it) => it.id !== given.id);
      world.changed();
      response.json({ ok: true });
      return;
    }
    const id = world.ids.make('Bk');
    const { title, link, emoji = '' } = given;
    const fields = {
      ...{ id, channel_id: where.id, title, link, emoji, icon_url: null, type: 'link', entity_id: null },
      ...{ date_created: world.clock.seconds(), date_updated: 0, rank: 'r', shortcut_id: '' },
      ...{ last_updated_by_user_id: by.id, last_updated_by_team_id: world.identity.teamId, app_id: null },
    };
    where.bookmarks.push({ id, fields });
    world.changed();
    response.json({ ok: true, bookmark: fields });
  });
  return router;
}
