import { setTimeout as sleep } from 'node:timers/promises';
import { type Fields, isFields, textOf } from '../../fields.js';
import type { Fault, Faults } from '../../web-api/faults.js';
import type { Clock } from '../../workspace/clock.js';
import type { Parcel, Receipt, Transport } from '../delivery.js';
import type { Traffic, TrafficKind } from '../traffic.js';
import type { HttpTransport } from './http.js';
import type { SocketTransport } from './socket.js';

/**
 * The way to the app: its sockets while Socket Mode is on, otherwise its request URL, otherwise none. What is ordered to go
 * wrong with deliveries goes wrong here, and everything delivered is noted.
 */
export class Way implements Transport {
  #socketMode: boolean;
  #http: HttpTransport | undefined;

  constructor(
    readonly socket: SocketTransport | undefined,
    readonly ownHttp: HttpTransport | undefined,
    readonly faults: Faults,
    readonly traffic: Traffic,
    readonly clock: Clock,
  ) {
    this.#socketMode = socket !== undefined;
    this.#http = ownHttp;
  }

  get socketMode(): boolean {
    return this.#socketMode;
  }

  /** The request URL in use; undefined in Socket Mode. */
  get http(): HttpTransport | undefined {
    return this.#socketMode ? undefined : this.#http;
  }

  /**
   * Turns Socket Mode on or off, as in the app's settings: while it is on no request URL counts.
   * @param http where payloads go meanwhile; absent: nowhere
   */
  switchSocketMode(on: boolean, http?: HttpTransport): void {
    this.#socketMode = on && this.socket !== undefined;
    if (http) this.#http = http;
    if (this.#socketMode) this.socket?.enable();
    else this.socket?.disable();
  }

  async deliver(parcel: Parcel, ackMs: number): Promise<Receipt> {
    const kind = kindOf(parcel);
    const name = nameOf(parcel);
    const fault = this.faults.take(kind, { type: name, channel: channelOf(parcel) });
    const at = this.clock.now();
    const begun = performance.now();
    const receipt = await this.#carry(parcel, ackMs, fault);
    this.traffic.add({
      at,
      way: 'out',
      kind,
      name,
      status: receipt.outcome === 'timeout' ? null : (receipt.status ?? null),
      outcome: outcomeOf(receipt),
      ms: Math.round(performance.now() - begun),
      request: parcel.payload,
      answer: receipt.outcome === 'acked' ? receipt.body : '',
      ...(fault ? { fault: fault.kind } : {}),
      ...(parcel.attempt ? { retry: { num: parcel.attempt, reason: parcel.reason ?? '' } } : {}),
    });
    return receipt;
  }

  reset(): void {
    this.#http = this.ownHttp;
    this.#socketMode = this.socket !== undefined;
    this.socket?.enable();
  }

  async #carry(parcel: Parcel, ackMs: number, fault: Fault | undefined): Promise<Receipt> {
    switch (fault?.kind) {
      // Lost on the way, and nobody will ever know.
      case 'drop':
        return parcel.kind === 'events_api'
          ? { outcome: 'failed', reason: 'connection_failed', noRetry: true }
          : { outcome: 'timeout' };
      case 'cut':
      case 'hang':
        return { outcome: 'failed', reason: 'connection_failed' };
      case 'http500':
        return { outcome: 'failed', status: Number(fault.value ?? 500), reason: 'http_error' };
      case 'delay':
        await sleep(Number(fault.value ?? 0));
        return this.#hand(parcel, ackMs);
      case 'duplicate': {
        const [first] = await Promise.all([this.#hand(parcel, ackMs), this.#hand(parcel, ackMs)]);
        return first;
      }
      default:
        return this.#hand(parcel, ackMs);
    }
  }

  async #hand(parcel: Parcel, ackMs: number): Promise<Receipt> {
    const road = this.#socketMode ? this.socket : this.#http;
    return road ? road.deliver(parcel, ackMs) : { outcome: 'failed', reason: 'connection_failed' };
  }
}

function kindOf({ kind, payload }: Parcel): TrafficKind {
  if (kind === 'events_api') return 'event';
  if (kind === 'slash_commands') return 'command';
  return payload.type === 'block_suggestion' ? 'options' : 'interactive';
}

function nameOf({ kind, payload }: Parcel): string {
  if (kind === 'slash_commands') return textOf(payload.command) ?? kind;
  const { event } = payload;
  return textOf(isFields(event) ? event.type : payload.type) ?? kind;
}

function channelOf({ payload }: Parcel): string | undefined {
  const inner: Fields = isFields(payload.event) ? payload.event : payload;
  const { channel } = inner;
  return textOf(isFields(channel) ? channel.id : channel) ?? textOf(inner.channel_id);
}

function outcomeOf(receipt: Receipt): string {
  if (receipt.outcome === 'acked') return 'ok';
  return receipt.outcome === 'timeout' ? 'timeout' : receipt.reason;
}
