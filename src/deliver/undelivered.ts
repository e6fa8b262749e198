import type { Effect } from '#domain/effect.js';
import { codeOf } from '#domain/slack-code.js';
import { refOf } from '#domain/state.js';
import { laneOf } from '#handle/plan.js';
import { toldChannel, toldPerson } from '#render/undelivered.js';
import { MAX } from '#slack/blocks/block.js';
import { cut } from '#slack/blocks/cut.js';
import { channelLink, escaped } from '#slack/blocks/escaped.js';
import type { Attempt, Body } from './attempt.js';
import { Undeliverable } from './failure.js';
import { findTagged, object, sinceOf, tag } from './look.js';
import type { OutboxRow, World } from './ports.js';

/**
 * Sees to it that whoever waits for these rows, which are about to be given up, hears that they do not come: the opener
 * of a channel, whoever asked for an export or pinned a message, else the incident's channel. Called before the rows are
 * settled, and once for each row and reason, so that a crash in between costs nobody the word.
 * @returns lanes that owe something now
 */
export async function mourn(world: World, rows: OutboxRow[], opener: string, why: string): Promise<string[]> {
  const lanes = new Set<string>();
  for (const { row, owed } of noticesOf(rows, opener, why)) {
    const { team, incident } = row;
    const lane = laneOf(team, incident) + (owed.kind === 'person.tell' ? `/${owed.kind}` : '');
    // Each change of the incident asks for its announcement anew; that it is refused is said once.
    const what = row.effect.kind === 'announcement.refresh' ? lane : row.id;
    await world.outbox.owe(owed, { team, lane, incident, key: `untold:${what}:${codeOf(why)}` });
    lanes.add(lane);
  }
  return [...lanes];
}

function noticesOf(rows: OutboxRow[], opener: string, why: string): Array<{ row: OutboxRow; owed: Effect }> {
  const inChannel: OutboxRow[] = [];
  const owed: Array<{ row: OutboxRow; owed: Effect }> = [];
  for (const row of rows) {
    const { effect } = row;
    const tell = (user: string) =>
      owed.push({ row, owed: { kind: 'person.tell', payload: { user, row: row.id } } });
    switch (effect.kind) {
      case 'channel.open':
        tell(opener);
        break;
      case 'export.send':
        tell(effect.payload.user);
        break;
      case 'message.capture':
        // That it could not be found, they were told beside it.
        if (why !== 'message_not_found') tell(effect.payload.by);
        break;
      // They are themselves the word; and a run goes on by itself.
      case 'channel.notice':
      case 'person.tell':
      case 'run.advance':
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
  const { world, incident, row } = attempt;
  const { channel } = incident;
  if (!channel) throw new Undeliverable('no_channel');
  const meant = new Set(attempt.rows.flatMap(({ effect }) => effect.payload.rows));
  const missing = (await world.outbox.dead(row.team, row.incident)).filter(({ id }) => meant.has(id));
  if (missing.length === 0) return { silent: true };
  const id = `notice ${row.id}`;
  if (attempt.repeated && (await findTagged(attempt, channel.id, sinceOf(attempt), id)))
    return { found: true };
  const words = escaped(toldChannel(refOf(incident.number), missing, world.org.announce));
  // Configured by its id: people are shown its name.
  const text = words.replaceAll(/#([CG][A-Z0-9]{6,})\b/g, (_, channelId: string) => channelLink(channelId));
  await attempt.write(
    'chat.postMessage',
    { channel: channel.id, text: cut(text, MAX.text), metadata: tag({ id }) },
    { patient: true },
  );
  return { channel: channel.id, rows: missing.map((one) => one.id) };
}

/** Tells a person, in a direct message, that what they wait for does not come, and what to do. */
export async function tellPerson(attempt: Attempt<'person.tell'>): Promise<Body> {
  const { world, incident, row } = attempt;
  const { user, row: id } = row.effect.payload;
  // Somebody on the command line or behind a token: `show` and `deliveries` say it there.
  if (!/^[UW][A-Z0-9]+$/.test(user)) return { told: null };
  const missing = (await world.outbox.dead(row.team, row.incident)).find((one) => one.id === id);
  if (!missing) return { silent: true };
  const { channel } = await attempt.read('conversations.open', { users: user });
  const where = String(object(channel).id);
  const name = `told ${row.id}`;
  if (attempt.repeated && (await findTagged(attempt, where, sinceOf(attempt), name))) return { found: true };
  const text = toldPerson(refOf(incident.number), incident.title, missing, world.org.command ?? '/incident');
  await attempt.write('chat.postMessage', {
    channel: where,
    text: cut(escaped(text), MAX.text),
    metadata: tag({ id: name, incident: incident.number }),
  });
  return { told: user };
}
