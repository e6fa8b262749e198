import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('./prompt.mjs', import.meta.url));
const END = '\u0004\n';

/** What a verb said, and how it ended. */
export interface Answered {
  code: number;
  out: string;
  err: string;
}

/** A prompt at which verbs are typed one after the other. The process starts with the first of them. */
export class Prompt {
  private child: ChildProcess | null = null;
  private err = '';
  private last: Promise<unknown> = Promise.resolve();

  /** Runs a verb after those before it have ended. */
  run(args: string[], env: Record<string, string | undefined>, cwd: string, input = ''): Promise<Answered> {
    const answered = this.last.then(() => this.ask({ args, env, cwd, input }));
    this.last = answered.catch(() => undefined);
    return answered;
  }

  private async ask(asked: object): Promise<Answered> {
    this.child ??= this.start();
    const { child } = this;
    const gone = new AbortController();
    const ended = once(child, 'exit', { signal: gone.signal }).then(() => {
      throw new Error(`the prompt has ended: ${this.err}`);
    });
    ended.catch(() => undefined);
    const said = once(child, 'message');
    child.send(asked);
    const [{ code, out }] = (await Promise.race([said, ended])) as [{ code: number; out: string }];
    while (!this.err.endsWith(END))
      await Promise.race([once(child.stderr as NodeJS.ReadableStream, 'data'), ended]);
    gone.abort();
    const err = this.err.slice(0, -END.length);
    this.err = '';
    return { code, out: Buffer.from(out, 'base64').toString('utf8'), err };
  }

  private start(): ChildProcess {
    const child = spawn(process.execPath, [FILE], { env: {}, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.err += chunk;
    });
    return child;
  }

  async close(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
}
