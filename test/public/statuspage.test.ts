import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Destination, PARTS, type PublicChange, Refusing } from '#public/change.js';
import { createStatuspage, readStatuspageSettings } from '#public/elsewhere/statuspage.js';
import { Scrub } from '#runbooks/scrub.js';
import { fingerprints } from '#runbooks/secret.js';
import { FOUNDING, Made } from './changes.js';
import { BEGUN, type Fate, KEY, PAGE, There } from './statuspage-there.js';

const API = 'Text to Speech (Developer API)';
const at = (path: readonly PropertyKey[]) => `tocsin.yml:${path.length}`;
const never = new AbortController().signal;

let there: There;
beforeEach(async () => {
  there = new There();
  await there.start();
});
afterEach(() => there.stop());

/** A process of its own: it remembers nothing of what others have done. */
function aProcess(
  more: { key?: string; env?: Record<string, string>; url?: string; ms?: number } = {},
): Destination {
  const read = readStatuspageSettings(
    {
      ...{ page: PAGE, key: more.key ?? 'env:STATUSPAGE_KEY', url: more.url ?? there.url },
      components: { [API]: 'their-api', Website: 'their-web' },
    },
    at,
  );
  if ('problems' in read || !read.settings) throw new Error(JSON.stringify(read));
  const scrub = new Scrub(fingerprints('pepper'));
  const env = more.env ?? { STATUSPAGE_KEY: KEY };
  return createStatuspage(read.settings, { env, scrub, look: () => ({ title: 'Voices' }), ms: more.ms });
}

const tellAll = async (changes: readonly PublicChange[], process = aProcess()) => {
  for (const change of changes) await process.tell(change, never);
};
const told = (changes: readonly PublicChange[]) => tellAll(changes);

describe('what is published here is there', () => {
  test('the founding report: four posts, at their own times, with components, words encoded', async () => {
    const made = new Made();
    await told(FOUNDING.map((post) => made.post(post)));
    expect(there.seen()).toEqual({
      components: { 'their-api': 'operational', 'their-web': 'operational' },
      incidents: [
        {
          ...{ name: 'Text to Speech fails for some customers', status: 'resolved', impact: 'major' },
          ...{ for: undefined, until: undefined, postmortem: 'What happened: keys.' },
          updates: [
            ['resolved', 'All works.', '2024-11-10T02:02:00Z'],
            ['monitoring', 'A fix is out &amp; watched.<br />\r\n1 &lt; 2', '2024-11-10T01:44:00Z'],
            ['identified', 'Requests with old keys fail.', '2024-11-10T01:41:11.000Z'],
          ],
        },
      ],
    });
    expect(there.keys.every((key) => key === `OAuth ${KEY}`)).toBe(true);
  });

  test('a component’s state with each post, and by itself', async () => {
    const made = new Made();
    await told([made.post(FOUNDING[0]!)]);
    expect(there.components.get('their-api')).toBe('partial_outage');
    await told([made.state('Website', 'maintenance'), made.state('Nobody there knows', 'major')]);
    expect(Object.fromEntries(there.components)).toEqual({
      'their-api': 'partial_outage',
      'their-web': 'under_maintenance',
    });
  });

  test('the same changes once more, by whatever process, add nothing', async () => {
    const made = new Made();
    const changes = FOUNDING.map((post) => made.post(post));
    await told(changes);
    const before = there.seen();
    for (const change of changes) await aProcess().tell(made.again(change), never);
    expect(there.seen()).toEqual(before);
  });

  test('two incidents with the same words are two; a private one has its opaque name alone', async () => {
    const [one, two] = [new Made('INC-7', null), new Made('k3j9x2m4p8q1', null)];
    await told([one.post(FOUNDING[0]!), two.post(FOUNDING[0]!), two.post(FOUNDING[1]!)]);
    expect(there.incidents.map(({ name, incident_updates }) => [name, incident_updates.length])).toEqual([
      [API, 1],
      [API, 2],
    ]);
    expect(there.incidents.map(({ metadata }) => (metadata.tocsin as { ref: string }).ref)).toEqual([
      'INC-7',
      'k3j9x2m4p8q1',
    ]);
  });

  test('a post of an earlier time is displayed then, and leaves the state as it is', async () => {
    const made = new Made();
    await told([
      made.post(FOUNDING[0]!),
      made.post(FOUNDING[1]!),
      made.post({ at: '2024-11-10T01:35:00Z', state: 'investigating', text: 'We look.' }),
    ]);
    expect(there.incidents[0]?.status).toBe('monitoring');
    expect(there.seen().incidents[0]?.updates[0]).toEqual(['monitoring', 'We look.', '2024-11-10T01:35:00Z']);
  });

  test('told late, each post has its own state, and the end is as it is here', async () => {
    const made = new Made();
    const changes = FOUNDING.slice(0, 3).map((post) => made.post(post));
    await told(changes.map((change) => made.again(change)));
    expect(there.seen().incidents[0]?.updates.map(([status]) => status)).toEqual([
      'resolved',
      'monitoring',
      'identified',
    ]);
    expect(there.components.get('their-api')).toBe('operational');
  });

  test('the title as it is now', async () => {
    const made = new Made();
    const first = made.post(FOUNDING[0]!);
    await told([first]);
    made.title = 'Keys are refused';
    await told([made.post(FOUNDING[1]!)]);
    expect(there.incidents[0]?.name).toBe('Keys are refused');
  });

  test('others’ notes with the incident stay', async () => {
    const made = new Made();
    await told([made.post(FOUNDING[0]!)]);
    (there.incidents[0] as { metadata: object }).metadata = {
      ...there.incidents[0]?.metadata,
      jira: { id: 'OPS-1' },
    };
    await told([made.post(FOUNDING[1]!), made.correct(1, { text: 'Other words' })]);
    expect(there.incidents[0]?.metadata.jira).toEqual({ id: 'OPS-1' });
  });

  test('markup is words', async () => {
    const made = new Made();
    await told([made.post({ ...FOUNDING[0]!, text: '<script>alert(1)</script> &lt;' })]);
    expect(there.seen().incidents[0]?.updates[0]?.[1]).toBe('&lt;script&gt;alert(1)&lt;/script&gt; &amp;lt;');
  });
});

