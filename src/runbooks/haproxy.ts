import { connect } from 'node:net';

/** One entry of a map, as it stands there. Either column may be a secret. */
export type Row = [key: string, value: string];

/** HAProxy did not do it. The message holds no key and no value: HAProxy's own answers may, so they are not repeated. */
export class HaproxyFailed extends Error {
  override name = 'HaproxyFailed';
}

const TIMEOUT_MS = 3_000;
// HAProxy's buffer takes 16 KiB with its own use of it; longer commands it would cut.
const LONGEST = 4_096;
const MUST_BE_ADMIN = 'its `stats socket` line must have `level admin`';

/**
 * What a column may hold: printable ASCII in one word. A blank ends a word, `;` a command, a line break a request, `\`
 * escapes; in front `#` names another entry (or begins a comment), `@` a version and `<<` a payload.
 */
export function isWord(text: string): boolean {
  return text.length <= LONGEST && /^(?![#@]|<<)[\x21-\x7e]+$/.test(text) && !/[;\\]/.test(text);
}

/** HAProxy's Runtime API for maps, over its Unix socket. What it changes is gone after a reload. */
export class RuntimeApi {
  constructor(private readonly socket: string) {}

  /** @param map as the configuration names it: its path. @throws HaproxyFailed */
  async showMap(map: string, signal: AbortSignal): Promise<Row[]> {
    const answer = await this.ask(['show', 'map', map], signal);
    return answer.split('\n').flatMap((line): Row[] => {
      if (line === '') return [];
      const [, key, value] = /^0x[0-9a-f]+ (\S+)(?: (.*))?$/.exec(line) ?? [];
      if (key === undefined) throw new HaproxyFailed(`it has no map ${map}, or does not say what is in it`);
      return [[key, value ?? '']];
    });
  }

  /** HAProxy adds a second entry under the same key without a word: look first. */
  addMap(map: string, [key, value]: Row, signal: AbortSignal): Promise<void> {
    return this.order(['add', 'map', map, key, value], signal);
  }

  /** Changes every entry of that key. @throws HaproxyFailed also when there is none */
  setMap(map: string, [key, value]: Row, signal: AbortSignal): Promise<void> {
    return this.order(['set', 'map', map, key, value], signal);
  }

  /** Removes every entry of that key. @throws HaproxyFailed also when there is none */
  delMap(map: string, key: string, signal: AbortSignal): Promise<void> {
    return this.order(['del', 'map', map, key], signal);
  }

  /** A success answers nothing at all; whatever is said is a complaint. */
  private async order(words: string[], signal: AbortSignal): Promise<void> {
    const answer = (await this.ask(words, signal)).trim();
    if (answer === '') return;
    const what = words.slice(0, 2).join(' ');
    if (/not found/i.test(answer)) throw new HaproxyFailed(`\`${what}\` found no such entry`);
    throw new HaproxyFailed(
      `\`${what}\` was refused; the map must be in the configuration, and ${MUST_BE_ADMIN}`,
    );
  }

  private ask(words: string[], signal: AbortSignal): Promise<string> {
    if (!words.every(isWord)) throw new HaproxyFailed('a command has a word that cannot be sent safely');
    const { socket } = this;
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        connection.destroy();
        signal.removeEventListener('abort', abort);
        clearTimeout(timer);
        reject(new HaproxyFailed(why));
      };
      const abort = () => fail('stopped');
      const timer = setTimeout(() => fail(`no answer within ${TIMEOUT_MS / 1000} s`), TIMEOUT_MS);
      const connection = connect(socket);
      let answer = '';
      connection.setEncoding('utf8');
      connection.on('connect', () => connection.write(`${words.join(' ')}\n`));
      connection.on('data', (chunk) => {
        answer += chunk;
      });
      connection.on('error', (error: NodeJS.ErrnoException) => fail(`socket ${socket}: ${error.code}`));
      connection.on('close', () => {
        // Every whole answer ends with an empty line; without it HAProxy went away in the middle of one.
        if (!answer.endsWith('\n')) return fail('the answer broke off');
        signal.removeEventListener('abort', abort);
        clearTimeout(timer);
        resolve(answer);
      });
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
    });
  }
}
