import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';

/** What the wire between us and PostgreSQL does: `cut` breaks when we send, `deaf` when the answer comes, `silent` swallows the answer. */
type Mood = 'pass' | 'cut' | 'deaf' | 'silent';

export interface Wire {
  config: pg.ClientConfig;
  mood: Mood;
  close(): Promise<void>;
}

/** A wire that can be made to fail, in front of a real server. */
export async function wireTo(config: pg.ClientConfig): Promise<Wire> {
  const { host, port, user, password, database } = new pg.Client(config);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = host.startsWith('/') ? connect(join(host, `.s.PGSQL.${port}`)) : connect(port, host);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    const end = () => {
      near.destroy();
      far.destroy();
    };
    near.on('data', (bytes) => (wire.mood === 'cut' ? end() : far.write(bytes)));
    far.on('data', (bytes) => {
      if (wire.mood === 'deaf') end();
      else if (wire.mood !== 'silent') near.write(bytes);
    });
    near.on('close', end);
    far.on('close', end);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (!address || typeof address === 'string') throw new Error('not listening');
  const wire: Wire = {
    mood: 'pass',
    config: { host: '127.0.0.1', port: address.port, user, password: password ?? undefined, database },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return wire;
}
