// A mail server that takes everything at once and counts it. Says its two ports; whoever asks the second hears what came.
import { createServer } from 'node:http';
import { SMTPServer } from 'smtp-server';

const start = performance.timeOrigin;
let to = new Set();
let mails = 0;
let first = null;
let last = null;
const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS', 'AUTH'],
  logger: false,
  maxClients: 1_000,
  onData(stream, session, done) {
    stream.on('end', () => {
      mails += 1;
      for (const { address } of session.envelope.rcptTo) to.add(address);
      last = start + performance.now();
      first ??= last;
      done();
    });
    stream.resume();
  },
});
server.on('error', (error) => console.error(error));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const asked = createServer((request, response) => {
  if (request.method === 'DELETE') {
    to = new Set();
    mails = 0;
    first = null;
    last = null;
  }
  response.end(JSON.stringify({ mails, people: to.size, first, last }));
});
await new Promise((resolve) => asked.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${asked.address().port}/`;
process.stdout.write(
  `${JSON.stringify({ smtp: `smtp://127.0.0.1:${server.server.address().port}`, url })}\n`,
);
process.on('SIGTERM', () => process.exit(0));
