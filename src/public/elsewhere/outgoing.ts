import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { ComponentState, PublicIncident, PublicMaintenance, PublicPost } from '#domain/status/page.js';
import { addressOf } from '#runbooks/keystores/keystore.js';
import { type Destination, PARTS, type PublicChange } from '../change.js';
import type { LookSettings } from '../settings.js';
import { asked, readSection, type Secrets, secretAt, secretPlace } from './there.js';

/** `status.webhook` of tocsin.yml: one address of the organisation's own, which hears of everything that is published. */
export interface WebhookSettings {
  readonly url: string;
  readonly secret: z.infer<typeof secretPlace>;
}

const SHAPE = z.strictObject({
  // It stands in the configuration, so a private address is meant.
  url: addressOf('your own service'),
  secret: secretPlace,
});

/** @returns null: there is none; or what is wrong, never with what stands there */
export function readWebhookSettings(
  raw: unknown,
  at: (path: readonly PropertyKey[]) => string,
): { settings: WebhookSettings | null } | { problems: string[] } {
  return readSection(SHAPE, raw, ['status', 'webhook'], at);
}

const MS = 10_000;
/** What is answered is not looked at. */
const MOST = 1_000_000;

/**
 * A webhook of the organisation's own: JSON, signed as in Standard Webhooks (standardwebhooks.com). The same change has the
 * same `webhook-id` however often it comes; only 2xx counts as taken, and whatever else is answered is tried again.
 * @param look as it is now
 */
export function createWebhook(
  settings: WebhookSettings,
  ports: Secrets & { look(): Pick<LookSettings, 'title' | 'url'>; pageId?: string; ms?: number },
): Destination {
  const { look, pageId, ms = MS } = ports;
  return {
    name: 'webhook',
    part: PARTS.webhook,
    async tell(change, signal) {
      const secret = secretAt(settings.secret, ports);
      const body = JSON.stringify(webhookBody(change, look(), { pageId }));
      const headers = signedHeaders(secret.reveal(), webhookId(change), body, settings.secret);
      const request = { method: 'POST', url: settings.url, headers, body };
      const { status } = await asked(request, 'the webhook', { signal, ms, most: MOST });
      if (status >= 200 && status < 300) return;
      const redirect = status >= 300 && status < 400;
      throw new Error(`the webhook answered ${status}${redirect ? ', and redirects are not followed' : ''}`);
    },
  };
}

/** Can a webhook be signed with that? */
export function isWebhookSecret(text: string): boolean {
  try {
    new Webhook(text).sign('id', new Date(0), '');
    return true;
  } catch {
    return false;
  }
}

/** When it was signed is when it is sent: receivers refuse what is older than five minutes. */
function signedHeaders(secret: string, id: string, body: string, place: string): Record<string, string> {
  if (!isWebhookSecret(secret))
    throw new Error(
      `what is in ${place} is no secret of Standard Webhooks; make one: whsec_ and 32 random bytes in base64`,
    );
  const at = new Date();
  const signature = new Webhook(secret).sign(id, at, body);
  return {
    'Content-Type': 'application/json',
    'User-Agent': 'tocsin',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': signature,
  };
}

/** @returns the same for the same change; nothing in it that the page does not say */
export function webhookId({
  kind,
  of,
  maintenance,
  post,
  components,
  page,
  recordedAt,
}: PublicChange): string {
  const about = kind === 'state' ? null : (post ?? of ?? maintenance);
  // Of a component alone: the number that the record has for it is nobody's business, like all others that are of the record.
  const ids = page.components.filter(({ name }) => components.includes(name)).map(({ id }) => id);
  return `${about?.id ?? (ids.join('-') || 'page')}-${recordedAt.replace(/\D/g, '')}`;
}

const TYPES = {
  posted: 'status.posted',
  corrected: 'status.corrected',
  withdrawn: 'status.withdrawn',
  state: 'status.component',
  maintenance: 'status.maintenance',
} as const satisfies Record<PublicChange['kind'], string>;

/** How Statuspage calls the states of components. */
export const STATUS_THERE = {
  operational: 'operational',
  maintenance: 'under_maintenance',
  degraded: 'degraded_performance',
  partial: 'partial_outage',
  major: 'major_outage',
} as const satisfies Record<ComponentState, string>;

/** What webhooks are sent: the envelope of Standard Webhooks, and in it the words of Statuspage's API. */
export interface WebhookBody {
  readonly type: (typeof TYPES)[PublicChange['kind']];
  readonly timestamp: string;
  readonly data: object;
}

/**
 * A change as programs are told of it. Texts are plain: whoever puts them into a page encodes them.
 * @param more `name`: what it is about, where the other side is to read it in words of its own; `pageId`: as in the JSON of the page
 */
export function webhookBody(
  change: PublicChange,
  look: Pick<LookSettings, 'title' | 'url'>,
  more: { readonly name?: string; readonly pageId?: string } = {},
): WebhookBody {
  const { kind, page, of, maintenance, post } = change;
  const story = of ?? maintenance;
  const newest = post ?? story?.posts[0] ?? null;
  const idOf = new Map(page.components.map((component) => [component.name, component.id]));
  return {
    type: TYPES[kind],
    timestamp: change.recordedAt,
    data: {
      page: {
        id: more.pageId ?? null,
        name: look.title,
        url: look.url,
        status_indicator: page.overall.indicator,
      },
      incident: story && {
        id: story.id,
        name: more.name ?? nameOf(change, look),
        status: story.state,
        impact: of ? of.impact : 'maintenance',
        shortlink: look.url === null ? null : `${look.url}/incidents/${encodeURIComponent(story.ref)}.html`,
        created_at: story.createdAt,
        updated_at: story.updatedAt,
        ...(of && timesOf(of)),
        ...(maintenance && { scheduled_for: maintenance.from, scheduled_until: maintenance.to }),
        incident_updates: newest ? [updateOf(newest, story, idOf)] : [],
      },
      components: page.components
        .filter((component) => change.components.includes(component.name))
        .map(({ id, name: called, state }) => ({ id, name: called, status: STATUS_THERE[state] })),
    },
  };
}

const timesOf = ({ startedAt, monitoringAt, resolvedAt, nextBy }: PublicIncident) => ({
  ...{ started_at: startedAt, monitoring_at: monitoringAt, resolved_at: resolvedAt, next_update_by: nextBy },
});

function updateOf(
  post: PublicPost,
  story: PublicIncident | PublicMaintenance,
  idOf: ReadonlyMap<string, string>,
): object {
  return {
    ...{ id: post.id, incident_id: story.id, status: post.state },
    body: post.withdrawnAt === null ? post.text : null,
    ...{ display_at: post.at, created_at: post.recordedAt },
    updated_at: post.withdrawnAt ?? post.correctedAt ?? post.recordedAt,
    ...{ corrected_at: post.correctedAt, withdrawn_at: post.withdrawnAt },
    affected_components: post.components.map(({ name, from, to }) => ({
      code: idOf.get(name) ?? null,
      ...{ name, old_status: STATUS_THERE[from], new_status: to === null ? null : STATUS_THERE[to] },
    })),
  };
}

/** Names of components need no language. */
export function nameOf(
  { of, maintenance, components }: PublicChange,
  { title }: Pick<LookSettings, 'title'>,
): string {
  const own = (of?.title ?? maintenance?.title ?? '').replace(/\s+/g, ' ').trim();
  if (own !== '') return own;
  const touched = of ? of.components.map(({ name }) => name) : components;
  return touched.join(', ') || title;
}