describe('corrections', () => {
  test('change the words, and the time, of that update; nobody is told anew', async () => {
    const made = new Made();
    await told([made.post(FOUNDING[0]!), made.post(FOUNDING[1]!)]);
    await told([
      made.correct(1, { text: 'Requests with keys from before May fail.', at: '2024-11-10T01:30:00Z' }),
    ]);
    expect(there.seen().incidents[0]?.updates).toEqual([
      ['monitoring', 'A fix is out &amp; watched.<br />\r\n1 &lt; 2', '2024-11-10T01:44:00Z'],
      ['identified', 'Requests with keys from before May fail.', '2024-11-10T01:30:00Z'],
    ]);
    await told([made.correct(1, { text: 'And once more.' })]);
    expect(there.seen().incidents[0]?.updates[1]?.[1]).toBe('And once more.');
  });

  test('of two posts with the same words, the one that is meant', async () => {
    const made = new Made();
    const same = (time: string) => ({ at: time, state: 'monitoring' as const, text: 'We still watch.' });
    await told([
      made.post(same('2024-11-10T01:50:00Z')),
      made.post(same('2024-11-10T01:55:00Z')),
      made.post(same('2024-11-10T02:00:00Z')),
    ]);
    await told([made.correct(2, { text: 'The second' })]);
    expect(there.seen().incidents[0]?.updates.map(([, body]) => body)).toEqual([
      'We still watch.',
      'The second',
      'We still watch.',
    ]);
    await told([made.correct(3, { text: 'The third' })]);
    expect(there.seen().incidents[0]?.updates.map(([, body]) => body)).toEqual([
      'The third',
      'The second',
      'We still watch.',
    ]);
  });

  test('a post by mistake loses its words, and the state it had brought', async () => {
    const made = new Made();
    await told([made.post(FOUNDING[0]!), made.post(FOUNDING[2]!)]);
    expect(there.incidents[0]?.status).toBe('resolved');
    await told([made.withdraw(2, 'partial')]);
    expect(there.seen()).toMatchObject({ components: { 'their-api': 'partial_outage' } });
    const [incident] = there.seen().incidents;
    expect(incident?.status).toBe('identified');
    expect(incident?.updates.map(([status, body]) => [status, body])).toEqual([
      ['identified', 'An earlier update was corrected or withdrawn. How this incident stands is shown here.'],
      ['resolved', 'This update was published by mistake and has been withdrawn.'],
      ['identified', 'Requests with old keys fail.'],
    ]);
  });

  test('the only post by mistake: the incident is over', async () => {
    const made = new Made();
    await told([made.post(FOUNDING[0]!), made.withdraw(1, 'operational')]);
    expect(there.incidents[0]?.status).toBe('resolved');
    expect(JSON.stringify(there.seen())).not.toContain('old keys');
  });

  test('a postmortem is corrected where it stands', async () => {
    const made = new Made();
    await told(FOUNDING.map((post) => made.post(post)));
    await told([made.correct(4, { text: 'What happened, in better words.' })]);
    expect(there.seen().incidents[0]?.postmortem).toBe('What happened, in better words.');
  });

  test('what was withdrawn before it was told is never told', async () => {
    const made = new Made();
    const post = made.post(FOUNDING[0]!);
    const withdrawn = made.withdraw(1, 'operational');
    await told([made.again(post), withdrawn]);
    expect(there.incidents).toEqual([]);
  });

  test('what was published before this was switched on is not told because of a correction; what was refused a moment ago is', async () => {
    const made = new Made();
    made.post({ ...FOUNDING[0]!, recordedAt: '2024-11-08T01:41:00Z' });
    await told([made.correct(1, { text: 'Better words' })]);
    expect(there.incidents).toEqual([]);
    const long = new Made('INC-8');
    await expect(
      aProcess().tell(long.post({ ...FOUNDING[0]!, text: 'x'.repeat(25_001) }), never),
    ).rejects.toThrow(Refusing);
    await told([long.correct(1, { text: 'Shorter' })]);
    expect(there.seen().incidents[0]?.updates[0]?.[1]).toBe('Shorter');
  });

  test('an update that somebody changed there by hand is left to them', async () => {
    const made = new Made();
    await told([made.post(FOUNDING[0]!)]);
    (there.incidents[0]?.incident_updates[0] as { body: string }).body = 'By hand';
    const error = await aProcess()
      .tell(made.correct(1, { text: 'Ours' }), never)
      .catch((why: unknown) => why);
    expect(error).toBeInstanceOf(Refusing);
    expect(there.seen().incidents[0]?.updates[0]?.[1]).toBe('By hand');
  });
});

