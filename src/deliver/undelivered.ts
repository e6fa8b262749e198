import { type Effect, type EffectKind, laneBeside, laneOf } from '#domain/incident/effect.js';
import type { IncidentState } from '#domain/incident/state.js';
import { codeOf, mendOf } from '#domain/slack-code.js';
import { type Condition, isInSlack, refOf } from '#domain/words.js';
import { SUBSCRIBERS_WAIT } from '#public/tell.js';
import { toldAbsent, toldChannel, toldLost, toldOfChannel, toldPerson } from '#render/undelivered.js';
import { channelLink, cut, escaped, MAX } from '#slack/blocks/text.js';
import type { LateLane } from '#store/outbox.js';
import { type Attempt, type Body, isPermanent, needed, object, sinceOf } from './attempt.js';
import type { OutboxRow, World } from './ports.js';

/** These are asked for anew with each change of the incident: that one is refused is said once for each reason. */
const ASKED_ANEW: ReadonlySet<EffectKind> = new Set([
  'announcement.refresh',
  'headline.refresh',
  'canvas.refresh',
  'channel.notice',
]);

/** Somebody of their own waits for each of these; the others are for everybody in the channel. */
const PERSONAL: ReadonlySet<EffectKind> = new Set([
  ...(['channel.open', 'export.send', 'message.capture', 'message.files'] as const),
]);

/**
 * Rows are about to be given up: owes the word to the people who wait for them. The opener of a channel is told, or the
 * person who asked for an export or pinned a message, else the incident's channel; and where that takes no message, the
 * lead of the incident, or its opener. Called before the rows are settled, and owed once for each row and reason, so that
 * a crash in between loses nothing.
 * @returns lanes that owe something now
 */
export async function oweNotices(
  world: World,
  rows: OutboxRow[],
  incident: IncidentState,
  why: string,
): Promise<string[]> {
  const lanes = new Set<string>();
  for (const { row, owed } of noticesOf(rows, incident, why)) {
    const { team, incident: number } = row;
    const { kind } = row.effect;
    const lane = owed.kind === 'person.tell' ? laneBeside(team, number, owed.kind) : laneOf(team, number);
    const what = ASKED_ANEW.has(kind) ? `${kind}:${lane}` : row.id;
    await world.outbox.owe(owed, { team, lane, incident: number, key: `untold:${what}:${codeOf(why)}` });
    lanes.add(lane);
  }
  return [...lanes];
}

function noticesOf(
  rows: OutboxRow[],
  { opener, roles }: IncidentState,
  why: string,
): Array<{ row: OutboxRow; owed: Effect }> {
  const leadOrOpener = roles.lead && isInSlack(roles.lead.id) ? roles.lead.id : opener.id;
  const inChannel: OutboxRow[] = [];
  const owed: Array<{ row: OutboxRow; owed: Effect }> = [];
  for (const row of rows) {
    const { effect } = row;
    const tell = (user: string, typed?: string, about = row.id) =>
      owed.push({
        row,
        owed: { kind: 'person.tell', payload: { user, row: about, ...(typed && { typed }) } },
      });
    switch (effect.kind) {
      case 'channel.open':
        tell(effect.payload.owner ?? opener.id, effect.payload.typed);
        break;
      case 'export.send':
        tell(effect.payload.user, effect.payload.channel);
        break;
      case 'message.capture':
        // That it could not be found, they were told beside it.
        if (why !== 'message_not_found') tell(effect.payload.by, effect.payload.channel);
        break;
      case 'message.files':
        tell(effect.payload.by);
        break;
      case 'channel.notice':
        // Without a channel its opener was told of that.
        if (why !== 'no_channel') tell(leadOrOpener, undefined, effect.payload.rows[0]);
        break;
      // It is itself the word; and a run goes on by itself.
      // Whoever came late has the channel, and `catchup`.
      case 'people.catchup':
      // Of a secret not everybody in the channel is to hear where it stands.
      // Why there is no ticket was said where it was tried.
      case 'ticket.push':
      case 'ticket.look':
      // What was unpinned can be struck all the same; of what became of a message the timeline tells.
      case 'message.unpinned':
      case 'channel.follow':
      // Whoever mentioned the bot was promised nothing.
      case 'secret.tell':
      case 'mention.answer':
      case 'person.tell':
      case 'run.advance':
      case 'watch.look':
        break;
      default:
        inChannel.push(row);
    }
  }
  const [first] = inChannel;
  if (!first) return owed;
  const ids = inChannel.map(({ id }) => id);
  return [...owed, { row: first, owed: { kind: 'channel.notice', payload: { rows: ids } } }];
}

