import { checkText, decodeSlack } from '#domain/command/entered.js';
import type { Entry } from '#domain/incident/entry.js';
import { isLimited } from '#domain/permission.js';
import { isPassing, isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { refOf } from '#domain/words.js';
import { Lost } from '#runbooks/action.js';
import { linesOffer } from '#slack/blocks/entry.js';
import { escaped } from '#slack/blocks/text.js';
import { messageIn, offerOf, sentAt } from '#slack/capture/capture.js';
import { groupsIn, peopleIn } from '#slack/people/groups.js';
import {
  type Attempt,
  type Body,
  courtesy,
  isPermanent,
  Later,
  list,
  NotRecorded,
  strings,
  Undeliverable,
} from './attempt.js';
import { metPerson, personOf } from './channel/people.js';

/**
 * Records a message that somebody pinned, at its own time, and ticks it once it is in the record.
 *
 * The message's place in Slack is the key: pinned by two people, or paid twice after a crash, it is one fact.
 */
export async function captureMessage(attempt: Attempt<'message.capture'>): Promise<Body> {
  const { row, world, incident } = attempt;
  const { channel, ts, by } = row.effect.payload;
  const message = messageIn(await findMessage(attempt, channel, ts));
  if (!message) {
    await tell(attempt, 'That message could not be read, so it was not kept. Is the bot in this channel?');
    throw new Undeliverable('message_not_found');
  }
  const { author } = message;
  const known = author.name === null ? await metPerson(attempt, author.id, author.profile) : author;
  const text = await decoded(attempt, message.raw);
  const unfit = checkText(text, undefined, 'The message');
  if (unfit) return decline(attempt, unfit);

  const pinner = await metPerson(attempt, by);
  const link = await courtesy(attempt, 'chat.getPermalink', { channel, message_ts: ts });
  const answer = await world.tell(
    {
      type: 'CaptureMessage',
      // An entry without a link is an entry.
      message: { channel, ts, text, author: known, link: strings([link?.permalink])[0] ?? null },
    },
    row.incident,
    {
      team: row.team,
      by: pinner,
      source: 'slack',
      key: `message:${channel}:${ts}`,
      now: world.now(),
      // A person who pins in a private incident's own channel sees the incident already.
      seesPrivate: incident.channel?.id === channel,
      account: await world.people.account(row.team, by),
    },
  );
  if (isRefusal(answer)) {
    if (isPassing(answer)) throw new NotRecorded(answer.code);
    return decline(attempt, answer);
  }
  const entry = await world.incidents.capturedEntry(row.team, row.incident, channel, ts);
  if (entry && entry.by.id !== by) {
    const who = entry.by.name ?? entry.by.id;
    const known = refuse('ALREADY_CAPTURED', { ref: refOf(row.incident), entry: entry.n, by: who });
    await tell(attempt, `${known.sentence} ${known.next}`);
  }
  await atBest(
    attempt.write('reactions.add', { channel, timestamp: ts, name: 'white_check_mark' }, { patient: true }),
  );
  if (entry && !entry.struck && entry.by.id === by) await offerLines(attempt, entry, author.id);
  return { entry: entry?.n ?? null };
}

/** Whoever pinned a message of many timed lines is offered to have these as entries. After a crash they may see it twice. */
async function offerLines(attempt: Attempt<'message.capture'>, entry: Entry, author: string): Promise<void> {
  const { row, world } = attempt;
  const { channel, ts, by } = row.effect.payload;
  const zone = await world.people.zone(row.team, author);
  const at = { now: sentAt(ts), zone: zone ?? world.org.zone ?? 'UTC', zoneKnown: zone !== null };
  const limited = isLimited(await world.people.account(row.team, by));
  const offer = offerOf(entry.text ?? '', at, limited);
  if (offer === null) return;
  const words = `That message is in the timeline of ${refOf(row.incident)} as #${entry.n}. ${offer}`;
  const line = `\`${world.org.command} log #${entry.n}\` does it too.`;
  const blocks = linesOffer(words, { incident: row.incident, channel, ts });
  await atBest(
    attempt.write('chat.postEphemeral', { channel, user: by, text: escaped(`${words} ${line}`), blocks }),
  );
}

async function decline(attempt: Attempt<'message.capture'>, refusal: Refusal): Promise<Body> {
  await tell(attempt, `${refusal.sentence} ${refusal.next}`);
  return { refused: refusal.code };
}

/** Beside the message; directly, where Slack does not let us speak there. */
async function tell(attempt: Attempt<'message.capture'>, words: string): Promise<void> {
  const { channel, by: user } = attempt.row.effect.payload;
  const text = escaped(words);
  try {
    await attempt.write('chat.postEphemeral', { channel, user, text });
  } catch (error) {
    if (!isPermanent(error)) return atBest(Promise.reject(error));
    await atBest(attempt.write('chat.postMessage', { channel: user, text }));
  }
}

/** A courtesy: the record does not depend on it, so a refusal is passed over. */
async function atBest(courtesy: Promise<unknown>): Promise<void> {
  await courtesy.catch((error: unknown) => {
    if (error instanceof Lost || !(error instanceof Error)) throw error;
    if (!isPermanent(error) && error instanceof Later) throw error;
  });
}

/** @returns the message whose id is exactly `ts`, in the channel or in a thread; null when it cannot be read. */
async function findMessage(
  attempt: Attempt<'message.capture'>,
  channel: string,
  ts: string,
): Promise<Body | null> {
  const read = async (method: string, args: Body) => {
    try {
      const body = await attempt.read(method, { channel, latest: ts, inclusive: true, ...args });
      return list(body.messages).find((message) => message.ts === ts) ?? null;
    } catch (error) {
      if (isPermanent(error)) return null;
      throw error;
    }
  };
  // History does not hold replies; the reply's own `ts` is enough to find its thread.
  return (await read('conversations.history', { limit: 1 })) ?? read('conversations.replies', { ts });
}

/** People of one message about whom Slack is asked; the others keep their ids where nobody knows them. */
const MET = 20;

/** @returns what its author wrote, or its app: Slack's encoding undone, people and groups named */
async function decoded(attempt: Attempt<'message.capture'>, said: string): Promise<string> {
  const names = new Map(
    await Promise.all(
      peopleIn(said).map(async (id, i) => {
        const person = await (i < MET ? metPerson(attempt, id) : personOf(attempt, id));
        return [id, person.name] as const;
      }),
    ),
  );
  const groups = await attempt.world.groups.names(groupsIn(said));
  const { text } = decodeSlack(said, {
    person: (id) => names.get(id) ?? null,
    group: (id) => groups.get(id) ?? null,
    channel: () => null,
  });
  return text;
}
