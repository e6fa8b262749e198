import { expect } from '@jest/globals';
import type { Somebody, Story } from './stories-stage.js';

// How an incident is steered: buttons and forms, two people at once, runs, pages, promises, what is left to do.

/** Presses a button of the pinned headline, and waits for its form. */
async function opens(one: Somebody, button: string, title: string): Promise<void> {
  await one.press(one.head, button);
  await one.form.getByRole('heading', { name: title }).waitFor();
}

const headline: Story = async ({ ana, bo, inside, record }) => {
  const { ref } = await inside('sev3 Menus are empty', bo);
  await opens(ana, 'Note', `Note for ${ref}`);
  await ana.form.getByLabel('What happened?').fill('the menu service restarts');
  await ana.form.getByLabel('When?').fill('noonish');
  await ana.send('Record');
  await ana.form.locator('.field', { hasText: 'When?' }).getByText('noonish').waitFor();
  await ana.form.getByLabel('When?').fill('-2m');
  await ana.sendAway('Record');
  await bo.said('the menu service restarts').waitFor();
  await opens(ana, 'Status', `Update ${ref}`);
  await ana.choose('Status', 'identified');
  await ana.form.getByLabel('How does it stand?').fill('a bad configuration');
  await ana.form.getByLabel('Next update').fill('30m');
  await ana.sendAway('Record');
  await bo.head.getByText('identified').waitFor();
  await bo.head.getByText('Next update by').waitFor();
  await ana.press(ana.head, 'I lead');
  await bo.head.getByText('lead: ana').waitFor();
  await opens(ana, 'Lead', `Lead of ${ref}`);
  await ana.choose('Who leads?', /^bo/);
  await ana.sendAway('Record');
  await bo.head.getByText('lead: bo').waitFor();
  await opens(bo, 'Actions', `Actions of ${ref}`);
  await bo.form.getByLabel('What else is left to do?').fill('Check the configuration before it is used');
  await bo.sendAway('Add');
  await opens(bo, 'Actions', `Actions of ${ref}`);
  await bo.form.getByRole('button', { name: 'Done' }).click();
  await bo.form.getByText('No action item is open.').waitFor();
  await bo.send('Cancel');
  await opens(bo, 'Export', `Export ${ref}`);
  await bo.form.getByLabel('CSV').check();
  await bo.sendAway('Send me the file');
  await bo.page.locator('.file-card', { hasText: 'csv' }).last().waitFor();
  const all = await record(ref);
  expect(all.incident).toMatchObject({ status: 'identified', lead: { name: 'bo' } });
  expect(all.actions).toMatchObject([{ text: 'Check the configuration before it is used', done: true }]);
};

const twoAtOnce: Story = async ({ ana, bo, inside, record }) => {
  const { ref } = await inside('sev3 Labels are swapped', bo);
  for (const one of [ana, bo]) await opens(one, 'Severity', `Severity of ${ref}`);
  await ana.choose('Severity', 'sev1');
  await ana.sendAway('Record');
  await bo.head.getByText('sev1').waitFor();
  await bo.choose('Severity', 'sev2');
  await bo.form.getByLabel('Why?').fill('only the new shop');
  await bo.send('Record');
  await bo.form.getByText(`${ref} is sev1 by now: somebody changed it`).waitFor();
  expect(await bo.form.getByLabel('Why?').inputValue()).toBe('only the new shop');
  expect((await record(ref)).incident.severity).toBe('sev1');
  await bo.sendAway('Record');
  await ana.head.getByText('sev2').waitFor();
  expect((await record(ref)).incident.severity).toBe('sev2');
};

const run: Story = async ({ ana, bo, inside, record }) => {
  const { ref } = await inside('sev3 Jobs are stuck', bo);
  const ask = async () => {
    await opens(ana, 'Run', `Run in ${ref}`);
    await ana.choose('Runbook', /look/);
    await ana.send('Next');
    await ana.form.getByLabel('at', { exact: true }).fill('jobs');
  };
  await ask();
  await ana.sendAway('Ask for it');
  const asked = bo.said(/RUN-\d+ look/).filter({ hasText: 'waits for approval' });
  await asked.waitFor();
  // What is wrong with all of it is said in the form that is open.
  await ask();
  await ana.send('Ask for it');
  await ana.form.locator('.field', { hasText: 'How' }).getByText('one run at a time').waitFor();
  await ana.settle();
  await bo.press(asked, 'Approve');
  await bo
    .said(/RUN-\d+ look/)
    .getByText('succeeded')
    .waitFor();
  await bo
    .said(/RUN-\d+ look/)
    .getByText('Approved by bo.')
    .waitFor();
  expect(JSON.stringify((await record(ref)).runs)).toContain('succeeded');
};

const paged: Story = async ({ ana, bo, inside, entry }) => {
  const { ref } = await inside('sev2 The line is dead');
  await ana.asks('page night nobody answers', 'recorded');
  await bo.page.locator('.place.unread', { hasText: 'Tocsin' }).waitFor();
  await bo.page.locator('.place', { hasText: 'Tocsin' }).click();
  await bo.page.getByRole('button', { name: 'Messages' }).click();
  const page = bo.said(`You are paged for ${ref}`);
  await page.getByText('nobody answers').waitFor();
  await bo.press(page, 'Acknowledge');
  await page.getByText('bo acknowledged it').waitFor();
  expect(await page.getByRole('button', { name: 'Acknowledge' }).count()).toBe(0);
  await ana.said(/bo.*acknowledged|acknowledged.*bo/).waitFor();
  expect((await entry(ref, 'acknowledged')).kind).toBe('page');
};

