import type { Middleware, SlackEventMiddlewareArgs } from '@slack/bolt';
import { z } from 'zod';
import type { IncidentState } from '#domain/incident/state.js';
import { isLimited } from '#domain/permission.js';
import { isRefusal } from '#domain/refusal.js';
import { botAsking, isInSlack, numberOf, refOf, STANDING } from '#domain/words.js';
import { incidentCard, incidentEntity } from './blocks/headline.js';
import type { Context } from './listener.js';
import type { SlackResult } from './transport/client.js';

/** Links that a message may hold before the rest stays bare. */
const LINKS = 5;

const SHARED = z.object({
  user: z.string(),
  channel: z.string().regex(/^[CGD][A-Z0-9]+$/),
  message_ts: z.string().regex(/^\d+\.\d+$/),
  source: z.string().nullish().catch(null),
  links: z.array(z.object({ url: z.string().max(4_000) })).max(100),
});
const WRAPPED = z.object({ is_ext_shared_channel: z.literal(true) });
const CHANNEL = z.object({
  channel: z.looseObject({
    is_shared: z.boolean().nullish(),
    is_ext_shared: z.boolean().nullish(),
    is_org_shared: z.boolean().nullish(),
    is_pending_ext_shared: z.boolean().nullish(),
  }),
});

/**
 * Somebody shared a link of ours: the incident is shown under it, where everybody who reads that channel may see the incident.
 * What is shown there, all of them see, whoever they are; where it is not known who they are, nothing is shown. Nothing is
 * owed: Slack sends an event again that is not answered, and the same link shown twice is shown once.
 */
export function onSharedLink(context: Context): Middleware<SlackEventMiddlewareArgs<'link_shared'>> {
  return async ({ event, body }) => {
    const { links: ours } = context;
    const shared = SHARED.safeParse(event);
    // What is still being written has no channel yet. What we say ourselves needs no card.
    if (!ours || !shared.success || shared.data.source === 'composer') return;
    const { channel, message_ts: ts, user, links } = shared.data;
    if (user === context.self() || WRAPPED.safeParse(body).success) return;
    const urls = new Map(
      links.flatMap(({ url }) => {
        const incident = incidentIn(url, ours.base);
        return incident === null ? [] : [[url, incident] as const];
      }),
    );
    const shown = await shownIn(context, ours, channel, body, [...urls].slice(0, LINKS));
    if (shown.length > 0) await unfurl(context, { channel, ts }, shown);
  };
}

/** @returns the incident that an address of ours is about; null: it is another's, or about none */
export function incidentIn(url: string, base: string): number | null {
  if (!URL.canParse(url) || !URL.canParse(base)) return null;
  const [there, here] = [new URL(url), new URL(base)];
  const path = here.pathname.replace(/\/$/, '');
  if (there.origin !== here.origin || !there.pathname.startsWith(`${path}/`)) return null;
  const [, ref = ''] = /^\/incidents\/([^/]+)(?:\/[^/]*)?\/?$/.exec(there.pathname.slice(path.length)) ?? [];
  const incident = numberOf(ref);
  return incident === STANDING ? null : incident;
}

interface Shown {
  url: string;
  state: IncidentState;
  base: string;
}

/** @returns those that everybody in that channel may see */
async function shownIn(
  context: Context,
  { base, everybody }: NonNullable<Context['links']>,
  channel: string,
  body: unknown,
  urls: ReadonlyArray<readonly [url: string, incident: number]>,
): Promise<Shown[]> {
  if (urls.length === 0) return [];
  const team = await context.where.team(body);
  const own = await context.where.incident(team, channel);
  const found: Shown[] = [];
  // Looked up once, and only where it matters.
  let open: Promise<boolean> | null = null;
  for (const [url, incident] of urls) {
    const state = await context.read.incident(botAsking(team, null, context.now()), incident);
    if (isRefusal(state)) continue;
    const isOwn = incident === own;
    if (!isOwn && (state.private || !everybody)) continue;
    open ??= isOurs(context, channel);
    if (!(await open)) continue;
    if (!isOwn && !(await onlyMembers(context, team, channel))) continue;
    found.push({ url, state, base });
  }
  return found;
}

/** Is it a channel of our workspace alone? Where Slack does not say, it is none. */
async function isOurs({ client }: Context, channel: string): Promise<boolean> {
  const told = await client.call('conversations.info', { channel });
  const read = told.kind === 'ok' ? CHANNEL.safeParse(told.data) : null;
  if (!read?.success) return false;
  const { is_shared, is_ext_shared, is_org_shared, is_pending_ext_shared } = read.data.channel;
  return !(is_shared || is_ext_shared || is_org_shared || is_pending_ext_shared);
}

/** Is nobody there who could not look at every public incident: a guest, a stranger? Apps read nothing for themselves. */
async function onlyMembers({ members, people }: Context, team: string, channel: string): Promise<boolean> {
  const there = await members.all(channel);
  if (there === null) return false;
  for (const id of there) {
    if (!isInSlack(id)) return false;
    const { account } = await people.known(team, id);
    if (account === 'unknown' || (isLimited(account) && account !== 'bot' && account !== 'gone'))
      return false;
  }
  return true;
}

/** As work objects, where this workspace has them, else as blocks. @throws where Slack may take it the next time */
async function unfurl(
  { client, command, log }: Context,
  where: { channel: string; ts: string },
  shown: readonly Shown[],
): Promise<void> {
  const entities = shown.map(({ url, state, base }) =>
    incidentEntity(state, { shared: url, url: `${base}/incidents/${refOf(state.number)}` }),
  );
  const unfurls = Object.fromEntries(
    shown.map(({ url, state }) => [url, { blocks: incidentCard(state, command) }]),
  );
  const first = await client.call('chat.unfurl', { ...where, metadata: { entities } });
  if (first.kind === 'ok' || isGone(first)) return;
  // A scope that is missing is missing for both.
  const refused = first.kind === 'refused' && first.error !== 'missing_scope';
  const last = refused ? await client.call('chat.unfurl', { ...where, unfurls }) : first;
  if (last.kind === 'ok' || isGone(last)) return;
  if (last.kind === 'refused') return log.warn({ code: last.error }, 'A link of ours stays bare');
  throw new Error(`chat.unfurl: ${last.kind === 'unknown' ? last.error : last.kind}`);
}

/** The message was deleted, or its link taken out, while we looked. */
function isGone(result: SlackResult): boolean {
  return (
    result.kind === 'refused' &&
    ['cannot_unfurl_url', 'cannot_find_message', 'cannot_find_channel'].includes(result.error)
  );
}
