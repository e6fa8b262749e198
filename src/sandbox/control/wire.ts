import { randomBytes } from 'node:crypto';
import { Router } from 'express';
import { z } from 'zod';
import { ackOf } from '../app/commands.js';
import type { PayloadKind, Receipt } from '../app/delivery.js';
import { failureOf } from '../app/dispatch.js';
import { type Exchange, trafficKinds } from '../app/traffic.js';
import { HttpTransport } from '../app/transport/http.js';
import { isFields } from '../fields.js';
import { Snapshot } from '../workspace/snapshot.js';
import { ControlError, place } from './actors.js';
import type { Workshop } from './workshop.js';

const traffic = z.object({
  since: z.coerce.number().optional(),
  limit: z.coerce.number().int().min(1).max(2000).optional(),
  kind: z.enum(trafficKinds).optional(),
});
const socketMode = z.strictObject({ on: z.boolean(), events_url: z.url().optional() });
const named = z.strictObject({ name: z.string().min(1).max(80).default('default') });

/** What passes between the sandbox and the app, and what only Slack's own machines send. */
export function wireRoutes(shop: Workshop): Router {
  const { world } = shop;
  const router = Router();
  router.get('/traffic', (request, response) => {
    response.json({
      ok: true,
      last: shop.traffic.last,
      traffic: shop.traffic.list(traffic.parse(request.query)),
    });
  });
  router.post('/traffic/replay', async (request, response) => {
    const { seq } = z.strictObject({ seq: z.number().int() }).parse(request.body);
    const exchange = shop.traffic.find(seq);
    if (!exchange) throw new ControlError(`unknown_exchange: ${seq}`);
    response.json(shown(await replay(shop, exchange)));
  });
  router.post('/url-verification', async (_request, response) => {
    overHttp(shop);
    const challenge = randomBytes(26).toString('hex');
    const payload = { token: world.identity.verificationToken, challenge, type: 'url_verification' };
    const receipt = await shop.way.deliver({ kind: 'events_api', payload }, shop.settings.ackMs);
    const answered = receipt.outcome === 'acked' && challengeOf(receipt.body) === challenge;
    const error = failureOf(receipt) ?? 'challenge_failed';
    response.json({ ok: answered, ...(answered ? {} : { error }), ack: ackOf(receipt) });
  });
  router.post('/ssl-check', async (_request, response) => {
    overHttp(shop);
    const payload = { ssl_check: '1', token: world.identity.verificationToken };
    const receipt = await shop.way.deliver({ kind: 'slash_commands', payload }, shop.settings.ackMs);
    response.json(shown([receipt]));
  });
  router.post('/app-rate-limited', async (_request, response) => {
    overHttp(shop);
    response.json(shown([await shop.events.tellLimited()]));
  });
  router.post('/events/enable', (_request, response) => {
    shop.events.health.enable();
    response.json({ ok: true });
  });
  router.post('/socket-mode', (request, response) => {
    const { on, events_url: url } = socketMode.parse(request.body);
    if (on && !shop.socket) throw new ControlError('not_in_socket_mode');
    const http = url ? new HttpTransport(() => url, shop.signingSecret) : undefined;
    shop.way.switchSocketMode(on, http);
    response.json({ ok: true, socket_mode: shop.way.socketMode });
  });
  router.post('/webhook', (request, response) => {
    const { channel } = z.strictObject({ channel: z.string() }).parse(request.body);
    if (!world.manifest.scopes.has('incoming-webhook'))
      throw new ControlError('missing_scope: incoming-webhook');
    response.json({ ok: true, url: shop.webhooks.issue(place(world, channel)) });
  });
  router.post('/snapshot', (request, response) => {
    const { name } = named.parse(request.body);
    const of = new Snapshot(
      [world, shop.modals],
      [
        [world, 'enterprise'],
        [world, 'installed'],
        [world.identity, 'teamName'],
      ],
    );
    shop.snapshots.set(name, { of, waiting: world.clock.waiting(), putTokensBack: shop.tokens.keep() });
    response.json({ ok: true, name });
  });
  router.post('/restore', (request, response) => {
    const { name } = named.parse(request.body);
    const kept = shop.snapshots.get(name);
    if (!kept) throw new ControlError(`unknown_snapshot: ${name}`);
    kept.of.restore();
    kept.putTokensBack();
    world.clock.putBack(kept.waiting);
    world.changed();
    response.json({ ok: true, name });
  });
  return router;
}

function overHttp(shop: Workshop): void {
  if (!shop.way.http) throw new ControlError('not_over_http');
}

async function replay(shop: Workshop, { way, kind, request }: Exchange): Promise<Receipt[]> {
  if (way !== 'out' || !isFields(request)) throw new ControlError('not_outgoing');
  if (kind === 'event') return [await shop.events.again(request)];
  const payloads: PayloadKind = kind === 'command' ? 'slash_commands' : 'interactive';
  return shop.dispatch.send(payloads, request);
}

function shown(receipts: readonly Receipt[]) {
  const error = receipts.map(failureOf).find((it) => it !== undefined);
  return { ok: error === undefined, ...(error ? { error } : {}), acks: receipts.map(ackOf) };
}

/** The challenge as it may come back: plain, as a form or in JSON. */
function challengeOf(body: unknown): unknown {
  if (isFields(body)) return body.challenge;
  if (typeof body !== 'string') return undefined;
  return new URLSearchParams(body).get('challenge') ?? body.trim();
}