const escalated: Story = async ({ ana, inside, meet, entry }) => {
  const { ref } = await inside('sev2 The lift stands still');
  await ana.asks('page nobody', 'recorded');
  const chen = await meet('chen');
  await chen.page.locator('.place', { hasText: 'Tocsin' }).click();
  await chen.page.getByRole('button', { name: 'Messages' }).click();
  await chen.said(`You are paged for ${ref}`).waitFor();
  await entry(ref, 'nobody has acknowledged');
  await ana.asks('ack', 'recorded');
  await chen.said(`You are paged for ${ref}`).getByText('ana acknowledged it').waitFor();
};

const bridge: Story = async ({ ana, bo, inside, record }) => {
  const { ref } = await inside('sev3 Doors stay open', bo);
  await ana.asks('bridge', 'a bridge at meet.example');
  await bo.head.getByRole('link', { name: 'join at meet.example' }).waitFor();
  await bo.said('it ends when').getByRole('link', { name: 'Join' }).waitFor();
  await ana.asks('resolve the doors close again', 'recorded');
  await bo.head.getByText('join at').waitFor({ state: 'detached' });
  await bo.said('is over').getByText('The call has ended.').waitFor();
  // Its address lets people in, and is taken along nowhere.
  expect(JSON.stringify(await record(ref))).not.toContain(`meet.example/${ref}`);
};

const promises: Story = async ({ ana, bo, promised, walk }) => {
  await walk.control('channel/invite', { user: 'ana', channel: promised.channel, people: ['bo'] });
  for (const one of [ana, bo]) await one.goTo(promised);
  const reminder = ana.said('The next update was promised by');
  await ana.press(reminder, 'Update now');
  await ana.form.getByLabel('How does it stand?').fill('half of them have arrived');
  await ana.form.getByLabel('Next update').fill('1h');
  await ana.sendAway('Record');
  await bo.head.getByText('Next update by').waitFor();
  await ana.asks('snooze 30m', 'reminders are snoozed until');
  await ana.asks('show', 'reminders snoozed until');
  await ana.asks('snooze off', 'not snoozed any more');
};

const actions: Story = async ({ ana, bo, inside, record }) => {
  const { ref } = await inside('sev3 Seats are sold twice', bo);
  await ana.asks('action Lock the seats first @bo --due tomorrow', 'recorded');
  await bo.asks('actions --mine', 'Lock the seats first');
  await ana.asks('actions --mine', /(?!.*Lock the seats)/);
  await bo.asks('done 1', 'recorded');
  await ana.asks('actions', /done/i);
  expect((await record(ref)).actions).toMatchObject([
    { text: 'Lock the seats first', owner: { name: 'bo' }, done: true },
  ]);
};

const mergeAndLink: Story = async ({ ana, open, inside, record }) => {
  const [one, two] = [await open('sev3 Prices are zero'), await open('sev3 Taxes are wrong')];
  const three = await inside('sev3 Prices are negative');
  await ana.asks(`link ${three.ref} ${two.ref} both are sums`, 'recorded');
  await ana.head.getByText(two.ref).waitFor();
  await ana.asks(`merge ${three.ref} into ${one.ref} the same release`, `go on in the channel of ${one.ref}`);
  await ana.head.getByText(`merged into ${one.ref}`).waitFor();
  await ana.asks('note one more', one.ref);
  await ana.goTo(one);
  await ana.said(three.ref).waitFor();
  expect((await record(three.ref)).incident).toMatchObject({
    status: 'resolved',
    links: [
      { ref: two.ref, how: 'linked' },
      { ref: one.ref, how: 'merged_into' },
    ],
  });
};

const tooLate: Story = async ({ ana, bo, inside, record }) => {
  const { ref } = await inside('sev3 Clocks are slow', bo);
  const old = await bo.asks('', 'nobody leads');
  await opens(bo, 'Note', `Note for ${ref}`);
  await bo.form.getByLabel('What happened?').fill('the clocks were set');
  await ana.asks('lead me', 'recorded');
  await ana.asks('resolve they run again', 'recorded');
  await bo.sendAway('Record');
  await bo.alone(`${ref} was resolved while the form was open.`).waitFor();
  // What was offered before is not what is so now.
  await bo.press(old, 'Identified');
  await bo.alone(`${ref} is resolved (#3) by now: somebody changed it`).waitFor();
  const { incident, timeline } = await record(ref);
  expect(incident.status).toBe('resolved');
  expect(timeline.filter(({ text }) => text === 'the clocks were set')).toHaveLength(1);
};

export const STEERING = {
  'everything of the headline is a button with a form': headline,
  'what somebody else has changed meanwhile is shown before it is changed again': twoAtOnce,
  'a runbook is asked for by one and approved by another': run,
  'whoever is paged acknowledges by a press': paged,
  'whoever does not come is not waited for': escalated,
  'a bridge is a card, and in the headline until it is over': bridge,
  'what was promised is reminded of, and reminders are snoozed': promises,
  'what is left to do is owned, listed and ticked off': actions,
  'two incidents are linked, and merged': mergeAndLink,
  'what is pressed or sent late is answered, and changes nothing unseen': tooLate,
} satisfies Record<string, Story>;
