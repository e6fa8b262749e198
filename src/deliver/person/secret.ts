import { isInSlack, refOf } from '#domain/words.js';
import { secretTold } from '#render/receipt.js';
import { escaped } from '#slack/blocks/text.js';
import { type Attempt, type Body, isPermanent, Undeliverable } from '../attempt.js';
import { tellDirectly } from '../undelivered.js';

/**
 * Tells somebody that a message which was recorded holds a secret: beside it, for them alone; directly, where they are not
 * there. After a crash they may be told beside it a second time, because nobody can look for what one person was shown;
 * not being told would be worse.
 */
export async function tellOfSecret(attempt: Attempt<'secret.tell'>): Promise<Body> {
  const { world, incident, row } = attempt;
  const { seq, user } = row.effect.payload;
  const { n, channel, author, recorder, link, secrets } = await messageOf(attempt, seq);
  const own = user === author;
  // Who wrote in another channel need not know that there is a private incident.
  const hidden = incident.private && channel !== incident.channel?.id && user !== recorder;
  const words = secretTold({
    ...{ ref: hidden ? null : refOf(row.incident), n, kinds: secrets },
    ...{ own, author: isInSlack(author) },
  });
  const text = `${escaped(words)}${link === null ? '' : ` ${link}`}`;
  try {
    await attempt.write('chat.postEphemeral', { channel, user, text });
    return { told: 'beside' };
  } catch (error) {
    if (!isPermanent(error)) throw error;
  }
  try {
    await tellDirectly(attempt, user, text);
    return { told: 'direct' };
  } catch (error) {
    if (!isPermanent(error)) throw error;
    // Of an app that has the id of a person, say. Whoever recorded it is told by a row of their own.
    world.log.warn(
      { lane: row.lane, user, error: error.message },
      'nobody could be told of a secret in a message',
    );
    return { told: null };
  }
}

/** The message that a fact is about: as it was recorded, or with the words that its author wrote later. */
async function messageOf({ world, row }: Attempt<'secret.tell'>, seq: number) {
  const fact = await world.incidents.fact(row.team, row.incident, seq);
  if (fact?.type === 'MessageCaptured') {
    const { n, channel, author, link, secrets = [] } = fact.data;
    return { n, channel, author, recorder: fact.by.id, link, secrets };
  }
  if (fact?.type !== 'MessageEdited') throw new Undeliverable('no_such_fact');
  const { entry: n, channel = '', recorder = '', secrets = [] } = fact.data;
  const entry = (await world.incidents.entriesNumbered(row.team, row.incident, [n])).get(n);
  return { n, channel, author: fact.by.id, recorder, link: entry?.link ?? null, secrets };
}
