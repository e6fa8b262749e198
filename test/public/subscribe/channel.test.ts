import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { channelDestination, channelMessage } from '#public/subscribe/channel.js';
import { Secret } from '#runbooks/secret.js';
import { change, incident, LOOK, post } from './kit.js';

const message = (text: string, title = 'Voices are silent') => {
  const said = post(1, { text });
  return channelMessage(change(1, { post: said, of: incident([said], { title }) }), LOOK);
};

test('what is posted stands there whole, with a link to the page', () => {
  const { text, blocks } = message('We look into it.\nSoon more.');
  expect(text).toBe('Identified: Voices are silent\nWe look into it.\nSoon more.\nAffected: Speech');
  expect(blocks).toMatchObject([
    { type: 'header', text: { type: 'plain_text', text: 'Identified: Voices are silent' } },
    { type: 'section', text: { type: 'plain_text', text: 'We look into it.\nSoon more.', emoji: false } },
    { type: 'section', text: { text: 'Affected: Speech' } },
    {
      elements: [
        { type: 'plain_text' },
        { text: '<https://status.example.org/incidents/INC-7.html|Details>' },
      ],
    },
  ]);
});

test('no words of anybody’s are a mention, a link or a format', () => {
  const evil = '<!channel> <@U0ANA00001> <https://evil.example|our bank> *bold* \u202ex & :wave:';
  const { text, blocks } = message(evil, evil);
  expect(text).not.toMatch(/<[!@h]/);
  expect(text).not.toContain('\u202e');
  for (const block of blocks as Array<{ type: string; text?: { type: string } }>)
    if (block.text) expect(block.text.type).toBe('plain_text');
});

test('forty thousand characters keep to the limits of Slack, and say that there is more', () => {
  const { text, blocks } = message('😀'.repeat(20_000), 'T'.repeat(500));
  expect(blocks.length).toBeLessThanOrEqual(12);
  for (const block of blocks as Array<{ type: string; text?: { text: string } }>) {
    const most = block.type === 'header' ? 150 : 3_000;
    expect((block.text?.text ?? '').length).toBeLessThanOrEqual(most);
    expect(block.text?.text ?? '').not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
  }
  expect(JSON.stringify(blocks)).toContain('The rest is on the page.');
  expect(text.length).toBeLessThanOrEqual(3_000);
});

test('the same change is the same message, which says no number of an incident', async () => {
  const ids: string[] = [];
  const under = (secret: string) =>
    channelDestination({
      ...{ channel: () => 'status', look: () => LOOK },
      post: async (_channel, _text, _blocks, id) => void ids.push(id),
      seal: (text) => new Secret(createHmac('sha256', secret).update(text).digest('base64url')),
    });
  const to = under('pepper');
  await to.tell(change(1), new AbortController().signal);
  await to.tell(change(1), new AbortController().signal);
  await to.tell(change(2), new AbortController().signal);
  expect(new Set(ids).size).toBe(2);
  expect(ids[0]).toMatch(/^status:[\w-]{20}$/);
  // Whoever tries all numbers lacks the secret.
  await under('salt').tell(change(1), new AbortController().signal);
  expect(new Set(ids).size).toBe(3);
});
