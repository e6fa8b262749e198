// Opens incidents as people do, and waits for what Slack shows of them.
import { person } from '../../demo/slack.mjs';

/** @returns ids of the channels of `count` new incidents */
export async function openIncidents(slackUrl, count) {
  const slack = person(slackUrl);
  const channels = [];
  for (let i = 0; i < count; i++) {
    const said = await slack.command('ana', 'incidents', `open sev3 Bench ${i + 1}`);
    const ref = /INC-\d+/.exec(said)?.[0];
    if (!ref) throw new Error(`not opened: ${said}`);
    const channel = await slack.until(`the channel of ${ref}`, (state) =>
      state.channels.find((one) => one.name.startsWith(`${ref.toLowerCase()}-`)),
    );
    channels.push(channel.id);
  }
  // The announcement, the topic, the headline: let them be over before anything is measured.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  return channels;
}
