import { isRefusal } from '#domain/refusal.js';
import { aboutOf, natureOf } from '#domain/slack-code.js';
import { refOf } from '#domain/words.js';
import { type Format, fileNameOf } from '#render/exports.js';
import { escaped, link } from '#slack/blocks/text.js';
import {
  type Attempt,
  type Body,
  CALL_MS,
  DAY_MS,
  isPermanent,
  NO_PREVIEWS,
  needed,
  object,
  Refused,
  type Seen,
  saidBefore,
  Undeliverable,
  Unknown,
} from './attempt.js';

/**
 * Sends an export as a file to the channel where it was asked for. Where the bot is not, or where others would read
 * what is private, to the person; where files are not possible, as a link.
 */
export async function sendExport(attempt: Attempt<'export.send'>): Promise<Body> {
  const { row, world, incident } = attempt;
  const { format, zone, user } = row.effect.payload;
  const here = incident.channel?.id === row.effect.payload.channel;
  const file = await world.exports.render(row.team, row.incident, format, zone, user, here);
  if (isRefusal(file)) throw new Undeliverable(file.code);
  const filename = fileNameOf(row.incident, format as Format);

  const elsewhere = incident.private && !here;
  const channel = elsewhere ? await direct(attempt, user) : row.effect.payload.channel;
  // A file has no metadata: its message is found again by who asked for which file, and when.
  const since = new Date(world.now().getTime() - DAY_MS);
  const ours = ({ text }: Seen) => text.startsWith(escaped(filename)) && text.endsWith(mark(attempt));
  if (await saidBefore(attempt, channel, since, ours)) return { channel, found: true };
  try {
    const bytes = await collect(file);
    const id = await uploadFile(attempt, filename, bytes);
    return { ...(await share(attempt, id, filename, channel)), bytes: bytes.byteLength };
  } catch (error) {
    if (!isPermanent(error)) throw error;
    world.log.warn({ lane: row.lane, error: error.message }, 'an export could not be sent as a file');
    const url = world.exports.link(row.team, row.incident, format, zone, user);
    // The person who asked waits for it: they are told where else it is.
    const instead = url
      ? link(url, 'open it in the browser')
      : `Slack takes no file from us; \`tocsin export ${refOf(row.incident)} --format ${format}\` writes it`;
    const message = { text: `${escaped(filename)}: ${instead} · ${mark(attempt)}` };
    return atOr(attempt, channel, user, (where) =>
      attempt.write('chat.postMessage', { channel: where, ...message, unfurl_links: false }),
    );
  }
}

async function share(
  attempt: Attempt<'export.send'>,
  id: string,
  title: string,
  channel: string,
): Promise<Body> {
  return atOr(attempt, channel, attempt.row.effect.payload.user, (where) =>
    attempt.write('files.completeUploadExternal', {
      files: [{ id, title }],
      channel_id: where,
      initial_comment: `${escaped(title)}, times in ${attempt.row.effect.payload.zone} · ${mark(attempt)}`,
    }),
  );
}

/** Says it in the channel, or to the person where the bot may not speak in the channel. */
async function atOr(
  attempt: Attempt<'export.send'>,
  channel: string,
  user: string,
  say: (channel: string) => Promise<Body>,
): Promise<Body> {
  try {
    await say(channel);
    return { channel };
  } catch (error) {
    if (!(error instanceof Refused) || aboutOf(error.code) !== 'channel') throw error;
    await mustBeTheirs(attempt);
    const instead = await direct(attempt, user);
    if (instead === channel) throw error;
    await say(instead);
    return { channel: instead };
  }
}

/** In its channel a private incident is read by those who are in it; a message to one person is another matter: they may have left. */
async function mustBeTheirs({ row, world, incident }: Attempt<'export.send'>): Promise<void> {
  if (!incident.private) return;
  const { format, zone, user } = row.effect.payload;
  const theirs = await world.exports.render(row.team, row.incident, format, zone, user, false);
  if (isRefusal(theirs)) throw new Undeliverable(theirs.code);
}

