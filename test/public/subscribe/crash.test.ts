import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { laneOfPublic } from '#domain/incident/effect.js';
import { compiled } from '../../support/compiled.js';
import { until } from '../../support/until.js';
import { change, type Kit, LOOK, startKit, startSmtp, TEAM } from './kit.js';

let kit: Kit;
let smtp: Awaited<ReturnType<typeof startSmtp>>;
let code: Awaited<ReturnType<typeof compiled>>;
beforeAll(async () => {
  kit = await startKit();
  smtp = await startSmtp();
  kit.settings.smtp = smtp.mailer();
  code = await compiled('src', 'test/public/subscribe');
});
afterAll(async () => {
  await kit.close();
  await smtp.close();
  await code.remove();
});

const COUNT = 300;
const AT_ONCE = 10;

test('a worker that is killed in the middle of 300 mails: each comes once, but for those that were on their way', async () => {
  const addresses = Array.from({ length: COUNT }, (_, i) => `n${i}@example.org`);
  await kit.subscribed(addresses, { share: 0 });
  await kit.says(change(1));
  await kit.pay(laneOfPublic(TEAM, 'tell'));
  const lane = laneOfPublic(TEAM, 'tell', 0);
  const told = { config: kit.config, smtp: smtp.url, changes: { '7/1': change(1) }, look: LOOK, shares: [0] };
  for (const most of [60, 150]) {
    // Some of them are accepted, and nobody hears of it any more.
    const child = spawn(
      process.execPath,
      [join(code.folder, 'test/public/subscribe/mail-process.js'), JSON.stringify(told)],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    await until(`${most} mails have come`, () => smtp.mails.length >= most, 1);
    let accept = () => {};
    smtp.state.held = 0;
    smtp.state.hold = new Promise<void>((resolve) => {
      accept = resolve;
    });
    await until('some are there whole, and not accepted yet', () => smtp.state.held >= 5, 1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const before = smtp.mails.length;
    smtp.state.hold = null;
    accept();
    await until('they are accepted all the same', () => smtp.mails.length >= before + 5, 1);
    expect(smtp.mails.length).toBeLessThan(COUNT);
    // The dead worker’s lease is over.
    await kit.sql(`update lane set lease_until = now() - interval '1 second' where lane = $1`, [lane]);
  }
  // Something new came meanwhile. What was under way is still the same message.
  await kit.says(change(2));
  await kit.pay(laneOfPublic(TEAM, 'tell'));
  await kit.paysAll();
  const ofFirst = smtp.mails.filter((mail) => mail.text?.includes('words of 1'));
  const ofSecond = smtp.mails.filter((mail) => mail.text?.includes('words of 2'));
  const twice = addresses.filter((to) => ofFirst.filter((mail) => mail.envelope.to === to).length > 1);
  for (const to of addresses) {
    const mine = ofFirst.filter((mail) => mail.envelope.to === to);
    expect([to, mine.length]).toEqual([to, twice.includes(to) ? mine.length : 1]);
    expect(new Set(mine.map(({ messageId }) => messageId)).size).toBe(1);
    expect(ofSecond.filter((mail) => mail.envelope.to === to)).toHaveLength(1);
  }
  // Those were mailed before, and nobody knew: without them this test would say little.
  expect(twice.length).toBeGreaterThanOrEqual(10);
  expect(twice.length).toBeLessThanOrEqual(2 * AT_ONCE);
});
