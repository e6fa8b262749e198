/**
 * How reading a file of Slack's ended. `refused`: it stays a no, in words; `unknown`: it may be had later.
 */
type FileResult =
  | { kind: 'ok'; bytes: Uint8Array }
  | { kind: 'refused'; why: string }
  | { kind: 'unknown'; error: string };

/** @returns what reads a file by its private address; never throws, and gives up before a delivery's lease is long over */
export type ReadFile = (url: string, limit: number) => Promise<FileResult>;

/** Slack's own Web API, where nothing else is configured. */
const SLACK = 'https://slack.com/api/';
const PATIENCE_MS = 10_000;

/**
 * Reads files with our token. The token goes to where the Web API is, and to hosts below its name (`files.slack.com`), and
 * nowhere else, whatever address a message names; and no redirect takes it anywhere.
 */
export function createReadFile({ token, apiUrl }: { token: string; apiUrl: string | null }): ReadFile {
  const api = new URL(apiUrl || SLACK);
  return async (url, limit) => {
    const address = addressOf(url, api);
    if (!address) return { kind: 'refused', why: 'it is not kept by Slack itself' };
    try {
      const response = await fetch(address, {
        headers: { authorization: `Bearer ${token}` },
        redirect: 'manual',
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (response.ok) return await bytesOf(response, limit);
      await response.body?.cancel();
      const { status } = response;
      if (status === 404 || status === 410) return { kind: 'refused', why: 'it is not there any more' };
      // To a token that may not read it Slack shows the way to its page for signing in.
      if ((status >= 300 && status < 400) || status === 401 || status === 403)
        return {
          kind: 'refused',
          why: 'Slack does not let me read it; the app needs the scope `files:read`',
        };
      return { kind: 'unknown', error: `http_${status}` };
    } catch {
      // Not the error itself: it may hold the address.
      return { kind: 'unknown', error: 'no_answer' };
    }
  };
}

function addressOf(url: string, api: URL): URL | null {
  const address = URL.canParse(url) ? new URL(url) : null;
  if (!address || address.protocol !== api.protocol || address.username !== '') return null;
  // A port, or an address in figures, has nothing below it.
  const below = api.port === '' && address.port === '' && address.hostname.endsWith(`.${api.hostname}`);
  return address.host === api.host || below ? address : null;
}

/** Whatever length was announced: no more is read than may be kept. */
async function bytesOf(response: Response, limit: number): Promise<FileResult> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.byteLength;
    if (length > limit) return { kind: 'refused', why: tooLarge(limit) };
    parts.push(part);
  }
  return { kind: 'ok', bytes: Buffer.concat(parts) };
}

/** @returns why a file of more than `limit` bytes is not kept */
export function tooLarge(limit: number): string {
  return `it is larger than ${limit / 1_000_000} MB`;
}
