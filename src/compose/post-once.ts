import { natureOf } from '#domain/slack-code.js';
import { Refusing } from '#public/change.js';
import type { SlackClient, SlackResult } from '#slack/transport/client.js';

type Slack = Pick<SlackClient, 'call'>;
interface Message {
  metadata?: { event_type?: unknown; event_payload?: { id?: unknown } };
}

const ID = /^[CGD][A-Z0-9]{7,}$/;
/** Slack's clock and ours may differ. */
const SKEW_MS = 600_000;
const PER_PAGE = 200;
const PER_LIST = 1_000;
const PAGES = 20;

/**
 * Posts a message in a channel of Slack's once: it is looked for by its tag before, because it may have been posted and nobody
 * has heard of it. Where the bot may not look (it is not in the channel, or has no scope for that) it may stand there twice, and
 * is never missing. Where Slack does not tell now, nothing is posted: it is tried again.
 *
 * A channel may be named, as that of announcements may. Slack posts under a name, but tells only under an id what stands there,
 * so the id is asked for, once in a process.
 * @returns posts `text` and `blocks` in `channel` unless a message with `id` stands there since `since`
 */
export function postOnce(slack: Slack) {
  const known = new Map<string, string>();
  return async (
    channel: string,
    text: string,
    blocks: readonly object[],
    id: string,
    since: Date,
  ): Promise<void> => {
    const place = ID.test(channel) ? channel : (known.get(channel) ?? (await idOf(slack, channel)));
    if (place !== null) known.set(channel, place);
    if (place !== null && (await standsThere(slack, place, id, since))) return;
    const said = await slack.call('chat.postMessage', {
      ...{ channel: place ?? channel, text, blocks, unfurl_links: false, unfurl_media: false },
      metadata: { event_type: 'tocsin', event_payload: { id } },
    });
    if (said.kind === 'ok') {
      if (typeof said.data.channel === 'string') known.set(channel, said.data.channel);
      return;
    }
    // One that was renamed, or made anew under its name, is looked for again.
    known.delete(channel);
    if (isFinal(said)) throw new Refusing(`Slack said ${wordOf(said)}`);
    throw new Error(`Slack said ${wordOf(said)}`);
  };
}

/** @returns the id of a channel by its name; null: the bot sees none of that name, or may not ask */
async function idOf(slack: Slack, name: string): Promise<string | null> {
  const types = 'public_channel,private_channel';
  const args = { types, limit: PER_LIST, exclude_archived: true };
  for await (const data of pages(slack, 'conversations.list', args)) {
    const channels = (data.channels ?? []) as Array<{ id: string; name?: string }>;
    const found = channels.find((one) => one.name === name);
    if (found) return found.id;
  }
  return null;
}

async function standsThere(slack: Slack, channel: string, id: string, since: Date): Promise<boolean> {
  const oldest = ((since.getTime() - SKEW_MS) / 1_000).toFixed(6);
  const args = { channel, oldest, limit: PER_PAGE, include_all_metadata: true };
  for await (const data of pages(slack, 'conversations.history', args)) {
    const messages = (data.messages ?? []) as Message[];
    if (
      messages.some(({ metadata }) => metadata?.event_type === 'tocsin' && metadata.event_payload?.id === id)
    )
      return true;
  }
  return false;
}

/** A list of Slack's page by page, to where Slack refuses it for good. @throws where it does not tell now */
async function* pages(
  slack: Slack,
  method: string,
  args: Record<string, unknown>,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  let cursor = '';
  for (let page = 0; page < PAGES; page++) {
    const said = await slack.call(method, { ...args, ...(cursor && { cursor }) });
    if (said.kind !== 'ok') {
      if (isFinal(said)) return;
      throw new Error(`Slack said ${wordOf(said)} (${method})`);
    }
    yield said.data;
    const more = said.data.response_metadata as { next_cursor?: string } | undefined;
    cursor = more?.next_cursor ?? '';
    if (cursor === '') return;
  }
}

const isFinal = (said: SlackResult): boolean => said.kind === 'refused' && natureOf(said.error) === 'final';

const wordOf = (said: Exclude<SlackResult, { kind: 'ok' }>): string =>
  said.kind === 'ratelimited' ? 'ratelimited' : said.error;