describe('planned work', () => {
  const planned = () => new Made('MNT-3', 'New racks', true);
  test('is announced, begins and ends, with words or without', async () => {
    const made = planned();
    await told([made.post({ at: '2024-11-10T00:00:00Z', state: 'scheduled', text: null })]);
    expect(there.seen().incidents[0]).toMatchObject({
      ...{
        name: 'New racks',
        status: 'scheduled',
        for: '2024-11-20T01:00:00Z',
        until: '2024-11-20T02:00:00Z',
      },
      updates: [
        ['scheduled', 'We will be undergoing scheduled maintenance during this time.', expect.anything()],
      ],
    });
    await told([
      made.post({ at: '2024-11-20T01:00:00Z', state: 'in_progress', text: null, to: 'maintenance' }),
    ]);
    expect(there.components.get('their-api')).toBe('under_maintenance');
    await told([
      made.post({ at: '2024-11-20T01:30:00Z', state: 'in_progress', text: 'Half of it is done.' }),
      made.post({ at: '2024-11-20T02:00:00Z', state: 'completed', text: null, to: 'operational' }),
    ]);
    expect(there.components.get('their-api')).toBe('operational');
    expect(there.seen().incidents[0]?.updates.map(([status]) => status)).toEqual([
      'completed',
      'in_progress',
      'in_progress',
      'scheduled',
    ]);
    expect(there.incidents[0]).toMatchObject({
      scheduled_auto_in_progress: false,
      auto_transition_to_operational_state: false,
    });
  });

  test('that is moved has its new times there, whatever is known of it there, and who is told there hears of it once', async () => {
    const made = planned();
    await told([made.post({ at: '2024-11-10T00:00:00Z', state: 'scheduled', text: 'Racks.' })]);
    made.times = ['2024-11-21T01:00:00Z', '2024-11-21T03:00:00Z'];
    const moved = made.correct(1, {});
    await told([moved, moved]);
    expect(there.seen().incidents[0]).toMatchObject({
      ...{ for: '2024-11-21T01:00:00Z', until: '2024-11-21T03:00:00Z', status: 'scheduled' },
      updates: [
        ['scheduled', expect.stringContaining('has changed'), expect.anything()],
        ['scheduled', 'Racks.', expect.anything()],
      ],
    });
    // Corrected words, and the same times: nothing is told anew.
    await told([made.correct(1, { text: 'New racks.' })]);
    expect(there.seen().incidents[0]?.updates).toHaveLength(2);
    // A plan of long before this was switched on, of which only what came later is told there.
    const old = planned();
    const plan = old.post({ at: '2024-11-01T00:00:00Z', state: 'scheduled', text: 'Long ago.' });
    const second = { ...old.post({ at: '2024-11-10T00:00:00Z', state: 'scheduled', text: 'Soon.' }) };
    const named = (change: PublicChange): PublicChange =>
      change.maintenance ? { ...change, maintenance: { ...change.maintenance, ref: 'MNT-4' } } : change;
    expect(plan.maintenance?.ref).toBe('MNT-3');
    await told([named(second)]);
    old.times = ['2024-11-22T01:00:00Z', '2024-11-22T03:00:00Z'];
    await told([named(old.correct(1, {}))]);
    expect(there.seen().incidents[1]).toMatchObject({ for: '2024-11-22T01:00:00Z' });
    expect(JSON.stringify(there.incidents[1])).not.toContain('Long ago.');
  });

  test('that was planned by mistake loses its words, and is over', async () => {
    const made = planned();
    await told([made.post({ at: '2024-11-10T00:00:00Z', state: 'scheduled', text: 'Racks.' })]);
    await told([made.withdraw(1)]);
    expect(there.seen().incidents[0]).toMatchObject({ status: 'completed' });
    expect(JSON.stringify(there.incidents)).not.toContain('Racks.');
  });

  test('that was over before anything of it was told there is not made up', async () => {
    const made = planned();
    made.post({ at: '2024-11-10T00:00:00Z', state: 'scheduled', text: null });
    await told([made.post({ at: '2024-11-20T02:00:00Z', state: 'completed', text: null })]);
    expect(there.incidents).toEqual([]);
  });

  test('that is cancelled is completed there, and its words say so', async () => {
    const made = planned();
    await told([
      made.post({ at: '2024-11-10T00:00:00Z', state: 'scheduled', text: 'Racks.' }),
      made.post({ at: '2024-11-11T00:00:00Z', state: 'cancelled', text: null }),
    ]);
    expect(there.seen().incidents[0]?.updates[0]?.slice(0, 2)).toEqual([
      'completed',
      'This scheduled maintenance has been cancelled.',
    ]);
  });
});

