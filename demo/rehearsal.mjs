// INC-2: that hour once more, for real. Requests fail, monitoring sees it and opens the incident, runbooks mend it, and
// the load generator counts. Nobody types that it was detected, or how many requests failed.
import { allIsWell, answersWell, lasted, noneFailed, typedSecond, until } from './counting.mjs';
import { pageWith } from './page.mjs';
import { failedIn } from './rehearsal-check.mjs';
import { runsIn, saidBy } from './runs.mjs';
import { count, shorten, step } from './say.mjs';
import { keysOn } from './stage.mjs';

/** As many as failed in 2024. */
const ENOUGH = 19;

/**
 * @param {{slack: object, stack: object, monitor: object, botUrl: string}} world
 * @returns what rehearsal-check.mjs compares: `failed` requests, `mark` from which on none did, `states` of the runs in
 *   order as patterns, every key that was ever in use
 */
export async function rehearse({ slack, stack, monitor, botUrl }) {
  const { load } = stack;
  const secrets = new Set(keysOn(stack));
  await answersWell(load, 'old');
  const { failed: before } = await load.settled();
  await moveByHand(stack, before);
  const scene = await openedByAlert({ slack, stack, monitor });
  const mark = await rollBack(scene, before);
  await tellPublic(scene, botUrl, {
    line: 'identified --title "Clips fail" --state partial',
    text: 'Some requests to create clips are refused. Traffic is back on the old service.',
  });
  await refuseForward(scene);
  await syncKeys(scene);
  await moveForward(scene, mark);
  await rotate(scene, mark);
  for (const key of keysOn(stack)) secrets.add(key);
  const failed = (await load.settled()).failed - before;
  await measure(scene, failed);
  await close(scene, failed);
  await tellPublic(scene, botUrl, {
    line: 'resolved',
    text: 'All requests succeed again, on the new service.',
  });
  return {
    channel: scene.channel,
    failed,
    mark,
    secrets: [...secrets],
    states: [
      'rollback succeeded',
      'forward (?:failed|undone)',
      'key-sync planned',
      'key-sync succeeded',
    ].concat('forward succeeded', 'key-rotate succeeded'),
  };
}

/** What nobody should do: the new service has no key of the gateway. */
async function moveByHand(stack, before) {
  await stack.moveRoute('new');
  await until(stack.load, 'failing requests', ({ failed }) => failed >= before + ENOUGH);
  step('somebody points the route to new, by hand, and requests fail for real', `${ENOUGH} so far`);
}

/** Monitoring sees it: an incident of its own, with everybody in its channel. */
async function openedByAlert({ slack, stack, monitor }) {
  const channel = await slack.channelOf('inc-2-', 'ana');
  const alert = await slack.until('the message of the alert', (at) =>
    at.channels
      .find(({ id }) => id === channel.id)
      .messages.find(({ text }) => /^An alert fires|alerts? fires?/.test(text ?? '')),
  );
  const by = monitor.kind === 'prometheus' ? 'Prometheus and Alertmanager' : 'the small loop of the stage';
  step(`${by} saw it, and INC-2 has opened itself in #${channel.name}`, alert.text.split('\n')[0]);
  await slack.joined(['bo', 'chen'], channel.id);
  const type = async (who, text) => {
    const answer = await slack.command(who, channel.id, text);
    if (!/recorded/.test(answer)) throw new Error(`/incident ${text}\n    ${answer}`);
    step(`${who}  /incident ${shorten(text)}`);
  };
  await type('ana', 'lead @ana');
  await type('chen', 'note Clips fail with 401: the new service does not know the gateway’s key');
  const runs = runsIn({ slack, channel });
  /** Has a run approved, and waits for its end. @returns what its message says then */
  const through = async (asked, approver, end = 'succeeded') => {
    const { run } = await asked;
    await approved(runs, approver, run);
    return { run, said: await runs.ended(run, end) };
  };
  const lines = {
    forward: 'run forward route=tts to=new',
    sync: 'run key-sync from=tts-old to=tts-new',
  };
  return { slack, stack, load: stack.load, channel, alert, type, runs, through, lines };
}

async function approved(runs, who, run) {
  const told = await runs.approve(who, run);
  if (!/recorded/.test(told)) throw new Error(`${who} clicked Approve under ${run}: ${told}`);
  step(`${who}  clicks Approve under ${run}`);
}

/** The rule that opened the incident offers it. */
async function rollBack({ load, type, runs, alert, through }, before) {
  const { run } = await through(runs.offered('bo', alert.ts, 'Run rollback'), 'bo');
  const mark = await allIsWell(load);
  const { firstFailure, lastFailure, failed } = await load.counts();
  const time = lasted(firstFailure.at, lastFailure.at);
  step(`${run} has rolled back`, `${count(failed - before, 'request')} failed in ${time}, none since`);
  await type('ana', `mark started ${typedSecond(firstFailure.at)}`);
  await type('ana', `mark mitigated ${typedSecond(lastFailure.at, { after: true })}`);
  await type('ana', 'status identified Traffic is on the old service again; the new one lacks a key');
  await type('chen', 'cause The new TTS service was never given the key that the gateway sends');
  return mark;
}

