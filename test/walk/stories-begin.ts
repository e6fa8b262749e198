import { expect } from '@jest/globals';
import { until } from '../support/until.js';
import { DOMAIN, SPEECH, type Story } from './stories-stage.js';

// How people come to an incident: first words, declaring, finding, and what is hidden from whom.

const whereYouAre: Story = async ({ ana, bo, inside, record, entry }) => {
  const { ref, channel } = await inside('sev3 Uploads are slow', bo);
  const here = await ana.asks('', `${ref} Uploads are slow`);
  await here.getByText('nobody leads').waitFor();
  await here.getByText('You have no role in it. Nothing waits for you.').waitFor();
  await ana.press(here, 'I lead');
  await ana.alone(/lead: .* recorded|recorded.*lead/).waitFor();
  await (await ana.asks('', 'You lead it.')).getByRole('button', { name: 'Note', exact: true }).click();
  await ana.form.getByLabel('What happened?').fill('the queue is long');
  await ana.sendAway('Record');
  await bo.said('the queue is long').waitFor();
  expect((await entry(ref, 'the queue is long')).kind).toBe('note');
  expect((await record(ref)).timeline.map(({ text }) => text).join('\n')).toContain('lead');
  // Nothing of it was said to others.
  expect(await bo.page.locator('.message.only').count()).toBe(0);
  expect(channel).not.toBe('');
};

const help: Story = async ({ ana }) => {
  await ana.goTo({ channel: 'C0INCIDENT', name: 'incidents' });
  const all = await ana.asks('help', 'Declare, look');
  for (const group of ['Record', 'Steer', 'Tell the public', 'Runbooks', 'Alerts', 'After'])
    await all.getByText(group, { exact: true }).waitFor();
  await ana.asks('help note', '/incident note -10m restarted the pods');
  await ana.asks('help after', '/incident postmortem');
};

const slips: Story = async ({ ana, inside, record }) => {
  const { ref } = await inside('sev4 Icons are grey');
  await ana.asks('note 10 min ago restarted the pods', '-10m');
  await ana.asks('stats', 'status');
  await ana.asks('fixed', 'resolve');
  expect((await record(ref)).timeline.map(({ text }) => text).join()).not.toContain('restarted');
};

const mention: Story = async ({ ana, bo, inside, record }) => {
  const { ref } = await inside('sev4 Fonts are missing', bo);
  await ana.write('@tocsin note the fonts are back');
  const answer = ana.alone('I do not act on mentions');
  await answer.getByText('/incident note the fonts are back').waitFor();
  expect(await bo.page.locator('.message.only').count()).toBe(0);
  expect((await record(ref)).timeline.map(({ text }) => text).join()).not.toContain('fonts are back');
};

const declareByShortcut: Story = async ({ ana, walk, record }) => {
  await ana.goTo({ channel: 'C0GENERAL1', name: 'general' });
  await ana.page.getByRole('button', { name: 'Shortcuts' }).click();
  await ana.page.getByRole('menuitem', { name: 'Declare an incident' }).click();
  await ana.form.getByLabel('What is wrong?').fill('Invoices are empty');
  await ana.choose('Severity', 'sev2');
  await ana.form.getByLabel('Since when?').fill('25:99');
  await ana.send('Open');
  const since = ana.form.locator('.field', { hasText: 'Since when?' });
  await since.getByText('25:99').waitFor();
  await ana.form.getByLabel('Since when?').fill('-10m');
  await ana.send('Open');
  await ana.form.getByText('opened and recorded').waitFor();
  await ana.form.getByRole('button', { name: 'Close' }).last().click();
  const made = await walk.until('the channel', ({ channels }) =>
    channels.find(({ name }) => /^inc-\d+-invoices-are-empty$/.test(name)),
  );
  const ref = /^inc-\d+/.exec(made.name)?.[0].toUpperCase() ?? '';
  // Whoever declared it is in its channel, with the headline pinned.
  await ana.goTo({ channel: made.id, name: made.name });
  await ana.head.getByRole('button', { name: 'Status', exact: true }).waitFor();
  expect((await record(ref)).incident).toMatchObject({ severity: 'sev2', status: 'investigating' });
};

const declareFromMessage: Story = async ({ ana, bo, walk, entry }) => {
  for (const one of [ana, bo]) await one.goTo({ channel: 'C0GENERAL1', name: 'general' });
  await bo.write('the search finds nothing since noon');
  await ana.take(ana.wrote('finds nothing since noon'), 'Declare from message');
  await until('the title', async () =>
    (await ana.form.getByLabel('What is wrong?').inputValue()).includes('finds nothing'),
  );
  await ana.form.getByLabel('What is wrong?').fill('Search finds nothing');
  await ana.send('Open');
  await ana.alone('Search finds nothing').waitFor();
  const { name } = await walk.until('the channel', ({ channels }) =>
    channels.find((one) => one.name.endsWith('-search-finds-nothing')),
  );
  const ref = /^inc-\d+/.exec(name)?.[0].toUpperCase() ?? '';
  expect((await entry(ref, 'finds nothing since noon')).kind).toBe('message');
};

const relatedAndFound: Story = async ({ ana, open, record }) => {
  const first = await open(`sev2 Clips are silent --component "${SPEECH}"`);
  await ana.goTo({ channel: 'C0INCIDENT', name: 'incidents' });
  const receipt = await ana.asks(
    `open sev3 Some clips are silent --component "${SPEECH}"`,
    'Perhaps related',
  );
  await receipt.getByText(first.ref).first().waitFor();
  const second = `INC-${first.number + 1}`;
  await ana.asks('search silennt', second);
  const list = await ana.asks(`list --component "${SPEECH}" --severity sev3`, second);
  expect(await list.textContent()).not.toContain(`${first.ref} `);
  await ana.asks('list --mine', first.ref);
  expect((await record(second)).incident.severity).toBe('sev3');
};

