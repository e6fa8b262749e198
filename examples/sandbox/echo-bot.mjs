import bolt from '@slack/bolt';

const { PORT, SLACK_API_URL, SLACK_APP_TOKEN, SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET } = process.env;
const app = new bolt.App({
  token: SLACK_BOT_TOKEN,
  ...(PORT ? { signingSecret: SLACK_SIGNING_SECRET } : { appToken: SLACK_APP_TOKEN, socketMode: true }),
  clientOptions: { slackApiUrl: SLACK_API_URL },
});
app.event('app_mention', ({ event, say }) =>
  say({ text: event.text.replace(/^<@\w+> ?/, ''), thread_ts: event.ts }),
);
app.command('/echo', ({ command, ack }) => ack(command.text || 'What shall I say?'));
await app.start(PORT);
console.log('The echo bot listens.');
