import type { Express } from 'express';

export type Condition = 'ok' | 'degraded';

export interface HealthPorts {
  /** Rejects, or takes too long, when the database does not answer. */
  pingDatabase(): Promise<void>;
  queue(): Condition;
  slack(): Condition;
}

/** How long a database may take to say anything before it counts as away. */
const PATIENCE_MS = 2000;

/**
 * `/healthz`: the process is alive. `/readyz`: it can record, so only the database decides;
 * a Slack outage must not take the recorder out of rotation.
 */
export function healthRoutes(app: Express, ports: HealthPorts): void {
  app.get('/healthz', (_request, response) => {
    response.type('text/plain').send('ok\n');
  });
  app.get('/readyz', async (_request, response) => {
    const database = await answersInTime(ports.pingDatabase());
    response
      .status(database ? 200 : 503)
      .json({ database: database ? 'ok' : 'down', queue: ports.queue(), slack: ports.slack() });
  });
}

async function answersInTime(ping: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS);
  });
  try {
    return await Promise.race([ping.then(() => true as const), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
