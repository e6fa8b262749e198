import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { laneOfPublic } from '#domain/incident/effect.js';
import type { PublicPost } from '#domain/status/page.js';
import type { PublicChange } from '#public/change.js';
import {
  change,
  component,
  incident,
  type Kit,
  maintenance,
  post,
  startKit,
  startSmtp,
  TEAM,
} from './kit.js';

let kit: Kit;
let smtp: Awaited<ReturnType<typeof startSmtp>>;
beforeAll(async () => {
  kit = await startKit();
  smtp = await startSmtp();
  kit.settings.smtp = smtp.mailer();
});
afterEach(async () => {
  smtp.mails.length = 0;
  smtp.tried.length = 0;
  smtp.state.says = null;
  await kit.empties();
});
afterAll(async () => {
  await kit.close();
  await smtp.close();
});

test('everybody is mailed what is posted, with all that a program wants to know of such a mail', async () => {
  const [id = ''] = await kit.subscribed(['ana@example.org']);
  await kit.subscribed(['bob@example.org']);
  const nextBy = '2024-11-10T02:30:00Z';
  const said = post(1, { nextBy, components: [{ name: 'Speech', from: 'operational', to: 'partial' }] });
  await kit.says(change(1, { post: said, of: incident([said]) }));
  await kit.paysAll();
  expect(smtp.mails.map((mail) => mail.envelope.to).sort()).toEqual(['ana@example.org', 'bob@example.org']);
  const [mail] = smtp.to('ana@example.org');
  expect(mail?.subject).toBe('Identified: Voices are silent');
  expect(mail?.from?.text).toBe('"Example Status" <status@example.org>');
  expect(mail?.text).toContain('words of 1');
  expect(mail?.text).toContain('Affected: Speech: Partial outage');
  expect(mail?.text).toContain('Next update by Nov 10, 2024, 02:30 AM UTC');
  expect(mail?.text).toContain('https://status.example.org/incidents/INC-7.html');
  expect(mail?.html).toContain('words of 1');
  const header = (name: string) =>
    mail?.headerLines.find(({ key }) => key === name)?.line.replace(/\r?\n\s*/g, ' ');
  const link = /<(https:\/\/bot\.example\.org\/status\/unsubscribe\/([\w-]{43}))>/.exec(
    header('list-unsubscribe') ?? '',
  );
  expect(link).not.toBeNull();
  expect(mail?.text).toContain(link?.[1]);
  expect(header('list-unsubscribe-post')).toBe('List-Unsubscribe-Post: List-Unsubscribe=One-Click');
  expect(header('auto-submitted')).toBe('Auto-Submitted: auto-generated');
  expect(header('precedence')).toBe('Precedence: list');
  expect(header('list-id')).toBe('List-ID: <status.example.org>');
  expect(mail?.messageId).toMatch(new RegExp(`^<\\d+-\\d+\\.${id}@example\\.org>$`));
  // Nothing is left to do, in any lane.
  const open = await kit.sql('select lane from outbox where done_at is null');
  expect(open).toEqual([]);
});

test('changes come in order, each once, and only to those whom they concern', async () => {
  await kit.subscribed(['all@example.org']);
  await kit.subscribed(['speech@example.org'], { components: ['Speech', 'Gone'] });
  await kit.subscribed(['search@example.org'], { components: ['Search'] });
  for (const seq of [1, 2, 3]) {
    await kit.says(change(seq));
    await kit.paysAll();
  }
  await kit.says(change(4, { components: [] }));
  await kit.paysAll();
  const of = (address: string) => smtp.to(address).map((mail) => /words of \d/.exec(mail.text ?? '')?.[0]);
  expect(of('all@example.org')).toEqual([1, 2, 3, 4].map((n) => `words of ${n}`));
  expect(of('speech@example.org')).toEqual([1, 2, 3, 4].map((n) => `words of ${n}`));
  // What names no component may concern anybody.
  expect(of('search@example.org')).toEqual(['words of 4']);
});

