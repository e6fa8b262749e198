// What must be true of INC-2, whatever the machine was like: the counts agree, the runs ended as they should, and no
// key stands anywhere.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { noneFailed } from './counting.mjs';
import { tocsin } from './processes.mjs';
import { count, said, step } from './say.mjs';

/**
 * @param rehearsed what rehearse() has returned
 * @param texts of INC-2's exports, by file name
 * @throws with everything that is wrong
 */
export async function checkRehearsal(rehearsed, texts, { load, slack, monitor, env, out, botUrl }) {
  const wrong = [...countsWrong(rehearsed, texts), ...runsWrong(rehearsed, texts)];
  const leaks = await leaksOf(rehearsed.secrets, { slack, out, botUrl });
  wrong.push(...leaks);
  if (wrong.length > 0) throw new Error(`INC-2 is not as it should be:\n    ${wrong.join('\n    ')}`);
  const none = await noneFailed(load, rehearsed.mark);
  step(
    `INC-2 measured ${rehearsed.failed} failed requests, as many as the load generator counted`,
    `after the rollback ${none}`,
  );
  if (monitor.kind === 'prometheus') await ownAlertsCome(env);
  step('every run ended as it should, and none of the keys is in an export, a log or Slack');
  step('tocsin verify', (await tocsin(env, 'verify', join(out, 'INC-2.facts.jsonl'))).trim());
}

/** @param final the load generator's last counts */
export function checkFinal({ failed, mark }, final) {
  const since = final.failed - mark.failed;
  if (since > 0) throw new Error(`${count(since, 'request')} failed after INC-2 counted ${failed}`);
}

/** How a text says how many requests failed: `231 of 254 requests failed`. */
export const failedIn = (failed) => new RegExp(`(?<!\\d)${failed} (?:of \\d+ )?requests? failed`);

function countsWrong({ failed }, texts) {
  const { incident, impact, timeline } = JSON.parse(texts['INC-2.json']);
  const told = impact.map((one) => one.failed);
  const alerts = timeline.filter(({ kind }) => kind === 'alert');
  const typed = timeline.filter(({ kind, text }) => kind === 'milestone' && /detected/.test(text));
  return [
    failed > 0 ? null : 'no request failed: the rehearsal has rehearsed nothing',
    told.length === 1 && told[0] === failed && impact[0].measured
      ? null
      : `INC-2.json says ${told} failed, ${failed} did`,
    alerts.length === 1 && alerts[0].until !== null
      ? null
      : `INC-2.json has ${count(alerts.length, 'alert')}, until ${alerts[0]?.until}`,
    typed.length === 0 && incident.milestones.detected === alerts[0]?.at
      ? null
      : `detected is ${incident.milestones.detected}, the alert’s time ${alerts[0]?.at}`,
    ...['INC-2.md', 'INC-2.html', 'postmortem-2.md'].map((file) =>
      failedIn(failed).test(texts[file]) ? null : `${file} does not say that ${failed} failed`,
    ),
  ].filter(Boolean);
}

function runsWrong({ states }, texts) {
  const runs = JSON.parse(texts['INC-2.json']).runs.map(({ runbook, state }) => `${runbook} ${state}`);
  const same =
    runs.length === states.length && runs.every((run, i) => new RegExp(`^${states[i]}$`).test(run));
  return same ? [] : [`runs: ${runs.join(', ')}; expected: ${states.join(', ')}`];
}

/** The bot watches itself by its own intake: an alert of ops/alerts.yml that always fires has come through it. */
async function ownAlertsCome(env) {
  const report = await tocsin(env, 'alerts', 'report');
  const line = report.split('\n').find((one) => one.includes('tocsin-is-watched'));
  if (!line) throw new Error(`no alert of the bot's own has come:\n${report}`);
  step('the bot’s own alerts come through its own intake; `tocsin alerts report` says', line.trim());
}

/** What strangers can read. */
async function publicly(botUrl) {
  if (!botUrl) return [];
  const paths = ['', '/incidents/INC-2', '/feed.atom', '/api/v2/summary.json', '/api/v2/incidents.json'];
  return Promise.all(
    paths.map(async (path) => [
      `the public page${path}`,
      await (await fetch(new URL(`/status${path}`, botUrl))).text(),
    ]),
  );
}

/** Looks for every key, in every form that a program might have given it. @returns where one was found */
async function leaksOf(secrets, { slack, out, botUrl }) {
  if (new Set(secrets).size < 2) return ['the keys were not rotated, or not read'];
  const places = new Map([
    ['the terminal', said.join('\n')],
    ['Slack', JSON.stringify(await slack.state())],
    ['the bot’s calls to Slack', JSON.stringify(await slack.calls())],
    ...(await publicly(botUrl)),
    ...readdirSync(out).map((name) => [name, readFileSync(join(out, name), 'utf8')]),
  ]);
  const forms = secrets.flatMap((key) => [
    key,
    encodeURIComponent(key),
    ...['base64', 'base64url', 'hex'].map((form) => Buffer.from(key).toString(form).replace(/=+$/, '')),
  ]);
  return [...places]
    .filter(([, text]) => forms.some((form) => text.includes(form)))
    .map(([name]) => `a key stands in ${name}`);
}
