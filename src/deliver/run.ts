import { parse } from 'yaml';
import { z } from 'zod';
import type { Fact } from '#domain/incident/fact.js';
import { type RunView, runViewOf } from '#domain/run/view.js';
import { isInSlack, personLabel, refOf, runRef } from '#domain/words.js';
import { runOfferMessage } from '#slack/blocks/buttons.js';
import { runMessage } from '#slack/blocks/run.js';
import { cut, escaped, MAX, type Message } from '#slack/blocks/text.js';
import {
  type Attempt,
  type Body,
  isPermanent,
  NO_PREVIEWS,
  needed,
  opened,
  Refused,
  Undeliverable,
} from './attempt.js';
import { awaitChannel } from './channel/headline.js';
import { sendFileOnce } from './export.js';

type Show = Attempt<'run.show'>;

/** A run's message that somebody deletes is posted once more; deleted again, it stays away. */
const POSTS = 2;

/**
 * Brings a run's one message in the incident's channel up to date with the run as it is now, for however many rows
 * ask; posts it the first time. An attempt whose answer was lost is found again by its tag.
 */
export async function showRun(attempt: Show): Promise<Body> {
  const { channel } = attempt;
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
  const since = new Date(view.proposedAt);
  const { found, body } = await attempt.postOnce(
    { id: `run ${run} ${time}`, incident: attempt.row.incident },
    since,
    { channel, ...message, ...NO_PREVIEWS },
    { patient: false },
  );
  const ts = found ?? needed('chat.postMessage', body, 'ts');
  await attempt.record({ type: 'NoteRunShown', run, channel, ts }, `shown:${time}`);
  // It shows the run as it was when that attempt was made.
  if (found) await attempt.write('chat.update', { channel, ts, ...message });
  return { channel, ts };
}

async function wording(attempt: Show, view: RunView): Promise<Message> {
  const ids = (view.state.approvers?.from ?? []).filter(isInSlack);
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
  const since = new Date(fact.recordedAt);
  const refused: Record<string, string> = {};
  for (let i = 0; i < effect.payload.posts; i++) {
    const post = postOf(fact.texts[`post.${i}`]);
    if (!post || post.text.trim() === '') continue;
    const channel = post.channel ?? attempt.channel.id;
    const message = { channel, text: cut(escaped(post.text), MAX.text), ...NO_PREVIEWS };
    try {
      // Several in a row: the second between two posts is slept through.
      await attempt.postOnce({ id: `post ${attempt.row.id} ${i}`, incident }, since, message);
    } catch (error) {
      if (!isPermanent(error)) throw error;
      refused[String(i)] = error.message;
      attempt.world.log.warn(
        { lane: attempt.row.lane, post: i, error: error.message },
        'a step could not post',
      );
    }
  }
  // The message is missing where people read of the run: so it is listed, and said in the incident's channel.
  const [first] = Object.values(refused);
  if (first !== undefined) throw new Undeliverable(first);
  return { refused };
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
  const { id, incident, effect } = attempt.row;
  const message = runOfferMessage({ incident, ...effect.payload }, attempt.world.org.command);
  const { found, body } = await attempt.postOnce(
    { id: `offer ${id}`, incident },
    opened(attempt),
    { channel: attempt.channel.id, ...message },
    { patient: false },
  );
  return { ts: found ?? needed('chat.postMessage', body, 'ts') };
}

/**
 * Somebody went on without the agreement that a run needs. Everybody who is in the incident's channel hears of it at
 * once, and the announcement channel too, unless the incident is private. In a lane of its own: it does not wait for a
 * channel that cannot be made.
 */
export async function soundAlarm(attempt: Attempt<'run.alarm'>): Promise<Body> {
  const { world, incident, row } = attempt;
  const { run, seq } = row.effect.payload;
  await awaitChannel(attempt);
  const fact = await world.incidents.fact(row.team, row.incident, seq);
  if (!fact) throw new Undeliverable('no_such_fact');
  const who = escaped(cut(personLabel(fact.by), 80));
  const why = fact.texts.reason ? `: ${escaped(cut(fact.texts.reason, 500))}` : '';
  const what = `*Glass broken*: ${who} goes on with ${runRef(run)} of ${refOf(incident.number)} without the agreement that it needs${why}`;
  const since = new Date(fact.recordedAt);
  const sound = (channel: string, text: string) =>
    attempt.postOnce({ id: `alarm ${row.id} ${channel}`, incident: row.incident }, since, { channel, text });
  // Refused for good in the channel, it is announced all the same; then the row is dead, and `deliveries` says so.
  let refused: unknown = null;
  try {
    await sound(attempt.channel.id, `<!here> ${what}`);
  } catch (error) {
    if (!isPermanent(error) && !(error instanceof Undeliverable)) throw error;
    refused = error;
  }
  if (world.org.announce && !incident.private) {
    try {
      await sound(world.org.announce, what);
    } catch (error) {
      // No such channel, or not ours to post in: those who are there have been told.
      if (!isPermanent(error)) throw error;
    }
  }
  if (refused) throw refused;
  return { told: true };
}

type Log = Attempt<'run.log'>;

/** Sends what a step printed as a file into the incident's channel, where its message shows only the end of it. */
export async function sendRunLog(attempt: Log): Promise<Body> {
  const { team, incident, effect } = attempt.row;
  const { run, step, seq } = effect.payload;
  const fact = await attempt.world.incidents.fact(team, incident, seq);
  const log = fact?.texts.log;
  // It was erased before it could be sent.
  if (!fact || !log) return { erased: true };
  const entry = 'n' in fact.data ? ` (#${fact.data.n})` : '';
  const words = `${runRef(run)} ${escaped(step)}: what it printed${entry}`;
  return sendFileOnce(
    attempt,
    { filename: `${runRef(run)}-${step}.txt`, bytes: async () => new Uint8Array(Buffer.from(log)) },
    { words, since: new Date(fact.recordedAt), otherwise: '`export facts` has all of it.' },
  );
}
