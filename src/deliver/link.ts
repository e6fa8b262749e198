import type { Intent } from '#domain/incident/intent.js';
import { mergedInto } from '#domain/link/link.js';
import { isPassing, isRefusal } from '#domain/refusal.js';
import { botAsking } from '#domain/words.js';
import { type Attempt, type Body, NotRecorded } from './attempt.js';

/**
 * Has another incident record its half of what was said here: that they are linked, that this one goes on there, or that it is
 * not so any more. What does not count any more by now is not said there first.
 */
export async function noteLink(attempt: Attempt<'incident.link'>): Promise<Body> {
  const { incident, row, world } = attempt;
  const { other, n, first, off } = row.effect.payload;
  const intent: Intent | null = off ? { type: 'NoteUnlinked', other: row.incident, first } : await saidBy();
  if (!intent) return { overtaken: true };
  const asking = botAsking(row.team, `delivery:${row.id}:link`, world.now());
  const answer = await world.tell(intent, other, asking);
  if (!isRefusal(answer)) return { other };
  if (isPassing(answer)) throw new NotRecorded(`${intent.type}: ${answer.code}`);
  world.log.error({ lane: row.lane, other, code: answer.code }, `a link is refused: ${answer.sentence}`);
  return { other, refused: answer.code };

  async function saidBy(): Promise<Intent | null> {
    if (!incident.links?.some((link) => link.n === n)) return null;
    const fact = await world.incidents.fact(row.team, row.incident, row.seq);
    const text = fact && 'text' in fact.texts ? (fact.texts.text ?? null) : null;
    return mergedInto(incident) === other
      ? { type: 'NoteTakenIn', from: row.incident, theirs: n, text }
      : { type: 'NoteLinked', other: row.incident, theirs: n, text };
  }
}
