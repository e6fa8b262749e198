import { decodeSlack } from '#domain/command/entered.js';
import type { Person } from '#domain/person.js';
import { groupsIn } from '#slack/groups.js';
import { saidBy } from '#slack/message.js';
import type { Attempt, Body } from './attempt.js';
import { isPermanent } from './failure.js';
import { list, object } from './look.js';
import { metPerson, personOf } from './person.js';

/** A message as Slack has it. */
export interface Found {
  raw: Body;
  author: Person;
}

/** @returns the message whose id is exactly `ts`, in the channel or in a thread; null when it cannot be read. */
export async function findMessage(
  attempt: Attempt<'message.capture'>,
  channel: string,
  ts: string,
): Promise<Found | null> {
  const raw =
    (await look(attempt, 'conversations.history', { channel, latest: ts, inclusive: true, limit: 1 }, ts)) ??
    // History does not hold replies; the reply's own `ts` is enough to find its thread.
    (await look(attempt, 'conversations.replies', { channel, ts, latest: ts, inclusive: true }, ts));
  return raw ? { raw, author: await authorOf(attempt, raw) } : null;
}

async function look(
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
export async function messageText(attempt: Attempt<'message.capture'>, { raw }: Found): Promise<string> {
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
