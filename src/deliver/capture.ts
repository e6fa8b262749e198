import { createHash } from 'node:crypto';
import { checkText, decodeSlack, plain } from '#domain/command/entered.js';
import { parseCommand } from '#domain/command/parse.js';
import { shownLine } from '#domain/command/verbs.js';
import type { EffectKind } from '#domain/incident/effect.js';
import type { Entry } from '#domain/incident/entry.js';
import { type ImageType, imageTypeOf, type KeptImage, mayBeKept } from '#domain/incident/message.js';
import { isLimited } from '#domain/permission.js';
import { isPassing, isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { scrubSecrets } from '#domain/secret/scrub.js';
import { codeInWords, mendOf } from '#domain/slack-code.js';
import { botAsking, isInSlack, refOf } from '#domain/words.js';
import { linesOffer, unpinnedMessage } from '#slack/blocks/entry.js';
import { cut, escaped, MAX } from '#slack/blocks/text.js';
import { anew, messageIn, offerOf, recordedWith, sentAt, wordsOf } from '#slack/capture/capture.js';
import { groupsIn, peopleIn } from '#slack/people/groups.js';
import { type ReadFile, tooLarge } from '#slack/transport/files.js';
import {
  type Attempt,
  type Body,
  botUser,
  courtesy,
  isPermanent,
  list,
  NotRecorded,
  object,
  strings,
  Undeliverable,
  Unknown,
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
  const { found, refused } = await findMessage(attempt, channel, ts);
  const message = messageIn(found);
  if (!message) {
    await tell(attempt, `That message could not be read, so it was not kept. ${unread(refused)}`);
    throw new Undeliverable('message_not_found');
  }
  const { author } = message;
  if (found?.bot_id && author.id === (await botUser(attempt)))
    // What we pin ourselves nobody waits for.
    return by === author.id ? { own: true } : decline(attempt, refuse('OWN_MESSAGE', {}));
  const known = author.name === null ? await metPerson(attempt, author.id, author.profile) : author;
  const text = await decoded(attempt, message.raw);
  const unfit = checkText(text, undefined, 'The message');
  if (unfit) return decline(attempt, unfit);

  const pinner = await metPerson(attempt, by);
  const link = await courtesy(attempt, 'chat.getPermalink', { channel, message_ts: ts });
  const before = await world.incidents.capturedEntry(row.team, row.incident, channel, ts);
  const answer = await world.tell(
    {
      type: 'CaptureMessage',
      // An entry without a link is an entry.
      message: {
        ...{ channel, ts, text, author: known, link: strings([link?.permalink])[0] ?? null },
        ...recordedWith(message),
      },
    },
    row.incident,
    {
      team: row.team,
      by: pinner,
      source: 'slack',
      key: `message:${channel}:${ts}${anew(before ? [{ ...before, incident: row.incident }] : [], row.incident)}`,
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
  await lookAgain(attempt, channel, ts);
  // Before anything is said: a tick that has to be tried again must not have the same words said twice.
  await atBest(
    attempt.write('reactions.add', { channel, timestamp: ts, name: 'white_check_mark' }, { patient: true }),
  );
  if (entry && entry.by.id !== by) {
    const who = entry.by.name ?? entry.by.id;
    const known = refuse('ALREADY_CAPTURED', { ref: refOf(row.incident), entry: entry.n, by: who });
    await tell(attempt, `${known.sentence} ${known.next}`);
  }
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

/**
 * Until it was recorded, nobody would have heeded Slack's word that the message changed. It is looked at once more, which also makes
 * up for whatever was missed since somebody else recorded it.
 */
async function lookAgain(attempt: Attempt<'message.capture'>, channel: string, ts: string): Promise<void> {
  const { row, world } = attempt;
  const at = { channel, ts };
  const { found, refused } = await findMessage(attempt, channel, ts);
  // What we may not read need not be gone.
  if (refused !== null) return;
  const now = messageIn(found);
  const asking = botAsking(row.team, null, world.now());
  if (!now) {
    const hides = world.org.capture?.deleted !== 'keep';
    const deleted = { type: 'NoteMessageDeleted' as const, at, ts: tsOf(world.now()), hides };
    await world.tell(deleted, row.incident, asking);
    return;
  }
  if (now.edited === undefined || now.app) return;
  const text = await decoded(attempt, now.raw);
  if (checkText(text, undefined, 'The message')) return;
  const id = now.editor ?? now.author.id;
  const by =
    id === now.author.id && now.author.name !== null ? { ...now.author } : await metPerson(attempt, id);
  const edit = { ts: now.edited, channel, text };
  await world.tell({ type: 'NoteMessageEdited', at, edit }, row.incident, {
    ...asking,
    by: { id, name: by.name },
  });
}

/** A moment as Slack writes one. */
function tsOf(at: Date): string {
  return `${(at.getTime() / 1000).toFixed(3)}000`;
}

/**
 * Offers to strike what somebody recorded by a pin that they have taken away: for them alone, beside the message. Nothing where
 * somebody else recorded it, or it is struck.
 */
export async function offerStrike(attempt: Attempt<'message.unpinned'>): Promise<Body> {
  const { row, world } = attempt;
  const { channel, ts, by: user } = row.effect.payload;
  const entry = await world.incidents.capturedEntry(row.team, row.incident, channel, ts);
  if (!entry || entry.struck || entry.by.id !== user) return { silent: true };
  const account = await world.people.account(row.team, user);
  const may = account === 'member' || account === 'unknown';
  const { command } = world.org;
  const of = { incident: row.incident, key: `unpinned:${row.id}`, may, command };
  const message = unpinnedMessage(entry, of);
  await atBest(attempt.write('chat.postEphemeral', { channel, user, ...message }));
  return { entry: entry.n };
}

/** The largest image that is kept, and how much of an incident's is kept together: it all goes along in one export. */
const LARGEST = 5_000_000;
const TOGETHER = 50_000_000;

/**
 * Fetches images of a recorded message with our token, and keeps them. What they are their bytes say, and not their names. Whoever
 * recorded the message hears which are not kept, and why.
 */
export async function keepImages(attempt: Attempt<'message.files'>): Promise<Body> {
  const { row, world } = attempt;
  const { readFile } = world;
  const fact = await world.incidents.fact(row.team, row.incident, row.effect.payload.seq);
  if (!readFile || fact?.type !== 'MessageCaptured') return { off: true };
  const { n, files = [], channel } = fact.data;
  const entry = (await world.incidents.entriesNumbered(row.team, row.incident, [n])).get(n);
  if (!entry || entry.erased || entry.detail.deleted !== undefined || entry.detail.kept) {
    await world.incidents.dropBytes(row.team, row.incident, n);
    return { late: true };
  }
  let held = await world.incidents.keptSize(row.team, row.incident, n);
  const kept: KeptImage[] = [];
  const unkept: string[] = [];
  for (const file of files.filter(mayBeKept)) {
    const read = await imageOf(attempt, readFile, file, Math.min(LARGEST, TOGETHER - held));
    if ('why' in read) {
      const name = entry.detail.files?.find(({ id }) => id === file.id)?.name ?? file.id;
      unkept.push(`${name}: ${read.why}`);
      continue;
    }
    await world.incidents.keepBytes({ team: row.team, incident: row.incident, n, file: file.id }, read.bytes);
    const digest = createHash('sha256').update(read.bytes).digest('hex');
    kept.push({ id: file.id, type: read.type, size: read.bytes.byteLength, digest });
    held += read.bytes.byteLength;
  }
  // Before it is recorded: killed in between, it is said twice, and not never.
  if (unkept.length > 0 && isInSlack(fact.by.id)) {
    const words = `${refOf(row.incident)} #${n}: not kept in the record: ${unkept.join('; ')}. Its name is, and in Slack it stays.`;
    const message = { channel, user: fact.by.id, text: cut(escaped(words), MAX.text) };
    await atBest(attempt.write('chat.postEphemeral', message));
  }
  if (kept.length > 0) await attempt.record({ type: 'NoteFilesKept', entry: n, kept }, 'files');
  // It may have been erased or deleted meanwhile.
  await world.incidents.dropBytes(row.team, row.incident, n);
  return { kept: kept.length, unkept: unkept.length };
}

/** @returns the image's bytes, or why it is not kept. @throws Unknown where it may be had later */
async function imageOf(
  attempt: Attempt<'message.files'>,
  readFile: ReadFile,
  { id, size }: { id: string; size: number | null },
  limit: number,
): Promise<{ bytes: Uint8Array; type: ImageType } | { why: string }> {
  const large =
    limit < LARGEST ? `this incident has ${TOGETHER / 1_000_000} MB of images already` : tooLarge(limit);
  if (size !== null && size > limit) return { why: large };
  let file: Body;
  try {
    file = object((await attempt.read('files.info', { file: id })).file);
  } catch (error) {
    if (!isPermanent(error)) throw error;
    return { why: `Slack said ${codeInWords(error.code)}` };
  }
  if (typeof file.url_private !== 'string') return { why: 'Slack does not say where it is' };
  const read = await readFile(file.url_private, limit);
  if (read.kind === 'unknown') throw new Unknown('file', read.error);
  if (read.kind === 'refused') return { why: read.why === tooLarge(limit) ? large : read.why };
  const type = imageTypeOf(read.bytes);
  return type ? { bytes: read.bytes, type } : { why: 'what it holds is no PNG, JPEG, GIF or WebP' };
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
    if (!isPermanent(error)) throw error;
    await atBest(attempt.write('chat.postMessage', { channel: user, text }, { patient: true }));
  }
}

/**
 * A courtesy: the record does not depend on it, so a refusal that stays one is passed over. Where Slack does not answer it is tried
 * again with its delivery, because somebody may wait for it; of what one person alone is shown nobody can tell whether it came, and
 * they rather see it twice than not at all.
 */
async function atBest(courtesy: Promise<unknown>): Promise<void> {
  await courtesy.catch((error: unknown) => {
    if (!isPermanent(error)) throw error;
  });
}

/**
 * Looks for the message whose id is exactly `ts`, in the channel or in a thread.
 * @returns `refused`: Slack's code, where it does not let us look; else a message that is not found is not there
 */
async function findMessage(
  attempt: Pick<Attempt, 'read'>,
  channel: string,
  ts: string,
): Promise<{ found: Body | null; refused: string | null }> {
  let refused: string | null = null;
  const read = async (method: string, args: Body) => {
    try {
      const body = await attempt.read(method, { channel, latest: ts, inclusive: true, ...args });
      return list(body.messages).find((message) => message.ts === ts) ?? null;
    } catch (error) {
      if (!isPermanent(error)) throw error;
      if (error.code !== 'thread_not_found') refused ??= error.code;
      return null;
    }
  };
  // History does not hold replies; the reply's own `ts` is enough to find its thread.
  const found =
    (await read('conversations.history', { limit: 1 })) ?? (await read('conversations.replies', { ts }));
  return { found, refused };
}

/** Why a message could not be read, and what to do. */
function unread(refused: string | null): string {
  if (refused === null) return 'Is it still there?';
  const mend = mendOf(refused);
  return `Slack said ${codeInWords(refused)}.${mend ? ` To have it kept: ${mend}, then pin it again.` : ''}`;
}

/** People of one message about whom Slack is asked; the others keep their ids where nobody knows them. */
const MET = 20;

/** @returns what its author wrote, or its app: Slack's encoding undone, people and groups named */
async function decoded<K extends EffectKind>(attempt: Attempt<K>, said: string): Promise<string> {
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

/**
 * Answers somebody who mentioned the bot: where the command is, and of what looks like a command the line to type. For their
 * eyes only, where they wrote it. What they wrote is fetched here and kept nowhere. After a crash they may read it twice,
 * because nobody can look for what one person was shown.
 */
export async function answerMention(attempt: Attempt<'mention.answer'>): Promise<Body> {
  const { world, row } = attempt;
  const { channel, ts, user, bot, thread } = row.effect.payload;
  const { found } = await findMessage(attempt, channel, ts);
  const raw = found === null ? '' : behind(wordsOf(found), bot);
  const line = raw === '' ? '' : (await decoded(attempt, raw)).trim();
  const outside = (await world.people.account(row.team, user)) === 'outside';
  const text = outside ? OUTSIDE : escaped(answerTo(line, attempt, user));
  const where = { channel, user, ...(thread !== undefined && { thread_ts: thread }) };
  try {
    await attempt.write('chat.postEphemeral', { ...where, text });
    return { told: true };
  } catch (error) {
    // They have left, or the bot has: nobody waits there any more.
    if (!isPermanent(error)) throw error;
    return { told: false };
  }
}

const OUTSIDE =
  'I do not act on mentions, and only people of the workspace that I am in have my command: ask one of them.';

/** What stands behind the mention, or before it where nothing does: in Slack's encoding. */
function behind(raw: string, bot: string | null): string {
  const own = bot === null ? /^\s*<@[UW][A-Z0-9]+(?:\|[^>]*)?>/ : new RegExp(`<@${bot}(?:\\|[^>]*)?>`);
  const [before = '', ...after] = raw.split(own);
  return (
    after
      .join(' ')
      .replace(/^[\s,:]+/, '')
      .trim() || before.trim()
  );
}

function answerTo(line: string, { world, incident, row }: Attempt<'mention.answer'>, user: string): string {
  const { command } = world.org;
  const find = `\`${command}\` alone says where you are and what is likely next; \`${command} help\` lists the verbs.`;
  // A line with a secret is not shown again.
  if (line === '' || scrubSecrets(line).removed.length > 0) return `I do not act on mentions. ${find}`;
  const said = parseCommand(plain(line), {
    ...{ now: world.now(), zone: 'UTC', zoneKnown: true, roles: [], command },
    implied: incident.channel?.id === row.effect.payload.channel,
    me: { id: user, name: null },
  });
  const begin = 'I do not act on mentions, so nothing was kept.';
  if (isRefusal(said)) return `${begin} ${said.sentence} ${said.next}`;
  return `${begin} Type it: \`${command} ${shownLine(line)}\``;
}