describe('whatever breaks', () => {
  /** Everything that can be done, so that each kind of request is among them. */
  const story = () => {
    const made = new Made();
    const plan = new Made('MNT-1', 'New racks', true);
    return [
      ...[made.post(FOUNDING[0]!), made.post(FOUNDING[1]!), made.correct(1, { text: 'Better words' })],
      ...[made.state('Website', 'degraded'), made.post(FOUNDING[2]!), made.withdraw(3, 'degraded')],
      ...[
        made.post({ ...FOUNDING[2]!, at: '2024-11-10T02:30:00Z' }),
        made.post(FOUNDING[3]!),
        made.correct(5, { text: 'Post, better' }),
      ],
      ...[plan.post({ at: '2024-11-10T00:00:00Z', state: 'scheduled', text: 'Racks' })],
      ...[plan.post({ at: '2024-11-20T01:00:00Z', state: 'in_progress', text: null, to: 'maintenance' })],
    ];
  };
  const withoutTimes = () => {
    const { components, incidents } = there.seen();
    // Without those that nobody set: when something was made there.
    const times = (of: Array<Array<string>>) =>
      of.map(([status, body, time = '']) => [status, body, /\.000Z$/.test(time) ? 'made' : time]);
    return {
      components,
      incidents: incidents.map((one) => ({ ...one, updates: times(one.updates as string[][]) })),
    };
  };
  const tellUntilTold = async (change: PublicChange) => {
    let errors = 0;
    for (;;) {
      try {
        // A process that fails is another one the next time: it remembers nothing. No fate here is silence, so nothing waits.
        await aProcess({ ms: 10_000 }).tell(change, never);
        return errors;
      } catch (error) {
        if (error instanceof Refusing) throw error;
        errors += 1;
        if (errors > 3) throw error;
      }
    }
  };

  let undisturbed: unknown;
  let requests = 0;
  beforeEach(async () => {
    await tellAll(story());
    undisturbed = withoutTimes();
    requests = there.requests.length;
    await there.stop();
    there = new There();
    await there.start();
  });

  test.each<[string, Fate[]]>([
    ['is lost behind their commit', ['drop after', 'half']],
    [
      'comes to nothing',
      [
        ...(['drop', { status: 429, headers: { 'retry-after': '60' } }, { status: 420 }] as const),
        ...[{ status: 500, body: '<html>' }, { status: 503 }, { status: 200, body: '<html>welcome</html>' }],
      ],
    ],
  ])('where any one request %s, the next try comes to the same, once', async (_, fates) => {
    expect(requests).toBeGreaterThan(20);
    for (let broken = 1; broken <= requests; broken++) {
      there.incidents.length = 0;
      there.clock = BEGUN;
      for (const id of there.components.keys()) there.components.set(id, 'operational');
      there.count();
      there.fate = (n) => (n === broken ? (fates[n % fates.length] ?? 'good') : 'good');
      let errors = 0;
      for (const change of story()) errors += await tellUntilTold(change);
      expect([broken, errors]).toEqual([broken, 1]);
      expect([broken, withoutTimes()]).toEqual([broken, undisturbed]);
    }
  });

  test('no answer at all is waited for no longer than is said', async () => {
    there.fate = () => 'silence';
    await expect(aProcess({ ms: 50 }).tell(story()[0]!, never)).rejects.toThrow(
      'did not answer within 0.05 s',
    );
  });

  test.each([
    [401, /does not let the key of status\.statuspage\.key do that \(401/],
    [403, /does not let the key/],
    [404, /knows no such thing \(404, GET incidents\): check status\.statuspage\.page/],
    [400, /refused it \(400, GET incidents\): as you wish/],
    [422, /refused it \(422/],
    [302, /redirects are not followed/],
  ])('%d is for good, and said plainly, without the key', async (status, said) => {
    there.fate = () => ({ status });
    const error = await aProcess()
      .tell(story()[0]!, never)
      .catch((why: unknown) => why);
    expect(error).toBeInstanceOf(Refusing);
    expect((error as Error).message).toMatch(said);
    there.fate = () => ({ status: 422, body: JSON.stringify({ error: [`bad key ${KEY}`] }) });
    const echoed = await aProcess()
      .tell(story()[0]!, never)
      .catch((why: unknown) => why);
    expect((echoed as Error).message).not.toContain(KEY);
    expect((echoed as Error).message).toContain('[secret fp:');
  });

  test('a wrong key is refused for good', async () => {
    await expect(aProcess({ env: { STATUSPAGE_KEY: 'wrong' } }).tell(story()[0]!, never)).rejects.toThrow(
      Refusing,
    );
    expect(there.incidents).toEqual([]);
  });

  test('an id that they do not know is refused for good, and nothing is made', async () => {
    there.components.delete('their-api');
    await expect(aProcess().tell(story()[0]!, never)).rejects.toThrow(
      /refused it \(422.*component_ids is invalid/,
    );
    expect(there.incidents).toEqual([]);
  });

  test('an incident that somebody deleted there is made anew by the next post', async () => {
    const made = new Made();
    const process = aProcess();
    await process.tell(made.post(FOUNDING[0]!), never);
    there.incidents.length = 0;
    await process.tell(made.post(FOUNDING[1]!), never);
    expect(there.incidents.map(({ incident_updates }) => incident_updates.length)).toEqual([1]);
  });
});

describe('it is looked for among many', () => {
  test.each([0, 1] as const)('where their pages are counted from %d', async (from) => {
    there.from = from;
    const made = new Made();
    await told([made.post(FOUNDING[0]!)]);
    for (let i = 0; i < 250; i++) there.byHand(new Date(there.clock + (i + 1) * 60_000).toISOString());
    await told([made.post(FOUNDING[1]!)]);
    expect(
      there.incidents.filter(({ name }) => name !== 'By hand').map((one) => one.incident_updates.length),
    ).toEqual([2]);
  });

  test('no further back than a day before it began', async () => {
    for (let i = 0; i < 450; i++)
      there.byHand(new Date(Date.parse('2024-11-10T00:00:00Z') - i * 3_600_000).toISOString());
    await told([new Made().post(FOUNDING[0]!)]);
    expect(there.requests.filter((one) => one.startsWith('GET'))).toEqual([
      `GET pages/${PAGE}/incidents?limit=100`,
    ]);
  });

  test('a process that has met it asks for it alone', async () => {
    const made = new Made();
    const process = aProcess();
    await process.tell(made.post(FOUNDING[0]!), never);
    there.count();
    await process.tell(made.post(FOUNDING[1]!), never);
    expect(there.requests[0]).toBe(`GET pages/${PAGE}/incidents/${there.incidents[0]?.id}`);
  });
});

describe('the key', () => {
  test('goes to no address but its own, whoever points elsewhere', async () => {
    const met: string[] = [];
    const other = createServer((request, response) => {
      met.push(String(request.headers.authorization));
      response.end('{}');
    });
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
    there.fate = () => ({ status: 307, headers: { location } });
    await expect(aProcess().tell(new Made().post(FOUNDING[0]!), never)).rejects.toThrow(
      /redirects are not followed/,
    );
    expect(met).toEqual([]);
    await new Promise((done) => other.close(done));
  });

  test('is read anew each time; where it is missing the place is named, and it is tried again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tocsin-key-'));
    const file = join(folder, 'key');
    const process = aProcess({ key: `file:${file}` });
    const change = new Made().post(FOUNDING[0]!);
    const error = await process.tell(change, never).catch((why: unknown) => why);
    expect(error).not.toBeInstanceOf(Refusing);
    expect((error as Error).message).toBe(`the secret could not be read from file:${file}: ENOENT`);
    await writeFile(file, `${KEY}\n`);
    await process.tell(change, never);
    expect(there.incidents).toHaveLength(1);
    await expect(aProcess({ env: {} }).tell(change, never)).rejects.toThrow(
      'the secret is empty: there is nothing in env:STATUSPAGE_KEY',
    );
    await rm(folder, { recursive: true });
  });
});

