import type { Fields } from '../../fields.js';
import type { Channel } from '../objects/channel.js';
import type { Message } from '../objects/message.js';
import type { World } from '../world.js';

const LINK = /<(https?:\/\/[^|<>\s]+)/g;

/** A link to a domain that the app shows itself. */
interface OwnLink {
  readonly url: string;
  /** As the manifest names it. */
  readonly domain: string;
}

/** The links of a message to the domains that the app registered, each once. */
export function ownLinks(world: World, text: string): OwnLink[] {
  const found = new Map<string, OwnLink>();
  for (const [, kept = ''] of text.matchAll(LINK)) {
    const url = kept.replaceAll('&amp;', '&');
    const host = URL.canParse(url) ? new URL(url).hostname : '';
    const domain = world.manifest.unfurlDomains.find((it) => host === it || host.endsWith(`.${it}`));
    if (domain) found.set(url, { url, domain });
  }
  return [...found.values()];
}

/** The name of a message in `chat.unfurl`, where it is not named by channel and time. */
export function unfurlId(channel: string, ts: string): string {
  return `${channel}-${ts}-unfurl`;
}

/** What the app is told when a link of its domains is shared; nothing where there is none. */
export function linkShared(
  world: World,
  channel: Channel,
  message: Message,
): (Fields & { type: string }) | undefined {
  const links = ownLinks(world, message.text);
  if (links.length === 0) return undefined;
  return {
    type: 'link_shared',
    user: message.user,
    channel: channel.id,
    message_ts: message.ts,
    ...(message.thread_ts ? { thread_ts: message.thread_ts } : {}),
    unfurl_id: unfurlId(channel.id, message.ts),
    source: 'conversations_history',
    is_bot_user_member: channel.members.has(world.identity.botUserId),
    links,
    event_ts: world.ids.ts(),
  };
}
