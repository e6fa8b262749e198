import type { Attempt } from './attempt.js';
import { Refused, Unknown } from './failure.js';
import { CALL_MS } from './lease.js';

/** Gives Slack a file, unseen by anybody until it is shared. @returns its id */
export async function uploadFile(
  attempt: Pick<Attempt, 'read' | 'may'>,
  filename: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const place = await attempt.read('files.getUploadURLExternal', { filename, length: bytes.byteLength });
  await attempt.may();
  const answer = await fetch(String(place.upload_url), {
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
  return String(place.file_id);
}
