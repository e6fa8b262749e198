import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the app was sent. */
export interface Request {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
}

/** An app of three lines: keeps what it got and answers as told. */
export class PlainApp {
  readonly got: Request[] = [];
  answer: (
    request: Request,
  ) => { status: number; body?: string; headers?: Record<string, string> } | 'never' = () => ({
    status: 200,
  });
  readonly #server: Server;
  #waiting: Array<() => void> = [];

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const got = {
          headers: request.headers,
          body: Buffer.concat(chunks).toString(),
          path: request.url ?? '',
        };
        this.got.push(got);
        const answer = this.answer(got);
        if (answer !== 'never') response.writeHead(answer.status, answer.headers).end(answer.body);
        for (const wake of this.#waiting.splice(0)) wake();
      });
    });
  }

  start(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/slack/events`;
  }

  /** Waits until so many requests hold this text. */
  async until(count: number, text = ''): Promise<Request[]> {
    for (;;) {
      const found = this.got.filter((request) => request.body.includes(text));
      if (found.length >= count) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
