// INC-2: that hour once more, for real. Requests fail, runbooks mend it, and the load generator counts.
import { allIsWell, answersWell, lasted, noneFailed, typedSecond, until } from './counting.mjs';
import { runsIn, saidBy } from './runs.mjs';
import { count, shorten, step } from './say.mjs';
import { keysOn } from './stage.mjs';

/** As many as failed in 2024. */
const ENOUGH = 19;

/**
 * @param {{slack: object, stack: object, component: string}} world
 * @returns what rehearsal-check.mjs compares: `failed` requests, `mark` from which on none did, `states` of the runs in
 *   order as patterns, every key that was ever in use
 */
export async function rehearse({ slack, stack, component }) {
  const { load } = stack;
  const secrets = new Set(keysOn(stack));
  await answersWell(load, 'old');
  const { failed: before } = await load.settled();
  const scene = await opened({ slack, stack, component });
  await moveByHand(scene, before);
  const mark = await rollBack(scene, before);
  await refuseForward(scene);
  await syncKeys(scene);
  await moveForward(scene, mark);
  await rotate(scene, mark);
  for (const key of keysOn(stack)) secrets.add(key);
  const failed = (await load.settled()).failed - before;
  await close(scene, component, failed);
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

/** An incident of its own, with everybody in its channel. */
async function opened({ slack, stack, component }) {
  let channel = { name: 'incidents' };
  const type = async (who, text) => {
    const answer = await slack.command(who, channel.id ?? channel.name, text);
    if (!/recorded/.test(answer)) throw new Error(`/incident ${text}\n    ${answer}`);
    step(`${who}  /incident ${shorten(text)}`);
  };
  const title = 'Rehearsal: the Developer API moves to the new TTS service';
  await type('ana', `open sev3 ${title} --component "${component}" --drill`);
  channel = await slack.channelOf('inc-2-', 'ana');
  await type('ana', 'invite @bo @chen');
  await slack.joined(['bo', 'chen'], channel.id);
  await type('ana', 'lead @ana');
  const runs = runsIn({ slack, channel });
  /** Asks for a run, has it approved, and waits for its end. @returns what its message says then */
  const through = async (asker, approver, text, end = 'succeeded') => {
    const { run } = await runs.ask(asker, text);
    await approved(runs, approver, run);
    return { run, said: await runs.ended(run, end) };
  };
  const lines = {
    rollback: 'run rollback route=tts to=old',
    forward: 'run forward route=tts to=new',
    sync: 'run key-sync from=tts-old to=tts-new',
  };
  return { slack, stack, load: stack.load, channel, type, runs, through, lines };
}

async function approved(runs, who, run) {
  const told = await runs.approve(who, run);
  if (!/recorded/.test(told)) throw new Error(`${who} clicked Approve under ${run}: ${told}`);
  step(`${who}  clicks Approve under ${run}`);
}

/** What nobody should do: the new service has no key of the gateway. */
async function moveByHand({ stack, load, type }, before) {
  await type('bo', 'note The route tts goes from old to new, by hand');
  await stack.moveRoute('new');
  await until(load, 'failing requests', ({ failed }) => failed >= before + ENOUGH);
  step('the route points to new, and requests fail for real', `${ENOUGH} so far`);
  const { firstFailure } = await load.counts();
  await type('chen', 'note Clips fail with 401: the new service does not know the gateway’s key');
  await type('ana', `mark started ${typedSecond(firstFailure.at)}`);
  await type('ana', `mark detected ${typedSecond(new Date().toISOString())}`);
}

async function rollBack({ load, type, through, lines }, before) {
  const { run } = await through('bo', 'bo', lines.rollback);
  const mark = await allIsWell(load);
  const { firstFailure, lastFailure, failed } = await load.counts();
  const time = lasted(firstFailure.at, lastFailure.at);
  step(`${run} has rolled back`, `${count(failed - before, 'request')} failed in ${time}, none since`);
  await type('ana', `mark mitigated ${typedSecond(lastFailure.at, { after: true })}`);
  await type('ana', 'status identified Traffic is on the old service again; the new one lacks a key');
  await type('chen', 'cause The new TTS service was never given the key that the gateway sends');
  return mark;
}

/** Approved or not: the runbook looks at the keys itself. */
async function refuseForward({ through, lines }) {
  const { run, said } = await through('chen', 'bo', lines.forward, '(?:failed|undone)');
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

async function moveForward({ load, type, through, lines }, mark) {
  const { run } = await through('chen', 'bo', lines.forward);
  await answersWell(load, 'new');
  step(`${run} has moved the traffic to new`, await noneFailed(load, mark));
  await type('ana', 'status monitoring The new service has the traffic');
}

async function rotate({ stack, load, type, through }, mark) {
  const keyOf = (name) => Object.values(stack.keysOf(name)).sort().join();
  const before = keyOf('gateway');
  const { run, said } = await through('chen', 'bo', 'run key-rotate pair=tts');
  await allIsWell(load);
  const [now, ...others] = ['gateway', 'old', 'new'].map(keyOf);
  if (now === before || others.some((one) => one !== now))
    throw new Error(`${run}: the gateway had ${before} and has ${now}, the services ${others.join(' and ')}`);
  step(`${run} has rotated the key: ${saidBy(said, 'settle')}`, await noneFailed(load, mark));
  await type('ana', 'action Rotate the key of the gateway on a schedule, not by hand @chen');
}

async function close({ slack, load, channel, type }, component, failed) {
  const { firstFailure, lastFailure } = await load.counts();
  const window = `--from "${typedSecond(firstFailure.at)}" --to "${typedSecond(lastFailure.at, { after: true })}"`;
  await type('ana', `impact Clips were refused --failed ${failed} ${window} --component "${component}"`);
  await type('ana', 'status resolved The new service has the traffic, and the keys are the same everywhere');
  await slack.command('ana', channel.id, 'postmortem');
  step('ana  /incident postmortem');
  const draft = await slack.until('the draft of the postmortem, as a file', ({ files }) =>
    files.find(({ content }) => content?.startsWith('# Postmortem of INC-2')),
  );
  const words = new RegExp(`(?<!\\d)${count(failed, 'request')} failed`).exec(draft.content)?.[0];
  if (!words) throw new Error(`the postmortem in Slack does not say that ${count(failed, 'request')} failed`);
  step(`${draft.name} is in the channel, and says: ${words}`);
}
