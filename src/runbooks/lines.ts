// Of what a program says, so much of the beginning and so much of the end is kept.
const HEAD = 65_536;
const TAIL = 65_536;
// What is longer is no line that anybody reads.
const LINE = 8_192;

/**
 * Takes output apart into lines, in bounded memory however much there is: the beginning is said as it comes, then only
 * the end is kept, and said with a count of what is left out when all is over.
 */
export class Lines {
  bytes = 0;
  readonly #say: (line: string) => void;
  readonly #streams: Stream[] = [];
  #head = 0;
  #tail: string[] = [];
  #tailBytes = 0;
  #dropped = 0;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** @returns what takes the chunks of one more stream: lines of two streams do not mix */
  from(): (chunk: Buffer) => void {
    const stream = new Stream((line, length) => this.#take(line, length));
    this.#streams.push(stream);
    return (chunk) => {
      this.bytes += chunk.length;
      stream.take(chunk);
    };
  }

  /** Says the rest. */
  end(): void {
    for (const stream of this.#streams) stream.end();
    if (this.#dropped > 0) this.#say(`… ${this.#dropped} lines left out …`);
    for (const line of this.#tail) this.#say(line);
    this.#tail = [];
  }

  #take(line: () => string, length: number): void {
    // A line costs something even when it is empty.
    const size = Math.min(length, LINE) + 1;
    if (this.#head + size <= HEAD && this.#tail.length === 0) {
      this.#head += size;
      this.#say(line());
      return;
    }
    this.#head = HEAD;
    this.#tail.push(line());
    this.#tailBytes += size;
    // In bulk: taking the first element of a long list for every line is slow.
    if (this.#tailBytes > 2 * TAIL) this.#trim();
  }

  #trim(): void {
    let from = this.#tail.length;
    let kept = 0;
    while (from > 0 && kept + (this.#tail[from - 1] as string).length + 1 <= TAIL) {
      from -= 1;
      kept += (this.#tail[from] as string).length + 1;
    }
    this.#dropped += from;
    this.#tail = this.#tail.slice(from);
    this.#tailBytes = kept;
  }
}

const NEWLINE = 10;

class Stream {
  #parts: Buffer[] = [];
  #kept = 0;
  #length = 0;

  constructor(private readonly line: (text: () => string, length: number) => void) {}

  take(chunk: Buffer): void {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, at));
      this.#flush();
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
  }

  end(): void {
    if (this.#length > 0) this.#flush();
  }

  #keep(part: Buffer): void {
    this.#length += part.length;
    const room = LINE - this.#kept;
    if (room <= 0 || part.length === 0) return;
    // Copied, so that a short line does not hold on to its whole chunk.
    const kept = Buffer.from(part.subarray(0, room));
    this.#parts.push(kept);
    this.#kept += kept.length;
  }

  #flush(): void {
    const [parts, length] = [this.#parts, this.#length];
    this.#parts = [];
    this.#kept = 0;
    this.#length = 0;
    this.line(() => whole(Buffer.concat(parts), length), length);
  }
}

/** A line that is too long ends at a gap: a secret cut in two would not be recognised as one. */
function whole(kept: Buffer, length: number): string {
  const text = kept.toString('utf8').replace(/\r$/, '');
  if (length <= LINE) return text;
  const gap = text.search(/\s\S*$/);
  return gap < 0 ? `… ${length} bytes without a gap …` : `${text.slice(0, gap)} … (${length} bytes)`;
}
