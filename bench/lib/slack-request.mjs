// A slash command exactly as Slack sends it: a form, signed v0 over the bytes.
import { createHmac, randomBytes } from 'node:crypto';

let count = 0;
const run = randomBytes(6).toString('hex');

/**
 * @param {{signingSecret: string, teamId: string, slackUrl: string}} slack
 * @param {{channel: string, user?: string, text: string}} typed
 * @returns {{headers: Record<string, string>, body: string}}
 */
export function slackRequest({ signingSecret, teamId, slackUrl }, { channel, user = 'U0ANA00001', text }) {
  count += 1;
  const body = new URLSearchParams({
    token: 'legacy',
    team_id: teamId,
    team_domain: 'sandbox',
    channel_id: channel,
    channel_name: 'inc',
    user_id: user,
    user_name: 'ana',
    command: '/incident',
    text,
    api_app_id: 'A0SANDBOX1',
    is_enterprise_install: 'false',
    response_url: `${slackUrl}/commands/${teamId}/none`,
    // Slack's are unique, and so is each of ours: a repeat would be answered from memory.
    trigger_id: `${count}.${process.pid}.${run}`,
  }).toString();
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
  return {
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${signature}`,
    },
    body,
  };
}
