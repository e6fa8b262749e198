import type { Fields } from '../fields.js';
import type { Settings } from '../workspace/settings.js';
import type { Parcel, PayloadKind, Receipt, Transport } from './delivery.js';

/** Commands and interactions on their way to the app; the last of each kind can be sent again. */
export class Dispatch {
  readonly #last = new Map<PayloadKind, Fields>();

  constructor(
    readonly transport: Transport,
    readonly settings: Settings,
    readonly log: (line: string) => void,
  ) {}

  /** Delivers and waits for the ack; `copies` go out at the same moment and the first receipt counts. */
  async send(kind: PayloadKind, payload: Fields, copies = 1): Promise<Receipt[]> {
    this.#last.set(kind, payload);
    const parcel: Parcel = { kind, payload };
    const receipts = await Promise.all(
      Array.from({ length: Math.max(1, copies) }, () => this.transport.deliver(parcel, this.settings.ackMs)),
    );
    for (const receipt of receipts) {
      const name = String(payload.command ?? payload.type ?? kind);
      this.log(`→ ${name} ${receipt.outcome}${receipt.outcome === 'failed' ? ` ${receipt.reason}` : ''}`);
    }
    return receipts;
  }

  /** The last payload of a kind, to deliver it again. */
  last(kind: PayloadKind): Fields | undefined {
    return this.#last.get(kind);
  }

  reset(): void {
    this.#last.clear();
  }
}

/** What a person sees when an app did not take a payload. */
export function failureOf(receipt: Receipt): string | undefined {
  if (receipt.outcome === 'acked') return undefined;
  return receipt.outcome === 'timeout' ? 'operation_timeout' : 'dispatch_failed';
}
