import { listed } from '#domain/incident/entry.js';
import { isInSlack, refOf } from '#domain/words.js';
import { clockIn } from '#render/clock.js';
import { pictureOf, pngOf } from '#render/picture/picture.js';
import { NotMeasured } from '#runbooks/prometheus.js';
import { cut, escaped, MAX } from '#slack/blocks/text.js';
import {
  type Attempt,
  type Body,
  isPermanent,
  needed,
  object,
  sinceOf,
  Undeliverable,
  Unknown,
} from './attempt.js';
import { sendFileOnce } from './export.js';

type Measure = Attempt<'impact.measure'>;

/** For all questions together: who waits is told then. */
const MEASURE_MS = 120_000;
/** How often somebody waits for a Prometheus that does not answer: some seconds, then they are told. */
const TRIES = 3;

/**
 * Asks Prometheus what was counted, and records it. Interrupted on any line it asks again, and what is recorded once is not
 * recorded twice. Where it cannot be had, whoever asked is told why, and what to do.
 */
export async function payMeasure(attempt: Measure): Promise<Body> {
  const { world, row } = attempt;
  const { seq } = row.effect.payload;
  const fact = await world.incidents.fact(row.team, row.incident, seq);
  if (fact?.type !== 'MeasureAsked') throw new Undeliverable('no_such_fact');
  const { components, ...window } = fact.data;
  try {
    if (!world.measure)
      throw new NotMeasured(
        'nothing here says any more how damage is measured',
        'Write `impact:` in tocsin.yml.',
      );
    const names = listed(fact, 'component', components);
    const measured = await world.measure(window, names, AbortSignal.timeout(MEASURE_MS));
    await attempt.record({ type: 'NoteImpactMeasured', asked: seq, measured }, 'measured');
    return { failed: measured.failed, total: measured.total };
  } catch (error) {
    if (!(error instanceof NotMeasured)) throw error;
    if (error.passing && row.attempts + 1 < TRIES) throw new Unknown('prometheus', 'no_answer');
    return tell(attempt, error);
  }
}

/** In the incident's channel if they asked there, so that all who wait hear it; else to them alone, where they asked. */
async function tell(attempt: Measure, { message, next }: NotMeasured): Promise<Body> {
  const { world, incident, row } = attempt;
  const { user, typed } = row.effect.payload;
  const channel = incident.channel?.id;
  const text = cut(
    escaped(`${refOf(incident.number)}: the impact could not be measured: ${message}. ${next}`),
    MAX.text,
  );
  const post = (where: string, words: string) =>
    attempt.postOnce({ id: `measure ${row.id} ${where}`, incident: row.incident }, sinceOf(attempt), {
      channel: where,
      text: words,
    });
  const inChannel = channel && (() => post(channel, isInSlack(user) ? `<@${user}> ${text}` : text));
  const person = isInSlack(user);
  const ways: Record<string, (() => Promise<unknown>) | '' | false | undefined> = {
    channel: typed === channel && inChannel,
    typed: person && typed && (() => attempt.write('chat.postEphemeral', { channel: typed, user, text })),
    direct: person && (async () => post(await direct(attempt, user), text)),
    // Nobody at a prompt can be told later; those who are in the channel can.
    instead: inChannel,
  };
  for (const [way, say] of Object.entries(ways)) {
    if (!say) continue;
    try {
      await say();
      return { told: way };
    } catch (error) {
      if (!isPermanent(error)) throw error;
      world.log.warn({ lane: row.lane, way, error: error.message }, 'somebody could not be told');
    }
  }
  throw new Undeliverable('not_measured');
}

async function direct(attempt: Measure, user: string): Promise<string> {
  const { channel } = await attempt.read('conversations.open', { users: user });
  return needed('conversations.open', object(channel), 'id');
}

/** Shows a measured impact as a picture in the incident's channel. */
export async function sendPicture(attempt: Attempt<'impact.picture'>): Promise<Body> {
  const { world, row, incident } = attempt;
  const { n, seq } = row.effect.payload;
  const entry = (await world.incidents.entriesNumbered(row.team, row.incident, [n])).get(n);
  const picture = entry && !entry.struck && (await pictureOf(entry, incident.milestones, clockIn('UTC')));
  if (!picture) return { silent: true };
  const fact = await world.incidents.fact(row.team, row.incident, seq);
  return sendFileOnce(
    attempt,
    {
      filename: `${refOf(row.incident)}-impact-${n}.png`,
      bytes: () => pngOf(picture.svg),
      alt: cut(picture.alt, ALT),
    },
    {
      words: `#${n} as a picture, times in UTC`,
      since: new Date(fact?.recordedAt ?? incident.recordedAt),
      otherwise: '`export html` has it.',
    },
  );
}

/** Slack takes no longer description of a picture. */
const ALT = 1_000;