test('somebody who has not confirmed, or has left, is told nothing', async () => {
  const [gone = ''] = await kit.subscribed(['left@example.org']);
  await kit.store.subscribers.ask({
    ...{
      team: TEAM,
      id: 'f'.repeat(24),
      kind: 'email',
      address: 'asked@example.org',
      components: [],
      language: 'en',
    },
    ...{ share: 0, secret: null },
  });
  await kit.sql('update subscriber set asked_at = null where id = $1', ['f'.repeat(24)]);
  await kit.says(change(1));
  await kit.store.subscribers.remove(TEAM, gone);
  await kit.paysAll();
  expect(smtp.tried).toEqual([]);
});

test('several that wait are one mail, in order; a resolved one and a first one do not wait', async () => {
  kit.settings.digestMs = 300_000;
  await kit.subscribed(['ana@example.org'], { share: 3 });
  const lane = laneOfPublic(TEAM, 'tell', 3);
  const first = post(1);
  await kit.says(change(1, { of: incident([first]), post: first }));
  await kit.paysAll();
  expect(smtp.mails).toHaveLength(1);
  await kit.says(change(2), change(3));
  await kit.paysAll();
  expect(smtp.mails).toHaveLength(1);
  // The lane is not paid before its time; and that is none for a mistake.
  const waiting = (await kit.rows(lane)).filter(({ done }) => !done);
  expect(waiting).toMatchObject([{ error: 'subscribers wait', dead: false }]);
  expect(waiting[0]?.ms).toBeGreaterThan(200_000);
  expect(waiting[0]?.ms).toBeLessThanOrEqual(300_000);
  await kit.waits();
  await kit.paysAll();
  expect(smtp.mails).toHaveLength(2);
  const text = smtp.mails[1]?.text ?? '';
  expect(smtp.mails[1]?.subject).toBe('2 updates: Example');
  expect(text.indexOf('words of 2')).toBeGreaterThan(-1);
  expect(text.indexOf('words of 3')).toBeGreaterThan(text.indexOf('words of 2'));
  // Another one waits; then the end comes, and takes it along at once.
  await kit.says(change(4));
  await kit.paysAll();
  expect(smtp.mails).toHaveLength(2);
  const over = post(5, { state: 'resolved' });
  await kit.says(change(5, { post: over, of: incident([over, post(4)]) }));
  await kit.paysAll();
  expect(smtp.mails).toHaveLength(3);
  expect(smtp.mails[2]?.text).toMatch(/words of 4[\s\S]*words of 5/);
});

test('a post that was withdrawn before it was told is never told; afterwards its withdrawal is', async () => {
  kit.settings.digestMs = 300_000;
  await kit.subscribed(['ana@example.org']);
  await kit.says(change(1));
  await kit.paysAll();
  await kit.says(change(2));
  await kit.paysAll();
  const withdrawn = post(2, { withdrawnAt: '2024-11-10T01:50:00Z', text: null });
  await kit.says(change(3, { kind: 'withdrawn', post: withdrawn, of: incident([withdrawn, post(1)]) }));
  kit.becomes(change(2, { post: withdrawn, of: incident([withdrawn, post(1)]) }));
  await kit.paysAll();
  expect(smtp.mails).toHaveLength(1);
  const first = post(1, { withdrawnAt: '2024-11-10T01:55:00Z', text: null });
  await kit.says(change(4, { kind: 'withdrawn', post: first, of: incident([first]) }));
  await kit.waits();
  await kit.paysAll();
  expect(smtp.mails).toHaveLength(2);
  expect(smtp.mails[1]?.subject).toBe('Withdrawn: Voices are silent');
  expect(smtp.mails[1]?.text).toContain('An earlier update was withdrawn.');
  expect(smtp.mails[1]?.text).not.toContain('words of');
});

