// A webhook receiver as small as one can write it: answers after an INSERT.
import { createServer } from 'node:http';
import pg from 'pg';

const pool = new pg.Pool(JSON.parse(process.argv[2]));
await pool.query(
  'create table hook (id bigserial primary key, at timestamptz not null default now(), body jsonb)',
);

const server = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.once('end', async () => {
    await pool.query('insert into hook (body) values ($1)', [Buffer.concat(parts).toString()]);
    response.writeHead(200).end('{}');
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
process.on('SIGTERM', () => process.exit(0));