/**
 * Says in the incident's channel, in one line, what is not shown there, or that it was not announced: what is dead still.
 * A channel that takes no message hears of it with the next one that it takes (lane.ts).
 */
export async function tellChannel(attempt: Attempt<'channel.notice'>): Promise<Body> {
  const { world, incident, row, channel } = attempt;
  const meant = new Set(attempt.rows.flatMap(({ effect }) => effect.payload.rows));
  const missing = (await world.outbox.dead(row.team, row.incident)).filter(({ id }) => meant.has(id));
  if (missing.length === 0) return { silent: true };
  const words = escaped(toldChannel(refOf(incident.number), missing, world.org.announce));
  // Configured by its id: people are shown its name.
  const text = words.replaceAll(/#([CG][A-Z0-9]{6,})\b/g, (_, channelId: string) => channelLink(channelId));
  const { found } = await attempt.postOnce({ id: `notice ${row.id}` }, sinceOf(attempt), {
    channel: channel.id,
    text: cut(text, MAX.text),
  });
  if (found) return { found: true };
  return { channel: channel.id, rows: missing.map((one) => one.id) };
}

/**
 * Tells a person, in a direct message, that what they wait for does not come, and what to do. Where Slack does not let us,
 * for them alone in the channel where they asked; else the lead of the incident is told. Somebody on the command line or
 * behind a token hears it with the answer to what they type next, as does everybody.
 */
export async function tellPerson(attempt: Attempt<'person.tell'>): Promise<Body> {
  const { world, incident, row } = attempt;
  const { user, typed } = row.effect.payload;
  const words = await wordsFor(attempt);
  if (words === null) return { silent: true };
  const text = cut(words, MAX.text);
  const lead = incident.roles.lead?.id;
  const ways: Record<string, () => Promise<unknown>> = {
    ...(isInSlack(user) && { direct: () => tellDirectly(attempt, user, text) }),
    ...(isInSlack(user) &&
      typed && { typed: () => attempt.write('chat.postEphemeral', { channel: typed, user, text }) }),
    ...(lead && isInSlack(lead) && lead !== user && { lead: () => tellDirectly(attempt, lead, text) }),
  };
  const refused: Record<string, string> = {};
  for (const [way, tell] of Object.entries(ways)) {
    try {
      await tell();
      return { told: way, refused };
    } catch (error) {
      if (!isPermanent(error)) throw error;
      refused[way] = error.message;
    }
  }
  const about = { lane: row.lane, user, refused };
  world.log.warn(
    about,
    'somebody who waits could not be told in Slack; `show`, `list` and `deliveries` say it',
  );
  return { told: null, refused };
}

/** @returns what there is to say, as Slack's text; null: it has come after all */
async function wordsFor({ world, incident, row }: Attempt<'person.tell'>): Promise<string | null> {
  const { row: id, absent, lost } = row.effect.payload;
  const [ref, command] = [refOf(incident.number), world.org.command];
  const { channel, title } = incident;
  if (lost !== undefined) {
    // It was there again before this could be said.
    if (channel?.lost !== lost) return null;
    return escaped(toldLost(ref, title, lost, command)).replace('{channel}', channelLink(channel.id));
  }
  if (absent !== undefined) {
    return channel && `${escaped(toldAbsent(ref, title, absent))} ${channelLink(channel.id)}`;
  }
  const dead = await world.outbox.dead(row.team, row.incident);
  const missing = dead.find((one) => one.id === id);
  if (!missing) return null;
  if (PERSONAL.has(missing.effect.kind)) return escaped(toldPerson(ref, title, missing, command));
  const others = dead.filter(({ effect }) => !PERSONAL.has(effect.kind));
  return escaped(toldOfChannel(ref, title, others));
}

/** In a direct message, once. */
export async function tellDirectly<K extends EffectKind>(
  attempt: Attempt<K>,
  user: string,
  text: string,
): Promise<void> {
  const { channel } = await attempt.read('conversations.open', { users: user });
  const where = needed('conversations.open', object(channel), 'id');
  const tagged = { id: `told ${attempt.row.id}`, incident: attempt.row.incident };
  await attempt.postOnce(tagged, sinceOf(attempt), { channel: where, text }, { patient: false });
}

/** Has somebody told directly that the channel is there and Slack does not let them in: a word in it they do not read. */
export async function tellOutside(
  { world, row }: Attempt<'channel.open'>,
  user: string,
  absent: string,
): Promise<void> {
  const { team, incident, id } = row;
  const lane = laneBeside(team, incident, 'person.tell');
  const { typed } = row.effect.payload;
  const payload = { user, row: id, absent, ...(typed && { typed }) };
  await world.outbox.owe(
    { kind: 'person.tell', payload },
    { team, lane, incident, key: `outside:${id}:${user}` },
  );
}

/** Older than this, a delivery needs an excuse. */
export const LATE_MS = 60_000;
/** A method and a code of Slack's, nothing that anybody wrote. */
const CODE = /^[\w.]+: [\w.]+( \(try \d+ of \d+\))?$/;

/**
 * Is anything late that nothing excuses? Slack told us to wait, Slack is away, a run is in hand: these are excuses, and
 * said; so is what was given up.
 * @param late lanes whose first delivery has been owed for longer than LATE_MS
 * @param dead how many deliveries were given up
 */
export function deliveriesCondition(
  late: readonly LateLane[],
  dead: number,
  slack: Pick<Condition, 'state'>,
): Condition {
  const owing = owingLate(late);
  const limited = owing.filter(({ resting, error }) => resting || error?.endsWith('must wait'));
  const others = owing.filter((lane) => !limited.includes(lane));
  const away = slack.state === 'ok' ? [] : others;
  const stuck = slack.state === 'ok' ? others : [];
  const said = [
    ...(stuck.length > 0 ? [`${lanes(stuck)} waited for more than a minute, ${oldest(stuck)}`] : []),
    ...(away.length > 0 ? [`${lanes(away)} waited for Slack, ${oldest(away)}`] : []),
    ...(limited.length > 0
      ? [`${lanes(limited)} waited for a rate limit of Slack's, ${oldest(limited)}`]
      : []),
    ...(dead > 0 ? [`${dead} given up: \`tocsin deliveries\` lists them`] : []),
  ];
  return {
    state: stuck.length > 0 ? 'degraded' : 'ok',
    ...(said.length > 0 && { reason: said.join('; ') }),
    ...(stuck.length > 0 && { fix: mendOfOldest(stuck) }),
  };
}

/**
 * Without runs that take as long as their steps: in hand, or told to come again, one is where it should be. Of the public's,
 * the page says by itself how it is, and subscribers who are to be tried again later hold nobody up.
 */
export function owingLate(late: readonly LateLane[]): LateLane[] {
  return late.filter(({ kind, held, resting, error }) => {
    if (kind === 'run.advance') return !(held || resting);
    // Nobody waits for a look: what waits for the channel is said by itself.
    if (kind === 'channel.await') return false;
    if (kind === 'status.tell') return error !== SUBSCRIBERS_WAIT;
    // A tracker that is away is no affair of Slack's, and is told in the incident.
    if (kind === 'ticket.push' || kind === 'ticket.look') return error === null;
    return kind !== 'status.page';
  });
}

function lanes({ length }: readonly unknown[]): string {
  return length === 1
    ? 'the deliveries of one incident or run have'
    : `those of ${length} incidents or runs have`;
}

function mendOfOldest(late: readonly LateLane[]): string {
  const { error } = first(late) ?? {};
  return (error && mendOf(codeOf(error))) || 'is a worker running, and can it reach Slack? its log says more';
}

function first(late: readonly LateLane[]): LateLane | undefined {
  return [...late].sort((a, b) => b.ms - a.ms)[0];
}

function oldest(late: readonly LateLane[]): string {
  const { ms = 0, error = null } = first(late) ?? {};
  return `the oldest for ${Math.round(ms / 1000)} s${error && CODE.test(error) ? ` (${error})` : ''}`;
}
