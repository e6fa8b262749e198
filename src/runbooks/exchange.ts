import { once } from 'node:events';
import { type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import type { LookupFunction } from 'node:net';

/** One request. Redirects are answers, so that nothing that was sent goes on to an address that nobody has looked at. */
export interface Asked {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
}

interface Settings {
  /** Of the caller: no more is waited for. */
  signal: AbortSignal;
  /** For all of it; and, where that is less, until there is a connection, from which on `ms` counts anew. */
  ms: number;
  connectMs?: number;
  /** Certificates to trust in place of the system's, as PEM. */
  ca?: string | undefined;
  /** Resolves the name; what it gives is what is connected to, so that there is no second answer that could be another. */
  lookup?: LookupFunction;
  /** How many bytes an answer may have; absent: any number. */
  most?: number;
  /** After so many bytes no more is read, and what came is the answer; absent: all of it is. */
  enough?: number;
  /** Gets the body piece by piece. */
  take(chunk: Buffer): void;
}

/** A whole answer, whose body was taken already. `headers` hold those that came after the body as well. */
export interface Exchanged {
  status: number;
  headers: Record<string, string>;
}

/** No whole answer came. `said` is a code, or words of ours or of the system: nothing of what was sent or received. */
export class Broken extends Error {
  override name = 'Broken';

  /**
   * @param why `stopped`: by the caller; `late`: the time ran out; `long`: the answer is; `refused`: nothing of the kind can be asked
   * @param sent there was a connection, so that the request may have arrived
   * @param begun the answer had begun
   */
  constructor(
    readonly why: 'stopped' | 'late' | 'long' | 'refused' | 'failed',
    readonly said: string,
    readonly sent: boolean,
    readonly begun: boolean,
  ) {
    super(said);
  }
}

/** The same in words of whoever asked: no whole answer came. They hold nothing of what was sent or received. */
export class NoAnswer extends Error {
  override name = 'NoAnswer';

  /**
   * @param sent there was a connection, so that the request may have arrived
   * @param dropped the other side broke the connection, so that it may well answer the next time
   * @param late it was waited for as long as was said
   */
  constructor(
    message: string,
    readonly sent: boolean,
    readonly dropped = false,
    readonly late = false,
  ) {
    super(message);
  }
}

/**
 * Makes one HTTP request over a connection of its own and waits for the whole answer. Not `fetch`, nor a pool: those keep
 * connections, so that a dead one fails a request that was never made, and do not say whether a request that failed had
 * been sent (undici was tried: decision 010).
 * @throws Broken
 */
export async function exchange(asked: Asked, settings: Settings): Promise<Exchanged> {
  const { signal, ms, connectMs = ms, ca, lookup, most = Number.POSITIVE_INFINITY, enough, take } = settings;
  const secure = asked.url.startsWith('https:');
  let made = false;
  let sent = false;
  let begun = false;
  let late = false;
  const ended = new AbortController();
  const stop = () => ended.abort();
  const runOut = () => {
    late = true;
    stop();
  };
  let timer = setTimeout(runOut, connectMs);
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    const { url, method, headers, body } = asked;
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const call = (secure ? overHttps : overHttp)(url, {
      method,
      headers: { ...headers, ...length },
      agent: false,
      signal: ended.signal,
      ...(ca !== undefined && { ca }),
      ...(lookup && { lookup }),
    });
    made = true;
    // Heard of below, or too late to matter.
    call.on('error', () => {});
    call.once('socket', (socket) =>
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        sent = true;
        if (connectMs === ms) return;
        clearTimeout(timer);
        timer = setTimeout(runOut, ms);
      }),
    );
    call.end(body);
    const [answer] = (await once(call, 'response', { signal: ended.signal })) as [IncomingMessage];
    begun = true;
    let bytes = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > most) throw new Broken('long', 'answered too much', sent, begun);
      take(chunk);
      if (enough !== undefined && bytes >= enough) break;
    }
    return { status: answer.statusCode ?? 0, headers: single({ ...answer.trailers, ...answer.headers }) };
  } catch (error) {
    if (error instanceof Broken) throw error;
    if (signal.aborted) throw new Broken('stopped', 'was stopped', sent, begun);
    if (late) throw new Broken('late', 'no answer', sent, begun);
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Broken(made ? 'failed' : 'refused', code ?? message, sent, begun);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    // Nothing goes on behind the back of who asked.
    stop();
  }
}

/** A header that came more than once means the list of its values. */
function single(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
