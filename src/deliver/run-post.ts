import { z } from 'zod';
import { MAX } from '#slack/blocks/block.js';
import { cut } from '#slack/blocks/cut.js';
import { escaped } from '#slack/blocks/escaped.js';
import type { Attempt, Body } from './attempt.js';
import { isPermanent, Undeliverable } from './failure.js';
import { findTagged, tag } from './look.js';

type Posts = Attempt<'run.post'>;

const POST = z.object({ text: z.string(), channel: z.string().nullable() });
type Post = z.infer<typeof POST>;

/**
 * Posts what a step of a run wanted said, each message once and in order. One that Slack refuses for good (no such
 * channel, say) does not hold up the others.
 */
export async function postForRun(attempt: Posts): Promise<Body> {
  const { team, incident, effect } = attempt.row;
  const fact = await attempt.world.incidents.fact(team, incident, effect.payload.seq);
  if (!fact) throw new Undeliverable('no_such_fact');
  const refused: Record<string, string> = {};
  for (let i = 0; i < effect.payload.posts; i++) {
    const post = postOf(fact.texts[`post.${i}`]);
    if (!post || post.text.trim() === '') continue;
    try {
      await say(attempt, post, `post ${attempt.row.id} ${i}`, new Date(fact.recordedAt));
    } catch (error) {
      if (!isPermanent(error)) throw error;
      refused[String(i)] = error.message;
      attempt.world.log.warn(
        { lane: attempt.row.lane, post: i, error: error.message },
        'a step could not post',
      );
    }
  }
  // Whoever reads the run's messages misses it: so it is listed, and said in the incident's channel.
  const [first] = Object.values(refused);
  if (first !== undefined) throw new Undeliverable(first);
  return { refused };
}

async function say(attempt: Posts, post: Post, id: string, since: Date): Promise<void> {
  const channel = post.channel ?? attempt.incident.channel?.id;
  if (!channel) throw new Undeliverable('no_channel');
  if (attempt.repeated && (await findTagged(attempt, channel, since, id))) return;
  // Several in a row: the second between two posts is slept through.
  await attempt.write(
    'chat.postMessage',
    {
      channel,
      text: cut(escaped(post.text), MAX.text),
      metadata: tag({ id, incident: attempt.row.incident }),
      unfurl_links: false,
      unfurl_media: false,
    },
    { patient: true },
  );
}

/** An erased one says nothing. */
function postOf(text: string | null | undefined): Post | null {
  if (!text) return null;
  try {
    return POST.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
