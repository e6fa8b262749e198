import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Unavailable } from '#store/outcome.js';

/** An export that is complete and rests on the database no more. */
export interface Spooled {
  /** In bytes. */
  length: number;
  /** From the start, each time it is called. */
  bytes(): AsyncIterable<Uint8Array>;
  /** Gives back what it occupied. Nothing can be read afterwards. */
  close(): Promise<void>;
}

/** More exports than are let in at once. Ask again in `retryAfterS`. */
export class ExportsBusy extends Unavailable {
  override name = 'ExportsBusy';
  readonly retryAfterS = 5;
  constructor() {
    super('too many exports are under way');
  }
}

/** What an incident usually comes to; more goes to a file. */
const IN_MEMORY = 1_000_000;
const PIECE = 64 * 1024;

/**
 * Lets in so many at once: `reading` read from the database, the others wait for that; `open` in all, those included that
 * are read by somebody slow. Each may occupy a file, so there is an end to them.
 */
export class Spooler {
  private reading = 0;
  private opened = 0;
  private readonly waiting: Array<() => void> = [];

  constructor(private readonly limits = { reading: 2, open: 32 }) {}

  /**
   * @param work is given what keeps its pieces, and settles when there are no more
   * @returns what `work` returned, or what was kept
   * @throws {ExportsBusy}
   */
  async spool<R>(
    work: (keep: (pieces: AsyncIterable<string>) => Promise<void>) => Promise<R>,
  ): Promise<{ outcome: R; kept: Spooled }> {
    if (this.opened >= this.limits.open) throw new ExportsBusy();
    this.opened += 1;
    const store = new Kept(() => {
      this.opened -= 1;
    });
    try {
      await this.turn();
      try {
        const outcome = await work((pieces) => store.take(pieces));
        return { outcome, kept: store };
      } finally {
        this.reading -= 1;
        this.waiting.shift()?.();
      }
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  private async turn(): Promise<void> {
    while (this.reading >= this.limits.reading) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.reading += 1;
  }
}

class Kept implements Spooled {
  length = 0;
  private parts: Buffer[] = [];
  private file: FileHandle | null = null;
  private closed = false;

  constructor(private readonly onClose: () => void) {}

  async take(pieces: AsyncIterable<string>): Promise<void> {
    let held = 0;
    for await (const piece of pieces) {
      const bytes = Buffer.from(piece);
      this.parts.push(bytes);
      this.length += bytes.byteLength;
      held += bytes.byteLength;
      if (held < IN_MEMORY) continue;
      await this.flush();
      held = 0;
    }
    if (this.file) await this.flush();
  }

  private async flush(): Promise<void> {
    this.file ??= await nameless();
    const all = Buffer.concat(this.parts);
    this.parts = [];
    for (let at = 0; at < all.byteLength; ) at += (await this.file.write(all, at)).bytesWritten;
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    const { file } = this;
    if (!file) return yield* this.parts;
    for (let at = 0; at < this.length; ) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(PIECE), 0, PIECE, at);
      if (bytesRead === 0) throw new Error('an export’s file is shorter than what was written');
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.parts = [];
    await this.file?.close();
    this.onClose();
  }
}

/** A file that has no name any more: nobody else can open it, and whatever becomes of us, it goes. */
async function nameless(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-export-'));
  try {
    return await open(join(folder, 'export'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
