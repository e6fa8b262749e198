import { parse } from 'yaml';
import { z } from 'zod';
import type { Fact } from '#domain/incident/fact.js';
import { type RunView, runViewOf } from '#domain/run/view.js';
import { runOfferMessage } from '#slack/blocks/buttons.js';
import { runMessage } from '#slack/blocks/run.js';
import { cut, escaped, MAX, type Message } from '#slack/blocks/text.js';
import {
  type Attempt,
  type Body,
  findTagged,
  isPermanent,
  needed,
  opened,
  Refused,
  tag,
  Undeliverable,
} from '../attempt.js';

type Show = Attempt<'run.show'>;

/** Somebody who deletes a run's message gets it once more, and then is left in peace. */
const POSTS = 2;

/**
 * Brings a run's one message in the incident's channel up to date with the run as it is now, for however many rows
 * ask; posts it the first time. An attempt whose answer was lost is found again by its tag.
 */
export async function showRun(attempt: Show): Promise<Body> {
  const { channel } = attempt.incident;
  // The channel could not be made. With it retried, this is to be retried too.
  if (!channel) throw new Undeliverable('no_channel');
  const { team, incident, effect } = attempt.row;
  const { run } = effect.payload;
  const facts = await attempt.world.incidents.runFacts(team, incident, run);
  const view = runViewOf(facts, run);
  if (!view) throw new Undeliverable('no_such_run');
  const message = await wording(attempt, view);
  const shown = view.state.message;
  if (!shown) return post(attempt, channel.id, view, message, 1);
  attempt.pace('run.show', `${shown.channel}/${shown.ts}`);
  try {
    await attempt.write('chat.update', { ...shown, ...message });
    return { ...shown };
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'message_not_found') throw error;
    const times = facts.filter((fact: Fact) => fact.type === 'RunShown').length;
    if (times >= POSTS) return { ...shown, deleted: true };
    return post(attempt, channel.id, view, message, times + 1);
  }
}

async function post(
  attempt: Show,
  channel: string,
  view: RunView,
  message: Message,
  time: number,
): Promise<Body> {
  const { run } = view.state;
  const id = `run ${run} ${time}`;
  const found = attempt.repeated ? await findTagged(attempt, channel, new Date(view.proposedAt), id) : null;
  const ts = found ?? (await send(attempt, channel, message, id));
  await attempt.record({ type: 'NoteRunShown', run, channel, ts }, `shown:${time}`);
  // It shows the run as it was when that attempt was made.
  if (found) await attempt.write('chat.update', { channel, ts, ...message });
  return { channel, ts };
}

async function send(attempt: Show, channel: string, message: Message, id: string): Promise<string> {
  const body = await attempt.write('chat.postMessage', {
    channel,
    ...message,
    metadata: tag({ id, incident: attempt.row.incident }),
    unfurl_links: false,
    unfurl_media: false,
  });
  return needed('chat.postMessage', body, 'ts');
}

async function wording(attempt: Show, view: RunView): Promise<Message> {
  const ids = (view.state.approvers?.from ?? []).filter((one) => /^[UW][A-Z0-9]+$/.test(one));
  const people = await Promise.all(ids.map((id) => attempt.world.people.personById(attempt.row.team, id)));
  const names = new Map(
    people.flatMap((person) => (person?.name ? [[person.id, person.name] as const] : [])),
  );
  return runMessage(view, {
    incident: attempt.row.incident,
    title: titleOf(view.definition),
    nameOf: (id) => names.get(id) ?? null,
  });
}

/** The definition was checked when the run was asked for; an erased one has no title. */
function titleOf(definition: string | null): string | null {
  try {
    const title: unknown = (parse(definition ?? '') as { title?: unknown } | null)?.title;
    return typeof title === 'string' ? title : null;
  } catch {
    return null;
  }
}

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

/** Offers, with a button in the incident's channel, to plan the runbook that would mend what a watch has found. */
export async function offerRun(attempt: Attempt<'run.offer'>): Promise<Body> {
  const { channel } = attempt.incident;
  if (!channel) throw new Undeliverable('no_channel');
  const { id, incident, effect } = attempt.row;
  const name = `offer ${id}`;
  const found = attempt.repeated ? await findTagged(attempt, channel.id, opened(attempt), name) : null;
  if (found) return { ts: found };
  const message = runOfferMessage({ incident, ...effect.payload }, attempt.world.org.command ?? '/incident');
  const body = await attempt.write('chat.postMessage', {
    channel: channel.id,
    ...message,
    metadata: tag({ id: name, incident }),
  });
  return { ts: needed('chat.postMessage', body, 'ts') };
}