async function direct(attempt: Attempt<'export.send'>, user: string): Promise<string> {
  const body = await attempt.read('conversations.open', { users: user });
  return needed('conversations.open', object(body.channel), 'id');
}

function mark(attempt: Attempt<'export.send'>): string {
  const { user, asked } = attempt.row.effect.payload;
  return `for <@${user}>${asked ? `, asked for at ${asked.slice(11, 19)} UTC` : ''}`;
}

export async function collect(file: AsyncIterable<string | Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  for await (const chunk of file) chunks.push(Buffer.from(chunk as Uint8Array));
  return new Uint8Array(Buffer.concat(chunks));
}

/**
 * Sends a file into the incident's channel, once: it has no metadata, so its message is found again by its words, which no
 * other has. Where Slack takes no file for good, the words are said without it.
 * @param otherwise where it is to be had then, behind the words
 */
export async function sendFileOnce<K extends 'run.log' | 'impact.picture' | 'canvas.refresh'>(
  attempt: Attempt<K>,
  file: { filename: string; bytes: () => Promise<Uint8Array<ArrayBuffer>>; alt?: string },
  { words, since, otherwise }: { words: string; since: Date; otherwise: string },
): Promise<Body> {
  const { channel, world, row } = attempt;
  const { filename, bytes, alt } = file;
  if (await saidBefore(attempt, channel.id, since, ({ text }) => text.startsWith(words)))
    return { channel: channel.id, found: true };
  try {
    const id = await uploadFile(attempt, filename, await bytes(), alt);
    await attempt.write('files.completeUploadExternal', {
      files: [{ id, title: filename }],
      channel_id: channel.id,
      initial_comment: words,
    });
    return { channel: channel.id, file: filename };
  } catch (error) {
    if (!isPermanent(error)) throw error;
    world.log.warn({ lane: row.lane, filename, error: error.message }, 'a file could not be sent');
    const text = `${words}: Slack takes no file from us; ${otherwise}`;
    await attempt.write('chat.postMessage', { channel: channel.id, text, ...NO_PREVIEWS }, { patient: true });
    return { channel: channel.id, refused: error.message };
  }
}

/**
 * Gives Slack a file, unseen by anybody until it is shared.
 * @param alt what a picture shows, for those who do not see it
 * @returns its id
 */
async function uploadFile(
  attempt: Pick<Attempt, 'read' | 'may'>,
  filename: string,
  bytes: Uint8Array<ArrayBuffer>,
  alt?: string,
): Promise<string> {
  const method = 'files.getUploadURLExternal';
  const about = { filename, length: bytes.byteLength, ...(alt !== undefined && { alt_txt: alt }) };
  const place = await attempt.read(method, about);
  const [url, id] = [needed(method, place, 'upload_url'), needed(method, place, 'file_id')];
  await attempt.may();
  const answer = await fetch(url, {
    method: 'POST',
    body: bytes,
    headers: { 'content-type': 'application/octet-stream' },
    redirect: 'error',
    signal: AbortSignal.timeout(CALL_MS),
  }).catch(() => {
    // Not the error itself: its address is a secret for as long as it can be written to.
    throw new Unknown('upload', 'no_answer');
  });
  if (answer.ok) {
    await answer.body?.cancel();
    return id;
  }
  // This address answers in plain text, so a status alone proves nothing: a proxy's 403 or 404 looks the same. A no of Slack's
  // is one of its codes and nothing else; whatever has other words says only that Slack was not reached, or is in trouble.
  // One thing is sure whoever says it: what is too large today is too large tomorrow.
  const large = answer.status === 413 ? 'file_upload_size_restricted' : null;
  const code = large ?? (await answer.text().catch(() => '')).trim();
  if (/^\w+$/.test(code) && natureOf(code) !== 'unknown') throw new Refused('upload', code);
  throw new Unknown('upload', `http_${answer.status}`);
}