/** Typed, shown as the public will read it, and clicked; and there it stands. */
async function tellPublic({ slack, channel }, botUrl, { line, text }) {
  const shown = await slack.command('bo', channel.id, `publish ${line} ${text}`);
  if (!shown.includes(text)) throw new Error(`no preview of what is published: ${shown}`);
  step(`bo  /incident ${shorten(`publish ${line} ${text}`)}`, 'shown first as the public will read it');
  const preview = await slack.until(
    'the preview',
    ({ ephemerals }) => ephemerals.findLast((one) => JSON.stringify(one).includes('"action_id":"publish"')),
    '?user=bo',
  );
  const told = await slack.click('bo', channel.id, preview.ts, 'publish');
  if (!/recorded/.test(told)) throw new Error(`bo clicked Publish: ${told}`);
  await pageWith(botUrl, 'INC-2', [text]);
  step('bo  clicks Publish, and the public page says so');
}

/** Approved or not: the runbook looks at the keys itself. */
async function refuseForward({ runs, through, lines }) {
  const { run, said } = await through(runs.ask('chen', lines.forward), 'bo', '(?:failed|undone)');
  step(`${run} refuses to move traffic`, saidBy(said, 'gate'));
}

async function syncKeys({ runs, lines }) {
  const plan = await runs.ask('chen', `${lines.sync} --plan`);
  step(`${plan.run} only says what it would do`, saidBy(plan.said, 'add'));
  const { run } = await runs.ask('chen', lines.sync);
  const told = await runs.approve('chen', run);
  if (/recorded/.test(told)) throw new Error(`${run}: whoever asked for it could approve it`);
  step(`chen  clicks Approve under ${run}, and may not`, told.split('\n')[0]);
  await approved(runs, 'bo', run);
  step(`${run} has copied the key`, saidBy(await runs.ended(run, 'succeeded'), 'accepted'));
}

async function moveForward({ load, type, runs, through, lines }, mark) {
  const { run } = await through(runs.ask('chen', lines.forward), 'bo');
  await answersWell(load, 'new');
  step(`${run} has moved the traffic to new`, await noneFailed(load, mark));
  await type('ana', 'status monitoring The new service has the traffic');
}

async function rotate({ stack, load, type, runs, through }, mark) {
  const keyOf = (name) => Object.values(stack.keysOf(name)).sort().join();
  const before = keyOf('gateway');
  const { run, said } = await through(runs.ask('chen', 'run key-rotate pair=tts'), 'bo');
  await allIsWell(load);
  const [now, ...others] = ['gateway', 'old', 'new'].map(keyOf);
  if (now === before || others.some((one) => one !== now))
    throw new Error(`${run}: the gateway had ${before} and has ${now}, the services ${others.join(' and ')}`);
  step(`${run} has rotated the key: ${saidBy(said, 'settle')}`, await noneFailed(load, mark));
  await type('ana', 'action Rotate the key of the gateway on a schedule, not by hand @chen');
}

/** What the services counted, read from monitoring; rehearsal-check.mjs compares it with what the clients counted. */
async function measure({ slack, load, channel, type }, failed) {
  const { firstFailure, lastFailure } = await load.counts();
  // Counters are read once a second: what failed in one second may be seen in the next.
  const to = new Date(Date.parse(lastFailure.at) + 2_000).toISOString();
  const window = `--from "${typedSecond(firstFailure.at)}" --to "${typedSecond(to, { after: true })}"`;
  await type('ana', `impact measure ${window}`);
  const said = await slack.until('the measured impact', (at) =>
    at.channels
      .find(({ id }) => id === channel.id)
      .messages.map(({ text }) => text ?? '')
      .find((text) => /_impact_/.test(text)),
  );
  if (!failedIn(failed).test(said))
    throw new Error(`${failed} requests failed, and what was measured is: ${said}`);
  step('measured', said.replace(/.*_impact_ /, '').split(';')[0]);
}

async function close({ slack, channel, type }, failed) {
  await type('ana', 'status resolved The new service has the traffic, and the keys are the same everywhere');
  await type('ana', 'watch');
  const seen = await slack.until('the end of the watch', (at) =>
    at.channels
      .find(({ id }) => id === channel.id)
      .messages.map(({ text }) => /watched until[^\n]*/.exec(text ?? '')?.[0])
      .find(Boolean),
  );
  if (!/all well/.test(seen)) throw new Error(`the watch says: ${seen}`);
  step('the watch has ended', seen);
  await slack.command('ana', channel.id, 'postmortem');
  step('ana  /incident postmortem');
  const draft = await slack.until('the draft of the postmortem, as a file', ({ files }) =>
    files.find(({ content }) => content?.startsWith('# Postmortem of INC-2')),
  );
  const words = failedIn(failed).exec(draft.content)?.[0];
  if (!words) throw new Error(`the postmortem in Slack does not say that ${count(failed, 'request')} failed`);
  step(`${draft.name} is in the channel, and says: ${words}`);
}
