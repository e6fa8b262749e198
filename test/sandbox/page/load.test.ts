import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Kit, startKit } from '../kit.js';
import { axe, type Eyes, hasBrowser, startEyes, until } from './browser.js';

const CHANNELS = 200;
const EACH = 100;
const ANA = 'U0ANA00001';
const BO = 'U0BO000002';

/** What the page asks for and is told, without a browser. */
describe('what the page is told', () => {
  let kit: Kit;
  const page = async <T>(path: string): Promise<T> =>
    (await fetch(`${kit.sandbox.url}${path}`)).json() as Promise<T>;

  beforeAll(async () => {
    kit = await startKit();
  });
  afterAll(async () => kit.stop());

  /** Collects changes from the stream until one of them fits. */
  const hear = async (user: string, after: string, fits: (told: Told) => boolean): Promise<Told[]> => {
    const stop = new AbortController();
    const response = await fetch(`${kit.sandbox.url}/live?user=${user}&after=${after}`, {
      signal: stop.signal,
    });
    const heard: Told[] = [];
    let rest = '';
    for await (const chunk of response.body ?? []) {
      rest += Buffer.from(chunk).toString();
      const parts = rest.split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const data = /^data: (.*)$/m.exec(part)?.[1];
        if (data) heard.push(...(JSON.parse(data) as Told[]));
      }
      if (heard.some(fits)) break;
    }
    stop.abort();
    return heard;
  };

  test('a page that was away is told what it missed, and nothing that is not for its person', async () => {
    const start = await page<{ epoch: string; seq: number }>('/page/start?user=bo');
    const after = `${start.epoch}:${start.seq}`;
    const { ts } = await kit.act<{ ts: string }>('message', {
      user: 'ana',
      channel: 'C0INCIDENT',
      text: 'missed',
    });
    await kit.client.chat
      .postEphemeral({ channel: 'C0INCIDENT', user: ANA, text: 'for ana' })
      .catch(() => {});
    const secret = await kit.act<{ channel: string }>('channel', {
      user: 'ana',
      name: 'secret',
      private: true,
    });
    await kit.act('message', { user: 'ana', channel: secret.channel, text: 'hidden' });
    await kit.act('message', { user: 'ana', channel: 'C0INCIDENT', text: 'the end' });
    const heard = await hear('bo', after, (it) => it.message?.text === 'the end');
    expect(heard.filter((it) => it.message?.ts === ts)).toHaveLength(1);
    expect(JSON.stringify(heard)).not.toMatch(/for ana|hidden/);
    const other = await page<{ error: string }>(`/page/messages?user=bo&channel=${secret.channel}`);
    expect(other).toEqual({ ok: false, error: 'channel_not_found' });
  });

  test('a page of another run, or from the future, starts again', async () => {
    const start = await page<{ epoch: string; seq: number }>('/page/start?user=bo');
    for (const after of ['other:3', `${start.epoch}:${start.seq + 1000}`, 'nonsense'])
      expect(await hear('bo', after, () => true)).toEqual([{ kind: 'restart' }]);
  });

  test('a reset is told, and what was read is unread again', async () => {
    const start = await page<{ epoch: string; seq: number }>('/page/start?user=bo');
    const told = hear(
      'bo',
      `${start.epoch}:${start.seq}`,
      (it) => it.kind === 'reload' || it.kind === 'restart',
    );
    await kit.act('reset');
    expect((await told).some((it) => it.kind === 'reload' || it.kind === 'restart')).toBe(true);
  });

  test('messages come in stretches: the newest, older ones, newer ones, around one', async () => {
    const all: string[] = [];
    for (let n = 0; n < 25; n += 1)
      all.push(
        (await kit.act<{ ts: string }>('message', { user: 'bo', channel: 'C0GENERAL1', text: `${n}` })).ts,
      );
    const ask = async (query: string) => {
      const got = await page<{ messages: Array<{ text: string }>; older: boolean; newer: boolean }>(
        `/page/messages?user=ana&channel=C0GENERAL1&limit=10&${query}`,
      );
      return [got.messages.map((it) => Number(it.text)), got.older, got.newer];
    };
    const from = (first: number, count: number) => Array.from({ length: count }, (_, at) => first + at);
    expect(await ask('')).toEqual([from(15, 10), true, false]);
    expect(await ask(`before=${all[15]}`)).toEqual([from(5, 10), true, true]);
    expect(await ask(`before=${all[5]}`)).toEqual([from(0, 5), false, true]);
    expect(await ask(`after=${all[14]}`)).toEqual([from(15, 10), true, false]);
    expect(await ask(`around=${all[12]}`)).toEqual([from(7, 10), true, true]);
  });
});

interface Told {
  kind: string;
  message?: { ts: string; text: string };
}

(hasBrowser ? describe : describe.skip)('the page with 200 channels and 20,000 messages', () => {
  let kit: Kit;
  let eyes: Eyes;

  beforeAll(async () => {
    const channels = Array.from({ length: CHANNELS }, (_, at) => {
      const name = `c-${String(at).padStart(3, '0')}`;
      const messages = Array.from({ length: EACH }, (_, n) => ({ user: ANA, text: `${name} message ${n}` }));
      return { id: `C0LOAD${String(at).padStart(4, '0')}`, name, members: [ANA, BO], messages };
    });
    kit = await startKit({ seed: { channels } });
    eyes = await startEyes(kit.sandbox.url);
  });
  afterAll(async () => {
    await eyes?.close();
    await kit?.stop();
  });

  test('loads, goes through a channel to its beginning, finds another, and shows what is posted', async () => {
    const page = await eyes.open(`/archives/C0LOAD0100?as=ana`);
    await page.locator('.message', { hasText: 'c-100 message 99' }).waitFor();
    expect(await page.locator('.place[data-channel]').count()).toBeGreaterThan(CHANNELS);
    expect(await page.locator('.message').count()).toBeLessThanOrEqual(60);
    await page.locator('.scroller').evaluate((it) => it.scrollTo(0, 0));
    await until(async () => (await page.locator('.message').count()) === EACH);
    // Someone who reads far above is not torn away by what is new.
    const top = await page.locator('.message', { hasText: 'c-100 message 45' }).boundingBox();
    await kit.act('message', { user: 'ana', channel: 'C0LOAD0100', text: 'posted below' });
    await page.locator('.message', { hasText: 'posted below' }).waitFor();
    expect((await page.locator('.message', { hasText: 'c-100 message 45' }).boundingBox())?.y).toBe(top?.y);
    await page.keyboard.press('Control+k');
    await page.keyboard.type('c-042 message 7');
    await page.getByRole('option', { name: /c-042 message 77/ }).click();
    await page.locator('.message.target', { hasText: 'c-042 message 77' }).waitFor();
    expect(await axe(page)).toEqual([]);
    expect(eyes.broken).toEqual([]);
  });
});