test('one corrected before it was told is told once, as it is now', async () => {
  kit.settings.digestMs = 300_000;
  await kit.subscribed(['ana@example.org']);
  await kit.says(change(1));
  await kit.paysAll();
  const now = post(2, { correctedAt: '2024-11-10T01:50:00Z', text: 'better words' });
  const of = incident([now, post(1)]);
  await kit.says(change(2, { post: now, of }), change(3, { kind: 'corrected', post: now, of }));
  await kit.waits();
  await kit.paysAll();
  expect(smtp.mails).toHaveLength(2);
  expect(smtp.mails[1]?.text?.split('better words')).toHaveLength(2);
});

describe('planned work that is another than was said', () => {
  const planned = (n: number, more: Partial<PublicChange> = {}, plan: Partial<PublicPost> = {}) => {
    const said = post(1, { state: 'scheduled', text: 'We move on Sunday.', ...plan });
    const work = maintenance([said], { to: '2031-05-06T04:00:00Z', from: '2031-05-06T03:00:00Z' });
    return change(n, { incident: 0, of: null, kind: 'maintenance', maintenance: work, post: said, ...more });
  };
  const moved = (n: number) =>
    planned(n, { kind: 'corrected', moved: true }, { correctedAt: '2024-11-10T01:50:00Z' });
  const gone = { withdrawnAt: '2024-11-10T01:50:00Z', text: null };

  test('that was moved twice is told of once, with the time of now; in the mail that announces it not at all', async () => {
    kit.settings.digestMs = 300_000;
    const [early] = await kit.subscribed(['early@example.org']);
    await kit.says(planned(1));
    await kit.paysAll();
    await kit.subscribed(['late@example.org']);
    expect(early && smtp.to('early@example.org')[0]?.subject).toBe('Scheduled: Moving');
    await kit.says(moved(2), moved(3));
    await kit.paysAll();
    expect(smtp.to('early@example.org')).toHaveLength(2);
    const { subject, text = '' } = smtp.to('early@example.org')[1] ?? {};
    expect(subject).toBe('Rescheduled: Moving');
    expect(text.split('has changed')).toHaveLength(2);
    expect(text).toMatch(/Planned from May 6, 2031/);
    await kit.empties();
    smtp.mails.length = 0;
    await kit.subscribed(['ana@example.org']);
    await kit.says(planned(1), moved(2));
    await kit.paysAll();
    expect(smtp.mails.map((mail) => mail.subject)).toEqual(['Scheduled: Moving']);
  });

  test('and was withdrawn, is said to be, without its words and without a time', async () => {
    await kit.subscribed(['ana@example.org']);
    await kit.says(planned(1));
    await kit.paysAll();
    await kit.says(planned(2, { kind: 'withdrawn' }, gone));
    await kit.paysAll();
    expect(smtp.mails).toHaveLength(2);
    expect(smtp.mails[1]?.subject).toBe('Withdrawn: Moving');
    expect(smtp.mails[1]?.text).not.toMatch(/Sunday|Planned from/);
  });

  test('and was withdrawn before anybody heard of it, is not told at all', async () => {
    await kit.subscribed(['ana@example.org']);
    await kit.says(planned(1, {}, gone), planned(2, { kind: 'withdrawn' }, gone));
    await kit.paysAll();
    expect(smtp.mails).toEqual([]);
  });
});

test('nobody can say anything to a header, to HTML, or turn a line round', async () => {
  await kit.subscribed(['ana@example.org']);
  const evil = 'Down\r\nBcc: eve@example.org\r\n\r\n\u202eevil\u0000 <script>alert(1)</script> ~x~';
  const said = post(1, {
    text: `<img src=x onerror=alert(1)>\u2066 {title} '{' ]]>\r\n.\r\nQUIT\r\n${evil}`,
  });
  const page = { ...change(1).page, components: [component(evil)] };
  await kit.says(change(1, { post: said, of: incident([said], { title: evil }), page, components: [evil] }));
  await kit.paysAll();
  const [mail] = smtp.mails;
  expect(smtp.tried).toEqual(['ana@example.org']);
  expect(mail?.subject).toBe('Identified: Down Bcc: eve@example.org evil <script>alert(1)</script> ~x~');
  expect(mail?.headers.has('bcc')).toBe(false);
  expect(mail?.text).toContain('{title}');
  expect(mail?.text).toContain('\nQUIT\n');
  expect(`${mail?.html}${mail?.text}${mail?.subject}`).not.toMatch(/[\u202a-\u202e\u2066-\u2069]|\0/);
  expect(mail?.html).not.toMatch(/<(script|img)/);
});

