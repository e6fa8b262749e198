import type { Express, Request } from 'express';

/** Takes what is sent to `/hooks/NAME` and below. */
export interface Hooks {
  handle(request: HookRequest): Promise<HookAnswer>;
}

interface HookRequest {
  method: string;
  target: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /**
   * @param more hears how long each piece is that came; false: no more is read
   * @returns the body as it came; null: it is longer than `most` bytes, or was not read to its end
   */
  read(most: number, more: (bytes: number) => boolean): Promise<Buffer | null>;
}

interface HookAnswer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  /** Goes out as JSON; absent: none. */
  body?: unknown;
}

/** `/hooks/…`: programs that watch speak to us. Nothing reads the body before it is known whose it is, and how long it may be. */
export function hookRoutes(app: Express, hooks: Hooks): void {
  app.use('/hooks', async (request, response) => {
    let answer: HookAnswer;
    try {
      answer = await hooks.handle({
        method: request.method,
        target: request.originalUrl,
        headers: request.headers,
        read: (most, more) => read(request, most, more),
      });
    } catch (error) {
      // It did not arrive whole: whoever sent it has gone, or was told that it took too long.
      if (request.destroyed || response.headersSent) return;
      throw error;
    }
    if (response.headersSent) return;
    const { status, headers, body } = answer;
    response.status(status).set({ 'Cache-Control': 'no-store', ...headers });
    if (body === undefined) response.end();
    else response.json(body);
    // What nobody has read of a body must go somewhere, or the answer is lost with the connection.
    if (!request.complete) request.resume();
  });
}

async function read(
  request: Request,
  most: number,
  more: (bytes: number) => boolean,
): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most || !more(chunk.length)) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
