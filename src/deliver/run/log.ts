import { runRef } from '#domain/words.js';
import { escaped } from '#slack/blocks/text.js';
import { type Attempt, type Body, isPermanent, seenSince, Undeliverable } from '../attempt.js';
import { uploadFile } from '../export.js';

type Log = Attempt<'run.log'>;

/** Sends what a step printed as a file into the incident's channel, where its message shows only the end of it. */
export async function sendRunLog(attempt: Log): Promise<Body> {
  const { channel } = attempt.incident;
  if (!channel) throw new Undeliverable('no_channel');
  const { team, incident, effect } = attempt.row;
  const { run, step, seq } = effect.payload;
  const fact = await attempt.world.incidents.fact(team, incident, seq);
  const log = fact?.texts.log;
  // It was erased before it could be sent.
  if (!fact || !log) return { erased: true };
  // A file has no metadata: the step's entry, which no other has, is what its message is found again by.
  const entry = 'n' in fact.data ? ` (#${fact.data.n})` : '';
  const words = `${runRef(run)} ${escaped(step)}: what it printed${entry}`;
  if (await alreadySent(attempt, channel.id, new Date(fact.recordedAt), words))
    return { channel: channel.id, found: true };
  const filename = `${runRef(run)}-${step}.txt`;
  try {
    const id = await uploadFile(attempt, filename, new Uint8Array(Buffer.from(log)));
    await attempt.write('files.completeUploadExternal', {
      files: [{ id, title: filename }],
      channel_id: channel.id,
      initial_comment: words,
    });
    return { channel: channel.id, file: filename };
  } catch (error) {
    if (!isPermanent(error)) throw error;
    attempt.world.log.warn(
      { lane: attempt.row.lane, error: error.message },
      'a log could not be sent as a file',
    );
    const text = `${words}: Slack takes no file from us; \`export facts\` has all of it.`;
    const message = { channel: channel.id, text, unfurl_links: false };
    await attempt.write('chat.postMessage', message, { patient: true });
    return { channel: channel.id, refused: error.message };
  }
}

async function alreadySent(attempt: Log, channel: string, since: Date, words: string): Promise<boolean> {
  if (!attempt.repeated) return false;
  for await (const message of seenSince(attempt, channel, since)) {
    if (message.text.startsWith(words)) return true;
  }
  return false;
}
