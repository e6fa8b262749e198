/** How to reach the database; spread it into a `pg.PoolConfig`. No password: the socket's folder is the key. */
export type Connection = {
  /** Folder of the Unix socket. */
  host: string;
  port: number;
  user: string;
  database: string;
};

/** The only role; it owns everything. */
export const role = 'tocsin';
export const port = 5432;

/** The same as a `DATABASE_URL`, for libraries and programs that want one string. */
export function connectionUrl({ host, port, user, database }: Connection): string {
  const [u, d] = [user, database].map(encodeURIComponent);
  return `postgres://${u}@/${d}?host=${encodeURIComponent(host)}&port=${port}`;
}
