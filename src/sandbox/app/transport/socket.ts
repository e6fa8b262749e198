import { randomInt } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { isFields } from '../../fields.js';
import { refuse } from '../../refuse.js';
import type { Faults } from '../../web-api/faults.js';
import type { Settings } from '../../workspace/settings.js';
import type { World } from '../../workspace/world.js';
import type { Parcel, Receipt, Transport } from '../delivery.js';

const MAX_CONNECTIONS = 10;
const DEBUG_LIFE_MS = 360_000;
/** How long ahead of a refresh the warning comes, and how long after it the line is closed. */
const WARNING_MS = 10_000;
const GOODBYE_MS = 1000;
/** An address that nobody used within this time is good for nothing. */
const TICKET_MS = 60_000;
/** What may wait for a client that does not read; then it is gone. */
const MAX_UNREAD_BYTES = 4_000_000;
const PINGS_LEFT_OUT = 3;

/** Delivers over WebSockets that the app opened: each payload to any one of them. */
export class SocketTransport implements Transport {
  // What a client says is an ack, and acks are small.
  readonly #wss = new WebSocketServer({ noServer: true, maxPayload: 1_000_000 });
  /** Ticket → when it was given. */
  readonly #tickets = new Map<string, number>();
  readonly #pending = new Map<string, { socket: WebSocket; answer: (receipt: Receipt) => void }>();
  /** Pings since the last pong. */
  readonly #unanswered = new Map<WebSocket, number>();
  #pinging: NodeJS.Timeout | undefined;
  #on = true;

  constructor(
    readonly world: World,
    readonly settings: Pick<Settings, 'goodbye' | 'socketLifeMs' | 'socketPingMs'>,
    readonly faults: Faults,
  ) {
    this.#pingLater();
  }

  /**
   * An address that can be connected to once.
   * @throws SlackError `access_denied` while Socket Mode is off
   */
  ticket(): string {
    if (!this.#on) refuse('access_denied');
    const ticket = this.world.ids.uuid();
    this.#tickets.set(ticket, this.world.clock.now());
    const base = this.world.identity.url.replace(/^http/, 'ws');
    return `${base}/link/?ticket=${ticket}&app_id=${this.world.identity.appId}`;
  }

  get connections(): number {
    return this.#open().length;
  }

  /** Socket Mode is on: addresses are given again. */
  enable(): void {
    this.#on = true;
  }

  /** Socket Mode is off: everybody is sent away, and nobody comes back. */
  disable(): void {
    this.#on = false;
    this.#tickets.clear();
    for (const socket of this.#open()) {
      this.#sayGoodbye(socket, 'link_disabled');
      socket.close(1000);
    }
  }

  /** Takes upgrade requests of this server. */
  attach(server: Server): void {
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  async deliver(parcel: Parcel, ackMs: number): Promise<Receipt> {
    const open = this.#open();
    const socket = open[open.length > 1 ? randomInt(open.length) : 0];
    if (socket && socket.bufferedAmount > MAX_UNREAD_BYTES) {
      socket.terminate();
      return this.deliver(parcel, ackMs);
    }
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
    clearTimeout(this.#pinging);
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
    // Whoever leaves in the middle must not end the sandbox.
    raw.on('error', () => raw.destroy());
    if (url.pathname !== '/link/' || !this.#redeem(url.searchParams.get('ticket') ?? '')) {
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
    this.#unanswered.set(socket, 0);
    socket.on('pong', () => this.#unanswered.set(socket, 0));
    const life = debug ? DEBUG_LIFE_MS : this.settings.socketLifeMs;
    const endings = life === null ? [] : this.#endings(socket, life);
    socket.on('close', () => {
      for (const cancel of endings) cancel();
      this.#unanswered.delete(socket);
      this.world.changed();
    });
    if (this.faults.take('hello')?.kind === 'drop') return;
    const seconds = Math.round((life ?? 18_060_000) / 1000);
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: this.#open().length,
        debug_info: { host: 'sandbox', build_number: 1, approximate_connection_time: seconds },
        connection_info: { app_id: this.world.identity.appId },
      }),
    );
    if (this.settings.goodbye) this.#sayGoodbye(socket, this.settings.goodbye);
    this.world.changed();
  }

  /** A warning, then the order to refresh, then the end of the line. */
  #endings(socket: WebSocket, lifeMs: number): Array<() => void> {
    const { clock } = this.world;
    return [
      clock.after(Math.max(0, lifeMs - WARNING_MS), () => this.#sayGoodbye(socket, 'warning')),
      clock.after(lifeMs, () => this.#sayGoodbye(socket, 'refresh_requested')),
      clock.after(lifeMs + WARNING_MS, () => socket.close(1000)),
    ];
  }

  #redeem(ticket: string): boolean {
    const issued = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    return this.#on && issued !== undefined && this.world.clock.now() - issued <= TICKET_MS;
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
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'sandbox' } }));
  }

  #pingLater(): void {
    this.#pinging = setTimeout(() => {
      for (const socket of this.#wss.clients) this.#ping(socket);
      this.#pingLater();
    }, this.settings.socketPingMs);
    this.#pinging.unref();
  }

  #ping(socket: WebSocket): void {
    const unanswered = this.#unanswered.get(socket) ?? 0;
    // The client gives up when no ping came for 30 s; so do we when no pong did.
    if (unanswered >= PINGS_LEFT_OUT) socket.terminate();
    else {
      this.#unanswered.set(socket, unanswered + 1);
      socket.ping();
    }
  }
}
