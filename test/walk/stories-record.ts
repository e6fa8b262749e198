import { expect } from '@jest/globals';
import type { Story } from './stories-stage.js';

// How the record is kept: messages that are followed, many lines at once, who comes late, what must not be kept.

const addToTimeline: Story = async ({ ana, bo, open, entry }) => {
  const { ref } = await open('sev3 Previews are blurred');
  for (const one of [ana, bo]) await one.goTo({ channel: 'C0GENERAL1', name: 'general' });
  await bo.write('the previews were made too small');
  for (const one of [ana, bo]) {
    await one.take(one.wrote('made too small'), 'Add to timeline');
    await one.choose('Which incident?', new RegExp(`${ref} `));
  }
  await ana.sendAway('Record');
  await ana.alone(`${ref} #`).waitFor();
  await bo.send('Record');
  await bo.form.locator('.field').getByText(`That message is in the timeline of ${ref} already`).waitFor();
  await bo.form.getByText('ana put it there').waitFor();
  await bo.settle();
  expect((await entry(ref, 'made too small')).kind).toBe('message');
};

const followsSlack: Story = async ({ ana, bo, inside, entry, record }) => {
  const { ref } = await inside('sev3 Reports are late', bo);
  await bo.write('the job ran at five');
  await ana.take(ana.wrote('the job ran at five'), 'Add to timeline');
  await ana.alone(`${ref} #`).waitFor();
  const { n } = await entry(ref, 'the job ran at five');
  await bo.wrote('the job ran at five').press('e');
  await bo.page.fill('.editor textarea', 'the job ran at six');
  await bo.page.press('.editor textarea', 'Enter');
  await entry(ref, 'the job ran at six');
  const history = await ana.asks(`history ${n}`, 'ran at five');
  await history.getByText('ran at six').first().waitFor();
  await bo.wrote('the job ran at six').press('Delete');
  await bo.press(bo.form, 'Delete');
  await bo.page.locator('.messages').getByText('the job ran at six').first().waitFor({ state: 'detached' });
  await ana.asks('timeline', 'deleted in Slack');
  const gone = (await record(ref)).timeline.find((one) => one.n === n);
  expect(gone).toMatchObject({ deleted_at: expect.any(String) });
};

const pins: Story = async ({ ana, bo, inside, entry, record }) => {
  const { ref } = await inside('sev3 Exports hang', bo);
  await bo.write('the export stops at page 9');
  await ana.take(ana.wrote('stops at page 9'), 'Pin to channel');
  const { n } = await entry(ref, 'stops at page 9');
  await bo.wrote('stops at page 9').getByText('Pinned by ana').waitFor();
  // The emoji is another way, and bo is told who was first.
  await bo.wrote('stops at page 9').press('r');
  await bo.form.getByRole('button', { name: 'pushpin', exact: true }).click();
  await bo.alone(/ana/i).waitFor();
  await ana.take(ana.wrote('stops at page 9'), 'Unpin from channel');
  const offer = ana.alone('You took the pin away');
  await ana.press(offer, `Strike #${n}`);
  await ana.alone(`#${n} struck`).waitFor();
  expect((await record(ref)).timeline.find((one) => one.n === n)?.struck).toBe(true);
};

const threads: Story = async ({ ana, bo, inside, entry }) => {
  const { ref } = await inside('sev3 Avatars are gone', bo);
  await ana.write('who has changed the bucket?');
  await bo.wrote('who has changed the bucket?').press('t');
  await bo.page.locator('#reply').waitFor();
  await bo.write('I did, yesterday evening', '#reply');
  const reply = bo.page.locator('.panel .message', { hasText: 'yesterday evening' });
  await bo.take(reply, 'Add to timeline');
  await bo.alone(`${ref} #`).waitFor();
  expect(await entry(ref, 'yesterday evening')).toMatchObject({
    kind: 'message',
    link: expect.stringContaining('thread_ts='),
  });
  await bo.press(bo.page.locator('.panel'), 'Close thread');
};

