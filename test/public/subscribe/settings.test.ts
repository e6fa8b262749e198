import { expect, test } from '@jest/globals';
import { readSubscriberSettings } from '#public/subscribe/settings.js';

const read = (raw: unknown, secrets: string[] = ['smtp']) =>
  readSubscriberSettings(raw, (path) => `tocsin.yml:${path.length}`, secrets);

test('what may be left out has its usual value; absent as a whole, nobody can subscribe', () => {
  expect(read(undefined)).toEqual({ settings: null });
  expect(
    read({ email: { smtp: 'secret:smtp', from: '"Example Status" <Status@Example.org>' }, webhooks: true }),
  ).toEqual({
    settings: {
      email: {
        ...{ smtp: { secret: 'smtp' }, from: { name: 'Example Status', address: 'status@example.org' } },
        ...{ replyTo: null, returnPath: null, connections: 10 },
      },
      ...{
        webhooks: { allow: [] },
        slack: null,
        digestMs: 300_000,
        perHour: 200,
        perHourAndNetwork: 20,
        proxies: 0,
      },
    },
  });
  const more = read({
    webhooks: { allow: ['hooks.corp:8443'] },
    slack: { channel: '#status' },
    digest: '90s',
  });
  expect(more).toMatchObject({
    settings: {
      ...{ email: null, slack: { channel: 'status' }, digestMs: 90_000 },
      webhooks: { allow: [{ hostname: 'hooks.corp', port: 8443, protocol: null }] },
    },
  });
});

test.each([
  [
    'a password in the file',
    { email: { smtp: 'smtps://u:hunter2@host', from: 'a@b.org' } },
    'email.smtp is not a mail server',
  ],
  [
    'a secret that is not there',
    { email: { smtp: 'secret:none', from: 'a@b.org' } },
    'email.smtp refers to a secret',
  ],
  ['no sender', { email: { smtp: 'secret:smtp', from: 'me' } }, 'email.from is not a sender'],
  [
    'a sender with a line break',
    { email: { smtp: 'secret:smtp', from: 'a\nBcc: x <a@b.org>' } },
    'email.from is not a sender',
  ],
  ['a key that means nothing', { emial: {} }, 'emial'],
  ['no host', { webhooks: { allow: ['a b'] } }, 'webhooks.allow.0 is not a host'],
  ['no channel', { slack: { channel: '<!here>' } }, 'slack.channel is not a channel'],
  ['no span', { digest: 'soon' }, 'digest'],
])('%s is said with its place, and never with its value', (_, raw, what) => {
  const said = read(raw);
  expect(said).toHaveProperty('problems');
  const text = JSON.stringify(said);
  expect(text).toContain(what);
  expect(text).toMatch(/tocsin\.yml:\d/);
  expect(text).not.toContain('hunter2');
});
