import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from 'node:net';
import { join } from 'node:path';
import { folderOfThisRun } from './run.js';

/** What PostgreSQL says when it is ready, outside of a transaction, and when an administrator ends the connection. */
const LET_IN = Buffer.from('Z\0\0\0\x05I', 'latin1');
const FIELDS = 'SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0';
const CUT_OFF = Buffer.concat([
  Buffer.from(['E'.charCodeAt(0), 0, 0, 0, FIELDS.length + 4]),
  Buffer.from(FIELDS),
]);

/** A wire to a server, which can be cut at the moments that matter. */
export interface Wire {
  port: number;
  /** From the moment a client sends these bytes, the server's answer is thrown away and the client cut off. Once. */
  swallowAfter(bytes: string): void;
  /** From now on nothing that clients send arrives. @returns once the next client has sent something */
  hang(): Promise<void>;
  /** From now on each client of a PostgreSQL hears that it is cut off in the same breath as that it is let in. */
  doom(): void;
  /** Breaks every connection there is. */
  cut(): void;
  /** As it was. */
  mend(): void;
  /** How many connections there were. */
  count(): number;
  /** How many clients are connected now. */
  open(): number;
  stop(): Promise<void>;
}

/** @param to a port of a host, or the path of a Unix socket */
export async function wireTo(to: NetConnectOpts): Promise<Wire> {
  const sockets = new Set<Socket>();
  let swallow: string | null = null;
  let hanging: (() => void) | null = null;
  let doomed = false;
  let count = 0;
  let open = 0;

  const wire = createServer((client) => {
    count++;
    open++;
    client.once('close', () => {
      open--;
    });
    const server = connect(to);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    let cutting = false;
    client.on('data', (chunk: Buffer) => {
      if (hanging) return hanging();
      if (swallow !== null && chunk.includes(swallow)) {
        swallow = null;
        cutting = true;
      }
      server.write(chunk);
    });
    // An answer says that it is done: only then is the client cut off.
    server.on('data', (chunk: Buffer) => {
      if (cutting) client.destroy();
      else if (doomed && chunk.subarray(-6).equals(LET_IN)) client.end(Buffer.concat([chunk, CUT_OFF]));
      else client.write(chunk);
    });
  });
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  return {
    port: (wire.address() as AddressInfo).port,
    swallowAfter(bytes) {
      swallow = bytes;
    },
    hang: () =>
      new Promise((resolve) => {
        hanging = resolve;
      }),
    doom() {
      doomed = true;
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      doomed = false;
      hanging = null;
      swallow = null;
    },
    count: () => count,
    open: () => open,
    async stop() {
      for (const socket of sockets) socket.destroy();
      wire.close();
      await once(wire, 'close');
    },
  };
}

/**
 * @returns a port where nobody listens, of those that no system gives to whoever asks for any: so nobody gets it in the
 * moment between this and its use
 */
export async function freePort(): Promise<number> {
  const folder = join(await folderOfThisRun(), 'ports');
  await mkdir(folder, { recursive: true });
  for (;;) {
    const port = randomInt(10_000, 30_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    // Nor does another file of this run, while what listens there is being started again.
    const ours = await mkdir(join(folder, String(port))).then(
      () => true,
      () => false,
    );
    if (ours) return port;
  }
}
