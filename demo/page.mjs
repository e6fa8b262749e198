// The public page, as a stranger reads it.
import { setTimeout as sleep } from 'node:timers/promises';
import { step } from './say.mjs';

const STATES = {
  identified: 'Identified',
  monitoring: 'Monitoring',
  resolved: 'Resolved',
  postmortem: 'Postmortem',
};

/** @param {string} botUrl @returns {string} where the page is */
export const pageOf = (botUrl) => new URL('/status', botUrl).href;

/** Waits until the page of an incident holds all of these. @returns {Promise<string>} the page @throws after a minute */
export async function pageWith(botUrl, ref, texts) {
  const late = Date.now() + 60_000;
  const address = new URL(`/status/incidents/${ref}`, botUrl);
  let page = '';
  while (Date.now() < late) {
    const answer = await fetch(address);
    page = await answer.text();
    if (answer.ok && texts.every((text) => page.includes(text))) return page;
    await sleep(100);
  }
  const missing = texts.filter((text) => !page.includes(text));
  throw new Error(`${address} does not say “${missing.join('”, “')}”`);
}

/** @param scenario as in tts-auth-2024-11-10.json @throws where the page tells that hour otherwise, or more of it */
export async function checkPage(scenario, botUrl) {
  const { posts, timeline, component, title } = scenario;
  const page = await pageWith(
    botUrl,
    'INC-1',
    posts.map(({ text }) => text),
  );
  for (const { state, at } of posts) {
    const said = new RegExp(`${STATES[state]}[\\s\\S]{0,400}datetime="${at}"`);
    if (!said.test(page)) throw new Error(`the public page does not say ${STATES[state]} at ${at}`);
  }
  if (!page.includes(component)) throw new Error(`the public page does not name ${component}`);
  const inside = [title, ...timeline.map(({ text }) => text)].filter((text) => page.includes(text));
  if (inside.length > 0) throw new Error(`the public page says what was not published: ${inside.join(', ')}`);
  step('the public page tells it as it was told then', posts.map(({ at }) => at.slice(11, 16)).join(', '));
}