test.each([
  ['de', 'Ursache erkannt: Voices are silent', 'Abbestellen'],
  ['fr', 'Cause identifiée : Voices are silent', 'Se désabonner'],
  ['es', 'Causa identificada: Voices are silent', 'Cancelar la suscripción'],
  ['ja', '原因特定: Voices are silent', '購読を解除'],
])('in %s', async (language, subject, word) => {
  await kit.subscribed(['ana@example.org'], { language });
  await kit.says(change(1));
  await kit.paysAll();
  expect(smtp.mails[0]?.subject).toBe(subject);
  expect(smtp.mails[0]?.text).toContain(word);
  expect(smtp.mails[0]?.html).toContain(`<html lang="${language}">`);
});

test('who is refused, deferred, dropped or kept waiting holds nobody up, and each has its own fate', async () => {
  const names = ['gone', 'later', 'drop', 'spam', 'ana', 'bob', 'cem'];
  const ids = new Map<string, string>();
  for (const name of names)
    ids.set(name, (await kit.subscribed([`${name}@example.org`], { share: 5 }))[0] ?? '');
  const of = (name: string) => kit.of(ids.get(name) ?? '');
  await kit.says(change(1));
  await kit.paysAll();
  for (const name of ['ana', 'bob', 'cem']) expect(smtp.to(`${name}@example.org`)).toHaveLength(1);
  expect(await of('gone')).toMatchObject({ state: 'confirmed', bounces: 1, failures: 1, retryAt: null });
  expect((await of('gone')).lastError).toBe('550 5.1.1 <…> no such user here');
  expect(await of('later')).toMatchObject({
    bounces: 0,
    failures: 0,
    tries: 1,
    lastError: expect.stringMatching(/^451/),
  });
  expect(await of('drop')).toMatchObject({ bounces: 0, failures: 0, tries: 1 });
  // It is this mail that is refused, and not that mailbox.
  expect(await of('spam')).toMatchObject({
    bounces: 0,
    failures: 1,
    lastError: expect.stringMatching(/^554/),
  });
  // What failed comes again, and nothing else does.
  await kit.waits();
  await kit.paysAll();
  expect(await of('later')).toMatchObject({ tries: 2 });
  expect(smtp.mails).toHaveLength(3);
  expect(smtp.tried.filter((to) => to.startsWith('gone'))).toHaveLength(1);
  // After the third refusal in a row that address is written to no more.
  for (const seq of [2, 3, 4]) {
    await kit.says(change(seq));
    await kit.waits();
    await kit.paysAll();
  }
  expect(await of('gone')).toMatchObject({ state: 'retired', bounces: 3 });
  expect(smtp.tried.filter((to) => to.startsWith('gone'))).toHaveLength(3);
  expect(smtp.to('ana@example.org')).toHaveLength(4);
  // No address of anybody's is in the log.
  expect(JSON.stringify(kit.logged)).not.toContain('@example.org');
  expect(kit.logged.some((line) => line.subscriber === ids.get('gone'))).toBe(true);
  // A day later it is given up; what comes then is told.
  await kit.sql(`update public_change set noted_at = noted_at - interval '25 hours'`);
  await kit.waits();
  await kit.paysAll();
  expect(await of('later')).toMatchObject({ failures: 4, state: 'confirmed', bounces: 0 });
});

