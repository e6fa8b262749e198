import { rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What becomes of a command on its way to an admin socket. `held`: it never arrives, and nobody answers. `unanswered`: it
 * arrives, and nobody answers. `ignored`: it never arrives, and the answer is that of a success.
 */
export type Fate = 'passed' | 'held' | 'unanswered' | 'ignored';
export type Rule = (line: string) => Fate | Promise<Fate>;

const PASS: Rule = () => 'passed';

/** A socket in front of an HAProxy's admin socket, through which its commands go, or do not. */
export class Wire {
  rule: Rule = PASS;
  private readonly open = new Set<Socket>();

  private constructor(
    readonly path: string,
    private readonly target: string,
    private readonly server: Server,
  ) {}

  static async before(target: string): Promise<Wire> {
    const server = createServer();
    const wire = new Wire(`${target}.wire`, target, server);
    server.on('connection', (client) => wire.serve(client));
    await wire.mend();
    return wire;
  }

  /** Nobody listens any more. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const client of this.open) client.destroy();
    await closed;
  }

  async mend(): Promise<void> {
    this.rule = PASS;
    if (this.server.listening) return;
    await rm(this.path, { force: true });
    await new Promise<void>((resolve) => this.server.listen(this.path, resolve));
  }

  private serve(client: Socket): void {
    this.open.add(client);
    client.on('close', () => this.open.delete(client));
    client.on('error', () => client.destroy());
    let said = '';
    client.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      if (said.endsWith('\n')) void this.pass(said, client);
    });
  }

  private async pass(line: string, client: Socket): Promise<void> {
    const fate = await this.rule(line.trim());
    if (fate === 'ignored') client.end('\n');
    if (fate === 'held' || fate === 'ignored') return;
    const there = connect(this.target, () => there.write(line));
    there.on('error', () => client.destroy());
    if (fate === 'passed') there.pipe(client);
    else there.resume();
  }
}
