// The walk of docs/three-minutes.md, done by hand in a local Slack whose demo is over: Ana at her desk, Chen on a telephone.
import { person } from '../demo/slack.mjs';

const DESK = { viewport: { width: 1120, height: 720 }, deviceScaleFactor: 1 };
const PHONE = { viewport: { width: 390, height: 740 }, deviceScaleFactor: 2 };
const TITLE = 'The key of the gateway is in a public repository';
/** A run waits for a key to drain. */
const RUNNING_MS = 60_000;

/**
 * @param {import('playwright-core').Browser} browser
 * @param {string} url of the local Slack
 * @param {(name: string, page: import('playwright-core').Page, around?: import('playwright-core').Locator) => Promise<void>} take
 *   keeps what a page shows, or the part of it around an element
 */
export async function threeMinutes(browser, url, take) {
  const slack = person(url);
  const found = async (name) => (await slack.state()).channels.find((one) => one.name === name).id;
  const number = (await slack.state()).channels.filter(({ name }) => /^inc-\d/.test(name ?? '')).length + 1;
  const contexts = [];
  const sit = async (as, path, how) => {
    const context = await browser.newContext({ timezoneId: 'UTC', colorScheme: 'light', ...how });
    contexts.push(context);
    const page = await context.newPage();
    await goTo(page, url, as, path);
    return page;
  };

  const ana = await sit('ana', `/archives/${await found('incidents')}`, DESK);
  await declare(ana, take);
  const { id: channel } = await slack.channelOf(`inc-${number}-`, 'ana');
  await goTo(ana, url, 'ana', `/archives/${channel}`);
  const headline = ana.locator('.message', { hasText: 'Pinned by' }).first();
  await headline.getByRole('button', { name: 'I lead' }).waitFor();
  await take('walk-channel', ana);

  await steer(ana, headline, take);
  await type(ana, '/incident page @chen somebody has to approve that the key is rotated');
  const direct = await slack.until('the page', ({ channels, users }) => {
    const chen = users.find(({ name }) => name === 'chen').id;
    return channels.find((one) => one.is_im && one.user === chen)?.id;
  });
  const chen = await sit('chen', `/archives/${direct}`, PHONE);
  await said(chen, 'You are paged').getByRole('button', { name: 'Acknowledge' }).waitFor();
  await take('walk-paged', chen);
  await said(chen, 'You are paged').getByRole('button', { name: 'Acknowledge' }).click();
  await said(chen, 'acknowledged it at').waitFor();

  await askForRun(ana, headline, take);
  await goTo(chen, url, 'chen', `/archives/${channel}`);
  const plan = said(chen, 'waits for approval');
  await plan.getByRole('button', { name: 'Approve' }).scrollIntoViewIfNeeded();
  await take('walk-approve', chen);
  const home = await sit('chen', '/home', { ...DESK, colorScheme: 'dark' });
  await home.getByText('RUN-1').first().waitFor();
  await take('walk-home', home);
  await plan.getByRole('button', { name: 'Approve' }).click();
  await said(ana, 'key-rotate succeeded').waitFor({ timeout: RUNNING_MS });
  await toTop(said(ana, 'key-rotate succeeded'));
  await take('walk-rotated', ana);

  await type(ana, '/incident');
  await said(ana, 'You lead it').waitFor();
  await toTop(said(ana, 'You lead it'));
  await take('walk-alone', ana);
  await publish(ana, take);

  await type(ana, '/incident resolve the old key is refused everywhere');
  await headline.getByRole('button', { name: 'Postmortem' }).click();
  await said(ana, '-postmortem.md').waitFor();
  await toTop(said(ana, 'the old key is refused everywhere — ana'));
  await take('walk-postmortem', ana);
  for (const context of contexts) await context.close();
}

async function declare(ana, take) {
  await ana.getByRole('button', { name: 'Shortcuts' }).click();
  await ana.getByRole('menuitem', { name: /Declare an incident/ }).click();
  await ana.getByLabel('What is wrong?').fill(TITLE);
  await choose(ana, 'Severity', /sev2/);
  await choose(ana, 'Components', /Developer API/);
  await ana.keyboard.press('Escape');
  await take('walk-declare', ana, form(ana));
  await press(ana, 'Open');
  await form(ana).getByText('opened and recorded').waitFor();
  await close(ana);
}

async function steer(ana, headline, take) {
  await headline.getByRole('button', { name: 'I lead' }).click();
  await headline.getByText('Lead: ana').waitFor();
  await headline.getByRole('button', { name: 'Note' }).click();
  await ana
    .getByLabel('What happened?')
    .fill('A scanner found the key in a commit; nobody has used it so far');
  await ana.getByLabel('When?').fill('-12m');
  await take('walk-note', ana, form(ana));
  await press(ana, 'Record');
  await said(ana, 'nobody has used it so far').waitFor();
  await headline.getByRole('button', { name: 'Status' }).click();
  await choose(ana, 'Status', /identified/);
  await ana.getByLabel('How does it stand?').fill('The key is good until it is rotated');
  await ana.getByLabel('Next update').fill('30m');
  await take('walk-status', ana, form(ana));
  await press(ana, 'Record');
  await headline.getByText('Next update by').waitFor();
}

async function askForRun(ana, headline, take) {
  await headline.getByRole('button', { name: 'Run' }).click();
  await choose(ana, 'Runbook', /key-rotate/);
  await press(ana, 'Next');
  await form(ana).getByLabel(/pair/).waitFor();
  await take('walk-run', ana, form(ana));
  await press(ana, 'Ask for it');
}

async function publish(ana, take) {
  await type(ana, '/incident publish');
  await ana
    .getByLabel('What the public is to read')
    .fill('We have replaced a key of our gateway, as a precaution. No request has failed.');
  await ana.getByLabel('Public title').fill('A key is replaced');
  await press(ana, 'Preview');
  await form(ana).getByRole('button', { name: 'Publish' }).waitFor();
  await take('walk-preview', ana, form(ana));
  await press(ana, 'Publish');
  await said(ana, 'We have replaced a key').waitFor();
}

async function goTo(page, url, as, path) {
  const address = new URL(path, url);
  address.searchParams.set('as', as);
  await page.goto(address.href);
  await page.locator('#text, .home-body').first().waitFor();
}

const form = (page) => page.getByRole('dialog');
const said = (page, text) => page.locator('.message', { hasText: text }).last();
const press = (page, name) => form(page).getByRole('button', { name }).click();

/** The receipt of a form that was opened where there is no incident. */
async function close(page) {
  await form(page).getByRole('button', { name: 'Close' }).last().click();
  await form(page).waitFor({ state: 'detached' });
}

async function type(page, line) {
  await page.fill('#text', line);
  await page.press('#text', 'Enter');
}

async function choose(page, label, option) {
  await form(page).getByRole('combobox', { name: label }).first().click();
  await page.getByRole('option', { name: option }).click();
}

/** Scrolls its list alone: the page around it stays. */
export const toTop = (message) =>
  message.evaluate((it) => {
    const list = it.closest('.scroller');
    list.scrollBy(0, it.getBoundingClientRect().top - list.getBoundingClientRect().top - 8);
  });
