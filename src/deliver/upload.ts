import type { Attempt } from './attempt.js';
import { Refused, Unknown } from './failure.js';
import { CALL_MS } from './lease.js';
import { needed } from './look.js';

/** Gives Slack a file, unseen by anybody until it is shared. @returns its id */
export async function uploadFile(
  attempt: Pick<Attempt, 'read' | 'may'>,
  filename: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const method = 'files.getUploadURLExternal';
  const place = await attempt.read(method, { filename, length: bytes.byteLength });
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
  await answer.body?.cancel();
  if (answer.status >= 500) throw new Unknown('upload', `http_${answer.status}`);
  if (!answer.ok) throw new Refused('upload', `http_${answer.status}`);
  return id;
}
