import { Router } from 'express';
import { z } from 'zod';
import type { Place } from '../app/place.js';
import { actor, ControlError, messageAt, ownPlace, place } from './actors.js';
import type { Workshop } from './workshop.js';

const values = z.record(z.string(), z.record(z.string(), z.unknown())).optional();
const copies = z.number().int().min(1).max(20).optional();
const command = z.strictObject({
  user: z.string(),
  channel: z.string(),
  command: z.string().startsWith('/'),
  text: z.string().default(''),
  /** Typed in a thread, where apps have no commands. */
  thread_ts: z.string().optional(),
  copies,
});
const shortcut = z.strictObject({
  user: z.string(),
  callback_id: z.string(),
  channel: z.string().optional(),
  ts: z.string().optional(),
  copies,
});
const action = z.strictObject({
  user: z.string(),
  channel: z.string().optional(),
  ts: z.string().optional(),
  view_id: z.string().optional(),
  block_id: z.string().optional(),
  action_id: z.string(),
  value: z.unknown().optional(),
  values,
  copies,
});
const options = z.strictObject({
  user: z.string(),
  channel: z.string().optional(),
  ts: z.string().optional(),
  view_id: z.string().optional(),
  block_id: z.string().optional(),
  action_id: z.string(),
  value: z.string().default(''),
});
const submission = z.strictObject({
  user: z.string(),
  view_id: z.string().optional(),
  hash: z.string().optional(),
  values,
  copies,
});
const closing = z.strictObject({
  user: z.string(),
  view_id: z.string().optional(),
  all: z.boolean().optional(),
});
const home = z.strictObject({ user: z.string(), tab: z.enum(['home', 'messages']).default('home') });

/** What people do with the app: commands, shortcuts, buttons, modals, its Home tab. */
export function appRoutes(shop: Workshop): Router {
  const { world, modals } = shop;
  const router = Router();
  router.post('/command', async (request, response) => {
    const given = command.parse(request.body);
    const user = actor(world, given.user);
    const channel = ownPlace(world, user, given.channel);
    response.json(
      await shop.commands.run(user, channel, given.command, given.text, given.copies, given.thread_ts),
    );
  });
  router.post('/shortcut', async (request, response) => {
    const given = shortcut.parse(request.body);
    const user = actor(world, given.user);
    const channel = given.channel ? place(world, given.channel) : undefined;
    const on = channel && given.ts ? { channel, message: messageAt(world, channel, given.ts) } : undefined;
    response.json(await shop.interactions.shortcut(user, given.callback_id, on, given.copies));
  });
  router.post('/action', async (request, response) => {
    const given = action.parse(request.body);
    const user = actor(world, given.user);
    const { block_id: blockId, value, values: typed, copies: count } = given;
    const outcome = await shop.interactions.act(user, placeOf(shop, given, user.id), given.action_id, {
      blockId,
      value,
      values: typed,
      copies: count,
    });
    response.json(outcome);
  });
  router.post('/options', async (request, response) => {
    const given = options.parse(request.body);
    const user = actor(world, given.user);
    const { action_id: actionId, block_id: blockId, value } = given;
    response.json(
      await shop.interactions.suggest(user, placeOf(shop, given, user.id), actionId, value, blockId),
    );
  });
  router.post('/view/submit', async (request, response) => {
    const given = submission.parse(request.body);
    const user = actor(world, given.user);
    response.json(
      await shop.submissions.submit(
        user,
        viewOf(shop, user.id, given.view_id),
        given.values ?? {},
        given.copies,
        given.hash,
      ),
    );
  });
  router.post('/view/close', async (request, response) => {
    const given = closing.parse(request.body);
    const user = actor(world, given.user);
    response.json(
      await shop.submissions.close(user, viewOf(shop, user.id, given.view_id), given.all ?? false),
    );
  });
  router.post('/home', (request, response) => {
    const given = home.parse(request.body);
    const user = actor(world, given.user);
    const view = modals.homes.get(user.id);
    const { channel } = world.direct([world.identity.botUserId, user.id]);
    world.happened({
      event: {
        type: 'app_home_opened',
        user: user.id,
        channel: channel.id,
        tab: given.tab,
        ...(view ? { view: modals.show(view) } : {}),
        event_ts: world.ids.ts(),
      },
    });
    response.json({ ok: true });
  });
  return router;
}

function viewOf({ modals }: Workshop, user: string, id: string | undefined) {
  const view = id ? modals.find(id) : modals.top(user);
  if (view?.user !== user) throw new ControlError(`no_open_view: ${user}`);
  return view;
}

function placeOf(
  shop: Workshop,
  given: Pick<z.infer<typeof action>, 'channel' | 'ts' | 'view_id'>,
  user: string,
): Place {
  const { world } = shop;
  if (!given.channel || !given.ts) return { view: viewOf(shop, user, given.view_id) };
  const channel = place(world, given.channel);
  const ephemeral = world.ephemerals.find((it) => it.ts === given.ts && it.user === user);
  return ephemeral ? { channel, ephemeral } : { channel, message: messageAt(world, channel, given.ts) };
}