const hidden: Story = async ({ ana, bo, open }) => {
  const { ref, channel, name } = await open('sev2 Somebody reads our mail --private');
  await ana.goTo({ channel, name });
  await ana.head.getByText('private').waitFor();
  for (const one of [ana, bo]) await one.goTo({ channel: 'C0INCIDENT', name: 'incidents' });
  // Who is in it finds it; whoever is not is told that there is no such thing.
  await ana.asks('search reads our mail', ref);
  await bo.asks('search reads our mail', /Nothing|No incident/);
  await bo.asks(`show ${ref}`, `There is no ${ref}`);
  await bo.asks('list', 'INC-');
  await bo.page.locator('.place', { hasText: 'Tocsin' }).click();
  await bo.page.getByText('Open incidents you are in').waitFor();
  expect(await bo.page.locator('.home').textContent()).not.toContain('reads our mail');
  expect(await bo.page.locator(`.place[data-channel="${channel}"]`).count()).toBe(0);
  // Let in by somebody who is.
  await ana.asks(`invite ${ref} @bo`, 'recorded');
  await bo.page.locator(`.place[data-channel="${channel}"]`).waitFor();
  // And out again.
  await ana.asks(`uninvite ${ref} @bo`, 'recorded');
  await bo.page.locator(`.place[data-channel="${channel}"]`).waitFor({ state: 'detached' });
  await bo.goTo({ channel: 'C0INCIDENT', name: 'incidents' });
  await bo.asks(`show ${ref}`, `There is no ${ref}`);
};

const home: Story = async ({ walk, meet, open, record }) => {
  const dana = await meet('dana');
  const { ref, channel } = await open('sev2 Logins time out');
  await walk.type('ana', channel, 'lead @dana');
  await walk.type('ana', channel, 'action Lengthen the timeout @dana --due tomorrow');
  await walk.type('ana', channel, 'run look at=logins');
  await walk.until('that dana is in', ({ channels }) =>
    channels.find(({ id, members }) => id === channel && members.includes('U0DANA0004')),
  );
  await walk.until('the plan', ({ channels }) =>
    channels.find(({ id }) => id === channel)?.messages.some(({ text }) => /waits for approval/.test(text)),
  );
  await dana.page.locator('.place', { hasText: 'Tocsin' }).click();
  const tab = dana.page.locator('.home');
  await tab.getByText('Open incidents you are in (1)').waitFor();
  await tab.getByText('Waits for you (1)').waitFor();
  await tab.getByText('wants your approval').waitFor();
  await tab.getByText('What you may do').waitFor();
  const item = tab.locator('.section', { hasText: 'Lengthen the timeout' });
  await item.getByRole('button', { name: 'Done' }).click();
  await tab.getByText('Your action items').waitFor({ state: 'detached' });
  await until('that it is done', async () => JSON.stringify(await record(ref)).includes('"done":true'));
  await tab.getByRole('button', { name: 'Declare an incident' }).click();
  await dana.form.getByLabel('What is wrong?').fill('Logins fail for all');
  await dana.send('Open');
  await dana.form.getByText('opened and recorded').waitFor();
  await dana.form.getByRole('button', { name: 'Close' }).last().click();
  await tab.getByText('Logins fail for all').waitFor();
};

const linkIsACard: Story = async ({ ana, bo, open, walk }) => {
  const { ref } = await open('sev3 Charts are empty');
  await walk.control('join', { user: 'tocsin', channel: 'C0INCIDENT' });
  for (const one of [ana, bo]) await one.goTo({ channel: 'C0INCIDENT', name: 'incidents' });
  await ana.write(`it is https://${DOMAIN}/incidents/${ref} again`);
  const card = bo.said('again').locator('.attachment');
  await card.getByText('Charts are empty').waitFor();
  await card.getByText('investigating').waitFor();
};

const drill: Story = async ({ ana, bo, inside, record, walk }) => {
  const { ref, name } = await inside('sev2 The disk is full --drill', bo);
  expect(name).toContain('drill');
  await bo.head.getByText('DRILL', { exact: true }).waitFor();
  await bo.page.locator('#topic', { hasText: 'drill' }).waitFor();
  await bo.goTo({ channel: 'C0INCIDENT', name: 'incidents' });
  await bo.said('The disk is full').getByText('DRILL', { exact: true }).waitFor();
  await ana.asks('list', 'INC-');
  expect((await record(ref)).incident).toMatchObject({ drill: true });
  expect((await walk.tocsin('list')).out).toContain(ref);
};

export const BEGINNING = {
  'the command alone says where somebody is, and offers what is likely next': whereYouAre,
  'help is grouped, and tells more of a verb or a group': help,
  'what people type otherwise is answered with the line to type': slips,
  'whoever mentions the bot is told where its command is': mention,
  'an incident is declared from anywhere, and what is wrong is said beside its field': declareByShortcut,
  'a message becomes the first entry of an incident': declareFromMessage,
  'what may be the same is said to whoever declares; search and lists find both': relatedAndFound,
  'a private incident is seen nowhere by who is not in it': hidden,
  'the Home tab has what somebody has before them': home,
  'a link to an incident is shown as a card': linkIsACard,
  'a drill says everywhere that it is one': drill,
} satisfies Record<string, Story>;
