import { randomInt } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { isFields } from '../fields.js';
import type { Settings } from '../workspace/settings.js';
import type { World } from '../workspace/world.js';
import type { Parcel, Receipt, Transport } from './delivery.js';

const MAX_CONNECTIONS = 10;
// The client gives up when no ping came for 30 s.
const PING_MS = 10_000;
const DEBUG_LIFE_MS = 360_000;
const GOODBYE_MS = 1000;

/** Delivers over WebSockets that the app opened: each payload to any one of them. */
export class SocketTransport implements Transport {
  readonly #wss = new WebSocketServer({ noServer: true });
  readonly #tickets = new Set<string>();
  readonly #pending = new Map<string, { socket: WebSocket; answer: (receipt: Receipt) => void }>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(
    readonly world: World,
    readonly settings: Pick<Settings, 'goodbye'> = { goodbye: null },
  ) {
    this.#every(PING_MS, () => {
      for (const socket of this.#wss.clients) socket.ping();
    });
  }

  /** An address that can be connected to once. */
  ticket(): string {
    const ticket = this.world.ids.uuid();
    this.#tickets.add(ticket);
    const base = this.world.identity.url.replace(/^http/, 'ws');
    return `${base}/link/?ticket=${ticket}&app_id=${this.world.identity.appId}`;
  }

  get connections(): number {
    return this.#open().length;
  }

  /** Takes upgrade requests of this server. */
  attach(server: Server): void {
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  async deliver(parcel: Parcel, ackMs: number): Promise<Receipt> {
    const open = this.#open();
    const socket = open[open.length > 1 ? randomInt(open.length) : 0];
    if (!socket) return { outcome: 'failed', reason: 'connection_failed' };
    const envelope = this.world.ids.uuid();
    const answered = new Promise<Receipt>((resolve) => {
      const timer = setTimeout(() => {
        this.#pending.delete(envelope);
        resolve({ outcome: 'timeout' });
      }, ackMs);
      const answer = (receipt: Receipt) => {
        clearTimeout(timer);
        this.#pending.delete(envelope);
        resolve(receipt);
      };
      this.#pending.set(envelope, { socket, answer });
    });
    const events = parcel.kind === 'events_api';
    socket.send(
      JSON.stringify({
        envelope_id: envelope,
        payload: parcel.payload,
        type: parcel.kind,
        accepts_response_payload: !events,
        ...(events
          ? { retry_attempt: parcel.attempt ?? 0, retry_reason: parcel.attempt ? 'timeout' : '' }
          : {}),
      }),
    );
    return answered;
  }

  /**
   * Asks the app to connect again, or cuts the line without a word.
   * @param reason `warning`, `refresh_requested`, `link_disabled`, `too_many_websockets`, or `cut`
   */
  disconnect(reason: string): number {
    const open = this.#open();
    for (const socket of open) {
      if (reason === 'cut') socket.terminate();
      else this.#sayGoodbye(socket, reason);
    }
    return open.length;
  }

  /** Says goodbye and waits for it to be heard: cutting the line confuses clients that are just leaving. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const { answer } of [...this.#pending.values()])
      answer({ outcome: 'failed', reason: 'connection_failed' });
    const clients = [...this.#wss.clients];
    const left = clients.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const socket of clients) socket.close(1001);
    const patience = setTimeout(() => {
      for (const socket of clients) socket.terminate();
    }, GOODBYE_MS);
    await Promise.all(left);
    clearTimeout(patience);
    this.#wss.close();
  }

  #open(): WebSocket[] {
    return [...this.#wss.clients].filter((socket) => socket.readyState === WebSocket.OPEN);
  }

  #upgrade(request: IncomingMessage, raw: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? '/', 'http://sandbox');
    const ticket = url.searchParams.get('ticket') ?? '';
    if (url.pathname !== '/link/' || !this.#tickets.delete(ticket)) {
      raw.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#wss.handleUpgrade(request, raw, head, (socket) => {
      this.#welcome(socket, url.searchParams.get('debug_reconnects') === 'true');
    });
  }

  #welcome(socket: WebSocket, debug: boolean): void {
    // A client that breaks the protocol must not end the sandbox.
    socket.on('error', () => socket.terminate());
    if (this.#open().length > MAX_CONNECTIONS) {
      this.#sayGoodbye(socket, 'too_many_websockets');
      socket.close();
      return;
    }
    socket.on('message', (data, binary) => {
      if (!binary) this.#answer(String(data));
    });
    socket.on('close', () => this.world.changed());
    if (debug) {
      const life = this.#every(DEBUG_LIFE_MS, () => this.#sayGoodbye(socket, 'refresh_requested'));
      socket.on('close', () => clearInterval(life));
    }
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: this.#open().length,
        debug_info: { host: 'sandbox', build_number: 1, approximate_connection_time: debug ? 360 : 18_060 },
        connection_info: { app_id: this.world.identity.appId },
      }),
    );
    if (this.settings.goodbye) this.#sayGoodbye(socket, this.settings.goodbye);
    this.world.changed();
  }

  #answer(text: string): void {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (!isFields(message) || typeof message.envelope_id !== 'string') return;
    const { payload } = message;
    // `{}` is how the client library says nothing.
    const empty = payload === undefined || (isFields(payload) && Object.keys(payload).length === 0);
    this.#pending
      .get(message.envelope_id)
      ?.answer({ outcome: 'acked', status: 200, body: empty ? '' : payload });
  }

  #sayGoodbye(socket: WebSocket, reason: string): void {
    socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'sandbox' } }));
  }

  #every(ms: number, run: () => void): NodeJS.Timeout {
    const timer = setInterval(run, ms);
    timer.unref();
    this.#timers.add(timer);
    return timer;
  }
}
