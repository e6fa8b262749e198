import type { Sandbox } from '../sandbox.js';

type Told = Pick<Sandbox, 'url' | 'apiUrl' | 'botToken' | 'appToken' | 'signingSecret' | 'teamId'>;

/** For programs: one line of JSON. */
export function jsonLine({ url, apiUrl, botToken, appToken, signingSecret, teamId }: Told): string {
  return `${JSON.stringify({ url, apiUrl, botToken, appToken, signingSecret, teamId })}\n`;
}

/** The lines that any bot's environment needs. @param eventsUrl where payloads go; absent in Socket Mode */
export function environment(sandbox: Told, eventsUrl: string | undefined): string {
  return [
    `SLACK_BOT_TOKEN=${sandbox.botToken}`,
    // A bot that finds an app token often connects by socket although nobody is there.
    ...(eventsUrl === undefined ? [`SLACK_APP_TOKEN=${sandbox.appToken}`] : []),
    `SLACK_SIGNING_SECRET=${sandbox.signingSecret}`,
    `SLACK_API_URL=${sandbox.apiUrl}`,
    '',
  ].join('\n');
}

/** For people: where the page is, and what to give to the bot. */
export function announcement(sandbox: Told, appName: string, eventsUrl: string | undefined): string {
  const way = eventsUrl === undefined ? 'The app connects in Socket Mode.' : `Payloads go to ${eventsUrl}.`;
  return `
The local Slack of ${appName}: ${sandbox.url}
Open it in a browser to be somebody in the workspace. ${way}

For the bot's environment:

${environment(sandbox, eventsUrl)}
With Bolt: new App({ …, clientOptions: { slackApiUrl: process.env.SLACK_API_URL } })
Ctrl-C stops it; nothing is kept.
`;
}
