import { checkText, decodeSlack } from '#domain/command/entered.js';
import { isPassing, isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { type Person, refOf } from '#domain/words.js';
import { Lost } from '#runbooks/action.js';
import { escaped } from '#slack/blocks/text.js';
import { saidBy } from '#slack/capture/capture.js';
import { groupsIn } from '#slack/people/groups.js';
import {
  type Attempt,
  type Body,
  isPermanent,
  Later,
  list,
  NotRecorded,
  object,
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
  const found = await findMessage(attempt, channel, ts);
  if (!found) {
    await tell(attempt, 'That message could not be read, so it was not kept. Is the bot in this channel?');
    throw new Undeliverable('message_not_found');
  }
  const text = await messageText(attempt, found);
  const unfit = checkText(text, undefined, 'The message');
  if (unfit) return decline(attempt, unfit);

  const pinner = await metPerson(attempt, by);
  const answer = await world.tell(
    {
      type: 'CaptureMessage',
      message: { channel, ts, text, author: found.author, link: await permalink(attempt, channel, ts) },
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
  return { entry: entry?.n ?? null };
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

/** An entry without a link is an entry; only a wait that Slack has named is worth it. */
async function permalink(
  attempt: Attempt<'message.capture'>,
  channel: string,
  ts: string,
): Promise<string | null> {
  try {
    const body = await attempt.read('chat.getPermalink', { channel, message_ts: ts });
    return typeof body.permalink === 'string' ? body.permalink : null;
  } catch (error) {
    if (error instanceof Later || error instanceof Lost) throw error;
    return null;
  }
}

/** A courtesy: the record does not depend on it, so a refusal is passed over. */
async function atBest(courtesy: Promise<unknown>): Promise<void> {
  await courtesy.catch((error: unknown) => {
    if (error instanceof Lost || !(error instanceof Error)) throw error;
    if (!isPermanent(error) && error instanceof Later) throw error;
  });
}

/** A message as Slack has it. */
interface Found {
  raw: Body;
  author: Person;
}

/** @returns the message whose id is exactly `ts`, in the channel or in a thread; null when it cannot be read. */
async function findMessage(
  attempt: Attempt<'message.capture'>,
  channel: string,
  ts: string,
): Promise<Found | null> {
  const raw =
    (await messageIn(
      attempt,
      'conversations.history',
      { channel, latest: ts, inclusive: true, limit: 1 },
      ts,
    )) ??
    // History does not hold replies; the reply's own `ts` is enough to find its thread.
    (await messageIn(attempt, 'conversations.replies', { channel, ts, latest: ts, inclusive: true }, ts));
  return raw ? { raw, author: await authorOf(attempt, raw) } : null;
}

async function messageIn(
  attempt: Attempt<'message.capture'>,
  method: string,
  args: Body,
  ts: string,
): Promise<Body | null> {
  try {
    const body = await attempt.read(method, args);
    return list(body.messages).find((message) => message.ts === ts) ?? null;
  } catch (error) {
    if (isPermanent(error)) return null;
    throw error;
  }
}

async function authorOf(attempt: Attempt<'message.capture'>, raw: Body): Promise<Person> {
  if (typeof raw.user === 'string') {
    return metPerson(attempt, raw.user, raw.user_profile);
  }
  const name = [raw.username, object(raw.bot_profile).name].find((one) => typeof one === 'string');
  return { id: String(raw.bot_id ?? 'unknown'), name: typeof name === 'string' ? name : null };
}

/** People of one message about whom Slack is asked; the others keep their ids where nobody knows them. */
const MET = 20;

/** @returns what its author wrote, or its app: Slack's encoding undone, people and groups named */
async function messageText(attempt: Attempt<'message.capture'>, { raw }: Found): Promise<string> {
  const said = saidBy(raw, list(raw.files));
  const ids = [...new Set([...said.matchAll(/<@([UW][A-Z0-9]+)/g)].map((match) => match[1] as string))];
  const names = new Map(
    await Promise.all(
      ids.map(async (id, i) => {
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
