import { Router } from 'express';
import { z } from 'zod';
import { ackOf } from '../app/commands.js';
import { failureOf } from '../app/dispatch.js';
import { faultSchema } from '../web-api/faults.js';
import { goodbyes, settingsSchema, turn } from '../workspace/settings.js';
import { actor, ControlError } from './actors.js';
import { stateOfWorld } from './state.js';
import type { Workshop } from './workshop.js';

const again = z.strictObject({
  kind: z.enum(['command', 'interactive', 'event']),
  /** For events: which one; the last when absent. */
  event_id: z.string().optional(),
  type: z.string().optional(),
  copies: z.number().int().min(1).max(20).default(1),
});

/** What only tests do: look inside, order failures, wind the clock, start over. */
export function testRoutes(shop: Workshop): Router {
  const { world, modals } = shop;
  const router = Router();
  router.get('/state', (request, response) => {
    const { user, channel, limit } = z
      .object({
        user: z.string().optional(),
        channel: z.string().optional(),
        limit: z.coerce.number().optional(),
      })
      .parse(request.query);
    response.json(
      stateOfWorld(world, modals, { user: user ? actor(world, user).id : undefined, channel, limit }),
    );
  });
  router.get('/log', (request, response) => {
    const { since, method } = z
      .object({ since: z.coerce.number().optional(), method: z.string().optional() })
      .parse(request.query);
    response.json({ ok: true, calls: shop.calls.list(since, method) });
  });
  router.get('/events', (_request, response) => {
    response.json({ ok: true, events: shop.events.sent, disabled: shop.events.health.disabled });
  });
  router.get('/responses', async (request, response) => {
    const { delivery, count, timeout } = z
      .object({
        delivery: z.string(),
        count: z.coerce.number().default(1),
        timeout: z.coerce.number().max(60_000).default(5000),
      })
      .parse(request.query);
    response.json({ ok: true, responses: await shop.responseUrls.waitFor(delivery, count, timeout) });
  });
  router.post('/fault', (request, response) => {
    shop.faults.add(faultSchema.parse(request.body));
    response.json({ ok: true, pending: shop.faults.pending });
  });
  router.post('/fault/clear', (_request, response) => {
    shop.faults.clear();
    response.json({ ok: true });
  });
  router.post('/latency', (request, response) => {
    shop.settings.latencyMs = z.strictObject({ ms: z.number().min(0) }).parse(request.body).ms;
    response.json({ ok: true });
  });
  router.post('/settings', (request, response) => {
    const given = settingsSchema.parse(request.body);
    turn(shop.settings, given);
    if (given.rate_limits !== undefined) shop.rate.on = given.rate_limits;
    response.json({ ok: true, settings: shop.settings, rate_limits: shop.rate.on });
  });
  router.post('/clock', (request, response) => {
    const { advance_ms, freeze } = z
      .strictObject({ advance_ms: z.number().min(0).optional(), freeze: z.boolean().optional() })
      .parse(request.body);
    if (freeze !== undefined) world.clock.freeze(freeze);
    if (advance_ms !== undefined) world.clock.advance(advance_ms);
    response.json({ ok: true, now: world.clock.now() });
  });
  router.post('/deliver-again', async (request, response) => {
    response.json(await deliverAgain(shop, again.parse(request.body)));
  });
  router.post('/disconnect', (request, response) => {
    const { reason } = z
      .strictObject({
        reason: z.enum([...goodbyes, 'cut']).default('refresh_requested'),
      })
      .parse(request.body ?? {});
    if (!shop.socket) throw new ControlError('not_in_socket_mode');
    response.json({ ok: true, connections: shop.socket.disconnect(reason) });
  });
  router.get('/connections', (_request, response) => {
    response.json({ ok: true, connections: shop.socket?.connections ?? 0 });
  });
  router.post('/token', (request, response) => {
    const { user } = z.strictObject({ user: z.string() }).parse(request.body);
    response.json({ ok: true, token: shop.tokens.issue(actor(world, user).id) });
  });
  router.post('/token/revoke', (request, response) => {
    const which = z
      .union([z.strictObject({ token: z.string() }), z.strictObject({ user: z.string() })])
      .parse(request.body);
    shop.installation.revoke('user' in which ? { user: actor(world, which.user).id } : which);
    response.json({ ok: true });
  });
  router.post('/reset', (_request, response) => {
    shop.startOver();
    response.json({ ok: true });
  });
  return router;
}

async function deliverAgain(shop: Workshop, given: z.infer<typeof again>) {
  if (given.kind === 'event') {
    const sent = shop.events.sent.findLast(
      ({ payload }) =>
        (!given.event_id || payload.event_id === given.event_id) &&
        (!given.type || (payload.event as { type?: string }).type === given.type),
    );
    if (!sent) throw new ControlError('nothing_to_deliver');
    const receipts = await Promise.all(
      Array.from({ length: given.copies }, () => shop.events.again(sent.payload)),
    );
    return {
      ok: receipts.every((it) => it.outcome === 'acked'),
      acks: receipts.map(ackOf),
      event_id: sent.payload.event_id,
    };
  }
  const kind = given.kind === 'command' ? 'slash_commands' : 'interactive';
  const payload = shop.dispatch.last(kind);
  if (!payload) throw new ControlError('nothing_to_deliver');
  const receipts = await shop.dispatch.send(kind, payload, given.copies);
  const errors = receipts.map(failureOf).filter((it) => it !== undefined);
  const acks = receipts.map(ackOf);
  return { ok: errors.length === 0, ack: acks[0], acks, trigger_id: payload.trigger_id };
}