test('a server that is not there is nobody’s fault: it is asked again, and then everybody is told once', async () => {
  const [id = ''] = await kit.subscribed(['ana@example.org'], { share: 1 });
  await kit.subscribed(['bob@example.org'], { share: 1 });
  const own = kit.settings.smtp;
  const nowhere = smtp.mailer({ smtp: 'smtp://127.0.0.1:1' });
  kit.settings.smtp = nowhere;
  await kit.says(change(1));
  await kit.paysAll();
  expect(await kit.of(id)).toMatchObject({ tries: 0, bounces: 0, failures: 0, cursor: 0 });
  const lane = laneOfPublic(TEAM, 'tell', 1);
  expect(await kit.rows(lane)).toMatchObject([
    { done: false, dead: false, error: expect.stringContaining('ECONNREFUSED') },
  ]);
  nowhere.close();
  kit.settings.smtp = own;
  // A rule against us is no word against a mailbox.
  smtp.state.says = { code: 550, text: '5.7.1 relaying denied' };
  await kit.waits();
  await kit.paysAll();
  expect(await kit.of(id)).toMatchObject({ bounces: 0, failures: 0, state: 'confirmed' });
  smtp.state.says = null;
  await kit.waits();
  await kit.paysAll();
  expect(smtp.mails.map((mail) => mail.envelope.to).sort()).toEqual(['ana@example.org', 'bob@example.org']);
  expect((await kit.rows(lane)).every(({ done }) => done)).toBe(true);
});

test('what comes back later comes back under the name of the subscriber, and connections are kept', async () => {
  const own = kit.settings.smtp;
  const mailer = smtp.mailer({
    returnPath: 'bounces@example.org',
    replyTo: 'help@example.org',
    connections: 2,
  });
  kit.settings.smtp = mailer;
  const before = smtp.connections();
  const ids = await kit.subscribed(Array.from({ length: 40 }, (_, i) => `n${i}@example.org`));
  await kit.says(change(1));
  await kit.paysAll();
  expect(smtp.mails).toHaveLength(40);
  expect(smtp.connections() - before).toBe(2);
  expect(smtp.mails[0]?.replyTo?.text).toBe('help@example.org');
  expect(smtp.mails.map((mail) => mail.envelope.from).sort()).toEqual(
    ids.map((id) => `bounces+${id}@example.org`).sort(),
  );
  mailer.close();
  kit.settings.smtp = own;
});

test('news come while a share waits for a later time, and are told at once', async () => {
  await kit.subscribed(['later@example.org', 'ana@example.org'], { share: 2 });
  await kit.says(change(1));
  await kit.paysAll();
  expect(smtp.to('ana@example.org')).toHaveLength(1);
  const lane = laneOfPublic(TEAM, 'tell', 2);
  const waiting = (await kit.rows(lane)).filter(({ done }) => !done);
  expect(waiting).toHaveLength(1);
  expect(waiting[0]?.ms).toBeGreaterThan(0);
  await kit.says(change(2));
  await kit.paysAll();
  expect(smtp.to('ana@example.org')).toHaveLength(2);
  // Never more than one row that waits, whatever was said.
  expect((await kit.rows(lane)).filter(({ done }) => !done)).toHaveLength(1);
});

test('a recipient of whom the server says nothing holds up nobody, and is tried again', async () => {
  const own = kit.settings.smtp;
  const mailer = smtp.mailer({ connections: 2 }, 700);
  kit.settings.smtp = mailer;
  const [mute = ''] = await kit.subscribed(['mute@example.org'], { share: 6 });
  await kit.subscribed(
    Array.from({ length: 20 }, (_, i) => `n${i}@example.org`),
    { share: 6 },
  );
  await kit.says(change(1));
  await kit.paysAll();
  expect(smtp.mails).toHaveLength(20);
  expect(await kit.of(mute)).toMatchObject({ tries: 1, bounces: 0, failures: 0, state: 'confirmed' });
  mailer.close();
  kit.settings.smtp = own;
});
