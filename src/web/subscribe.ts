import type { Express, Request } from 'express';

/** Takes what people ask for at `/status/subscribe`, and behind the links of their mails. */
export interface Forms {
  handle(request: FormRequest): Promise<FormAnswer | null>;
}

interface FormRequest {
  method: string;
  /** Below `/status/`. */
  path: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  address: string;
  /** @returns the body as it came; null: it is longer than `most` bytes */
  read(most: number): Promise<Buffer | null>;
}

interface FormAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** To stand before what serves the page's files: whatever is no form goes on to that. */
export function subscribeRoutes(app: Express, forms: Forms): void {
  app.all(
    ['/status/subscribe', '/status/confirm/:token', '/status/unsubscribe/:token', '/status/manage/:token'],
    async (request, response, next) => {
      const answer = await forms.handle({
        method: request.method,
        path: request.path.slice('/status/'.length),
        headers: request.headers,
        address: request.socket.remoteAddress ?? '',
        read: (most) => read(request, most),
      });
      if (answer === null) return next();
      if (response.headersSent) return;
      response
        .status(answer.status)
        .set(answer.headers)
        .end(request.method === 'HEAD' ? undefined : answer.body);
      // What nobody has read of a body must go somewhere, or the answer is lost with the connection.
      if (!request.complete) request.resume();
    },
  );
}

async function read(request: Request, most: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
