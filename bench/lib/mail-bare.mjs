// The least that sending so many mails takes: nodemailer with as many connections, a fixed text, and no record of anything.
import { createTransport } from 'nodemailer';

const { smtp, mails, connections } = JSON.parse(process.argv[2]);
process.stdout.write('ready\n');
process.stdin.once('data', async () => {
  const pool = createTransport({ url: smtp, pool: true, maxConnections: connections, maxMessages: 500 });
  const text = 'Some nodes present wrong keys to the service behind them.\n'.repeat(12);
  const began = performance.now();
  let next = 0;
  const one = async () => {
    while (next < mails) {
      const to = `bare-${next++}@example.org`;
      const html = `<p>${text}</p>`.repeat(3);
      await pool.sendMail({ from: 'status@example.org', to, subject: 'Identified', text, html });
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  pool.close();
  process.stdout.write(`${performance.now() - began}\n`);
  process.exit(0);
});