describe('settings', () => {
  const good = { page: PAGE, key: 'env:STATUSPAGE_KEY', components: { API: 'c1' } };
  test('are off unless they are there', () => {
    expect(readStatuspageSettings(undefined, at)).toEqual({ settings: null });
    expect(readStatuspageSettings(null, at)).toEqual({ settings: null });
    expect(readStatuspageSettings(good, at, ['API'])).toEqual({
      settings: { ...good, url: 'https://api.statuspage.io/v1', components: new Map([['API', 'c1']]) },
    });
    expect(aProcess()).toMatchObject({ name: 'statuspage', part: PARTS.statuspage });
  });

  test.each<[string, unknown, RegExp]>([
    [
      'the key itself',
      { ...good, key: KEY },
      /^tocsin\.yml:3: status\.statuspage\.key must be env:VARIABLE or file:\/path/,
    ],
    ['no page', { ...good, page: undefined }, /status\.statuspage\.page is missing/],
    ['a page that is an address', { ...good, page: 'https://x' }, /page is no id of a page/],
    [
      'an id that is none',
      { ...good, components: { API: 'a/b' } },
      /components\.API is no id of a component/,
    ],
    [
      'one id twice',
      { ...good, components: { API: 'c1', Web: 'c1' } },
      /components\.Web has the id that API has/,
    ],
    ['a key over http', { ...good, url: 'http://statuspage.example' }, /url must begin with https/],
    ['a password in it', { ...good, url: 'https://a:b@x.example' }, /url must not hold a user/],
    ['what means nothing', { ...good, pages: [] }, /pages/],
    ['no mapping', 7, /status\.statuspage/],
    ['a component that is none', good, /components\.API is no component; these are: Web/],
  ])('with %s are refused, and not quoted', (_, raw, said) => {
    const read = readStatuspageSettings(raw, at, ['Web', ...(raw === good ? [] : ['API'])]);
    const problems = 'problems' in read ? read.problems : [];
    expect(problems.join('\n')).toMatch(said);
    expect(problems.join('\n')).not.toContain(KEY);
  });
});
