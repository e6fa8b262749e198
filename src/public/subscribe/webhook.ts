import { Webhook } from 'standardwebhooks';
import { Broken, exchange } from '#runbooks/exchange.js';
import {
  guardedLookup,
  type Host,
  INSIDE_TEXT,
  isInside,
  isListed,
  isNever,
  NEVER_TEXT,
  outsideLookup,
} from '#runbooks/reach.js';
import type { PublicChange } from '../change.js';
import type { LookSettings } from '../settings.js';
import { addressOf, titleOf } from './story.js';
import { shownText, type Words } from './words.js';

/** It says that it wants no more. */
export class Gone extends Error {}

const HOOK_MS = 10_000;
const ENOUGH = 4_096;

export interface Hooked {
  url: string;
  secret: string;
  /** The same for the same message: who gets it twice knows that. */
  id: string;
  body: string;
}

/**
 * Posts one message, signed, and waits for its status alone. Redirects are not followed.
 * @param allow hosts inside our network that may be called
 * @throws Gone; anything else: not now, but perhaps later. What is said holds nothing of the address
 */
export async function postHook(
  { url: text, secret, id, body }: Hooked,
  allow: readonly Host[],
  signal: AbortSignal,
  ms = HOOK_MS,
): Promise<void> {
  const url = new URL(text);
  const listed = isListed(allow, url);
  // A host that is an address already is looked up by nobody.
  if (isNever(url.hostname)) throw new Error(`is ${NEVER_TEXT}`);
  if (!listed && (isInside(url.hostname) || url.protocol !== 'https:')) throw new Error(`is ${INSIDE_TEXT}`);
  const at = new Date();
  const headers = {
    'Content-Type': 'application/json',
    'User-Agent': 'tocsin-status',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
  let status: number;
  try {
    const lookup = listed ? guardedLookup : outsideLookup;
    const asked = { method: 'POST', url: text, headers, body };
    ({ status } = await exchange(asked, { signal, ms, lookup, enough: ENOUGH, take: () => {} }));
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    throw new Error(
      error.why === 'late' ? `did not answer within ${ms / 1000} s` : whyNot(error.said, url.hostname),
    );
  }
  if (status === 410) throw new Gone('answered 410: it wants no more');
  if (status >= 300 && status < 400) throw new Error(`answered ${status}: a redirect is not followed`);
  if (status < 200 || status > 299) throw new Error(`answered ${status}`);
}

const whyNot = (said: string, host: string): string =>
  said.includes(INSIDE_TEXT) || said.includes(NEVER_TEXT)
    ? `stands for ${said.includes(NEVER_TEXT) ? NEVER_TEXT : INSIDE_TEXT}`
    : `cannot be reached: ${said.replaceAll(host, '…').slice(0, 200)}`;

const COMPONENT: Readonly<Record<string, string>> = {
  degraded: 'degraded_performance',
  partial: 'partial_outage',
  major: 'major_outage',
  maintenance: 'under_maintenance',
};
const componentState = (state: string): string => COMPONENT[state] ?? state;

/** A change as programs read it: the envelope of Standard Webhooks around what Statuspage's own webhooks hold. */
export function hookBody(
  change: PublicChange,
  look: Pick<LookSettings, 'title' | 'url'>,
  words: Words,
): string {
  const { page, of, maintenance, post, kind } = change;
  const touched = page.components.filter(({ name }) => change.components.includes(name));
  const story = of ?? maintenance;
  const told = story && {
    id: story.id,
    name: titleOf(change, words),
    status: story.state,
    impact: of ? of.impact : 'maintenance',
    created_at: story.createdAt,
    updated_at: story.updatedAt,
    shortlink: addressOf(change, look),
    ...(of && {
      started_at: of.startedAt,
      monitoring_at: of.monitoringAt,
      resolved_at: of.resolvedAt,
      next_update_by: of.nextBy,
    }),
    ...(maintenance && { scheduled_for: maintenance.from, scheduled_until: maintenance.to }),
    incident_updates: story.posts.map((one) => ({
      id: one.id,
      status: one.state,
      body: one.withdrawnAt === null && one.text !== null ? shownText(one.text) : null,
      incident_id: story.id,
      created_at: one.recordedAt,
      display_at: one.at,
      corrected_at: one.correctedAt,
      withdrawn_at: one.withdrawnAt,
      affected_components: one.components.map(({ name, from, to }) => ({
        name,
        old_status: componentState(from),
        new_status: to === null ? null : componentState(to),
      })),
    })),
  };
  return JSON.stringify({
    type: `status.${kind}`,
    timestamp: change.recordedAt,
    data: {
      page: {
        name: look.title,
        url: look.url,
        status_indicator: page.overall.indicator,
        updated_at: page.updatedAt,
      },
      ...(told && { [of ? 'incident' : 'scheduled_maintenance']: told }),
      ...(post && { update_id: post.id }),
      components: touched.map(({ id, name, state, group }) => ({
        id,
        name,
        status: componentState(state),
        group,
      })),
    },
  });
}

/** What a webhook is asked with, when somebody wants it to be told. */
export const askBody = (title: string, url: string, at: Date): string =>
  JSON.stringify({
    type: 'status.subscription',
    timestamp: at.toISOString(),
    data: { page: { name: title }, url },
  });