const paste: Story = async ({ ana, inside, record }) => {
  const { ref } = await inside('sev3 Orders are doubled');
  await ana.write('/incident log');
  await ana.form
    .getByLabel('Lines')
    .fill('2026-11-10\n01:39 routing moved\nrequests start to fail\n01:44 routing back');
  await ana.send('Record all');
  const field = ana.form.locator('.field', { hasText: 'Lines' });
  await field.getByText('requests start to fail').last().waitFor();
  expect((await record(ref)).timeline.map(({ text }) => text)).not.toContain('routing moved');
  await ana.form
    .getByLabel('Lines')
    .fill('2026-11-10\n01:39 routing moved\n01:41 requests start to fail\n01:44 routing back');
  await ana.sendAway('Record all');
  await ana.alone('routing back').waitFor();
  expect((await record(ref)).timeline.slice(0, 3).map(({ at, text }) => [at.slice(0, 10), text])).toEqual([
    ['2026-11-10', 'routing moved'],
    ['2026-11-10', 'requests start to fail'],
    ['2026-11-10', 'routing back'],
  ]);
};

const linesOfAMessage: Story = async ({ ana, bo, inside, record }) => {
  const { ref } = await inside('sev3 Carts are lost', bo);
  await bo.write('2026-11-11\n02:10 carts are emptied\n02:14 the cache is off');
  await ana.take(ana.wrote('carts are emptied'), 'Add to timeline');
  await ana.press(ana.alone('It holds 2 lines'), 'Take in as entries');
  await ana.alone('the cache is off').waitFor();
  const { timeline } = await record(ref);
  expect(
    timeline.filter(({ text }) => text === 'carts are emptied' || text === 'the cache is off'),
  ).toHaveLength(2);
};

const secrets: Story = async ({ ana, bo, inside, record }) => {
  const { ref } = await inside('sev3 The vendor refuses us', bo);
  await ana.asks(
    'note we sent password: hunter2-K9x to them',
    'Taken out of the text before it was recorded',
  );
  await bo.said('we sent password').waitFor();
  await bo.write('with Authorization: Bearer abcdefghijklmnop0123456789abcdef it works');
  await ana.take(ana.wrote('it works'), 'Add to timeline');
  await ana.alone('holds a secret').waitFor();
  const all = JSON.stringify(await record(ref));
  expect(all).toContain('it works');
  expect(all).not.toMatch(/hunter2-K9x|abcdefghijklmnop/);
  // Its author is told how to take it away.
  await bo.alone('Delete the message').waitFor();
};

const canvasAndFile: Story = async ({ ana, promised }) => {
  const { ref } = promised;
  await ana.goTo(promised);
  await ana.asks('export md', 'file');
  const card = ana.page.locator('.file-card', { hasText: ref }).last();
  await card.waitFor();
  const address = await card.getAttribute('href');
  expect(await (await fetch(new URL(address ?? '', ana.page.url()))).text()).toContain('Mails are late');
  await ana.page.getByRole('button', { name: 'Canvas' }).click();
  await ana.page.locator('.canvas').getByText('Mails are late').first().waitFor();
  await ana.page.getByRole('button', { name: 'Messages', exact: true }).click();
};

const comesLate: Story = async ({ ana, inside, walk, meet, entry }) => {
  const { ref, channel } = await inside('sev2 Payments are refused');
  await ana.asks('cause the certificate ran out', 'recorded');
  await entry(ref, 'the certificate ran out');
  const chen = await meet('chen');
  await walk.control('clock', { advance_ms: 600_000 });
  await chen.page.getByRole('button', { name: 'Browse channels' }).click();
  const row = chen.form.locator('.row', { hasText: 'payments-are-refused' });
  await row.getByRole('button', { name: /^Join/ }).click();
  await row.getByRole('button', { name: /^Leave/ }).waitFor();
  await row.locator('.row-main').click();
  const told = chen.alone(`${ref}: Payments are refused`);
  await told.getByText('the certificate ran out').first().waitFor();
  await told.getByText('Only you see this.').waitFor();
  expect(await ana.page.locator('.message.only', { hasText: 'Only you see this.' }).count()).toBe(0);
  expect(channel).not.toBe('');
};

export const RECORDING = {
  'a message of anywhere goes into a timeline; the second to add it is told who was first': addToTimeline,
  'what is edited or deleted in Slack, its entry follows': followsSlack,
  'a pin records; taken away, it is offered to be struck; the second who pins is told': pins,
  'what is said in a thread is recorded': threads,
  'many lines go in at once, or none, and what is wrong is said by line': paste,
  'a message that holds many lines is taken in as entries': linesOfAMessage,
  'a secret that somebody types is not kept, and they are told': secrets,
  'a canvas follows, and an export comes as a file': canvasAndFile,
} satisfies Record<string, Story>;

/** Slack's clock is wound on for it, so it is the last that is told. */
export const LAST = {
  'whoever comes late is told how it stands, for their eyes only': comesLate,
} satisfies Record<string, Story>;
