// A Bolt 5 app as small as one can write it: answers a text, after an INSERT if it is given a database.
import bolt from '@slack/bolt';
import pg from 'pg';

const { signingSecret, botToken, database } = JSON.parse(process.argv[2]);
const pool = database ? new pg.Pool(database) : null;
await pool?.query(
  'create table note (id bigserial primary key, at timestamptz not null default now(), channel text, by text, text text)',
);

const app = new bolt.App({
  token: botToken,
  // Given, so that it asks nobody who it is.
  botId: 'B0BARE0001',
  botUserId: 'U0BARE0001',
  signingSecret,
  tokenVerificationEnabled: false,
});
app.command('/incident', async ({ command, ack }) => {
  await pool?.query('insert into note (channel, by, text) values ($1, $2, $3)', [
    command.channel_id,
    command.user_id,
    command.text,
  ]);
  await ack('It is recorded.');
});
const server = await app.start({ port: 0, host: '127.0.0.1' });
process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
process.on('SIGTERM', () => process.exit(0));
