import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { importFiles } from '#cli/import.js';
import { type Core, lookupsOf } from '#compose/core.js';
import { sectionsWrong } from '#compose/runbooks.js';
import { readOrganisation } from '#config/organisation.js';
import { isRefusal } from '#domain/refusal.js';
import { STANDING } from '#domain/words.js';
import { createHandle, type Handle } from '#handle/handle.js';
import { type ImportPorts, importStatuspage, plainOf, readStatuspage } from '#public/elsewhere/import.js';
import { readStatusSettings } from '#public/settings.js';
import { type Opened, openedStore } from '../store/opened.js';
import { effort } from '../support/effort.js';
import { components, incident, incidents, maintenance, page, summary, update } from './statuspage-files.js';

const TEAM = 'T1';
const ANA = { id: 'cli:ana', name: 'ana' };

describe('what is read of another page', () => {
  test('the founding incident: its posts at their own times, oldest first, with components and words', () => {
    const read = readStatuspage([summary(), incidents()], ['summary.json', 'incidents.json']);
    expect(read.problems).toEqual([]);
    expect(read.page).toEqual({ id: 'kctbh9vrtdwd', name: 'Voices', url: 'https://status.voices.example' });
    expect(read.maintenances).toBe(1);
    expect(read.incidents).toHaveLength(1);
    const [{ title, posts } = { title: '', posts: [] }] = read.incidents;
    expect(title).toBe('Text to Speech fails for some customers');
    expect(
      posts.map(({ intent }) => [intent.moment.at, intent.state, intent.components, intent.states]),
    ).toEqual([
      ['2024-11-10T01:41:00Z', 'identified', ['Text to Speech (Developer API)'], ['partial']],
      ['2024-11-10T01:44:00Z', 'monitoring', ['Text to Speech (Developer API)'], ['degraded']],
      ['2024-11-10T02:02:00Z', 'resolved', ['Text to Speech (Developer API)'], ['operational']],
      ['2024-11-10T03:21:00Z', 'postmortem', [], []],
    ]);
    expect(posts.map(({ key }) => key)[0]).toBe('import:kctbh9vrtdwd:p31zjtct2jer:u1');
    expect(posts[0]?.intent.text).toBe(
      'Requests with old keys fail & are <refused>.\nSee our guide (https://docs.voices.example/?a=1&b=2).',
    );
  });

  test('components with their groups, in the order of the page, as tocsin.yml has them', () => {
    expect(readStatuspage(components()).components).toEqual([
      { name: 'Website', group: null, description: null, since: null },
      {
        name: 'Text to Speech (Developer API)',
        group: 'Developer API',
        description: 'Streaming & batch',
        since: '2023-05-01T00:00:00Z',
      },
      { name: 'Developer API - Europe', group: 'Developer API', description: null, since: null },
      { name: 'Console - Europe', group: 'Console', description: null, since: null },
    ]);
  });

  test('names of one’s own for what two groups call alike, in posts too; by code, by name, and with its group before it', () => {
    const touched = (code: string | null, name: string) => ({
      code,
      name,
      old_status: 'operational',
      new_status: 'major_outage',
    });
    const of = (one: object) =>
      readStatuspage([
        components(),
        { incidents: [incident({ incident_updates: [update({ affected_components: [one] })] })] },
      ]).incidents[0]?.posts[0]?.intent.components;
    expect(of(touched('c3', 'Europe'))).toEqual(['Developer API - Europe']);
    expect(of(touched(null, 'Console - Europe'))).toEqual(['Console - Europe']);
    expect(of(touched(null, 'Developer API - Text to Speech (Developer API)'))).toEqual([
      'Text to Speech (Developer API)',
    ]);
    expect(of(touched('gone', 'Old thing'))).toEqual(['Old thing']);
  });

  test('an incident from before updates said what they touched names it without a state', () => {
    const old = incident({
      components: [{ id: 'c1', name: 'Website' }],
      incident_updates: [update({ affected_components: null })],
    });
    const [post] = readStatuspage({ ...components(), incidents: [old] }).incidents[0]?.posts ?? [];
    expect(post?.intent).toMatchObject({ components: ['Website'], states: [null] });
  });

  test('one incident in two files is one, as it was written last', () => {
    const old = incident({ updated_at: '2024-11-10T01:45:00Z', incident_updates: [update()] });
    for (const files of [
      [{ page: page(), incidents: [old] }, incidents()],
      [incidents(), { page: page(), incidents: [old] }],
    ])
      expect(readStatuspage(files).incidents[0]?.posts).toHaveLength(4);
  });

  test('lists of the REST API, which have all incidents, bring their page along', () => {
    const read = readStatuspage([[incident({ metadata: {}, page_id: 'kctbh9vrtdwd' })]]);
    expect(read).toMatchObject({
      problems: [],
      page: { id: 'kctbh9vrtdwd' },
      incidents: [{ id: 'p31zjtct2jer' }],
    });
  });

  test('times with an offset are UTC; where it was displayed counts, else when it was made', () => {
    const [one, two] =
      readStatuspage({
        page: page(),
        incidents: [
          incident({
            incident_updates: [
              update({ id: 'b', display_at: null, created_at: '2024-11-09T17:50:00.123-08:00' }),
              update({ id: 'a', display_at: '2024-11-09T17:41:00.000-08:00' }),
            ],
          }),
        ],
      }).incidents[0]?.posts ?? [];
    expect([one?.id, one?.intent.moment.at]).toEqual(['a', '2024-11-10T01:41:00Z']);
    expect([two?.id, two?.intent.moment.at]).toEqual(['b', '2024-11-10T01:50:00Z']);
  });

  const long = 'x'.repeat(40_001);
  test.each<[string, object, RegExp]>([
    ['no id', { id: undefined }, /^f: incidents, item 1 “Text to Speech fails for some customers”: id: is/],
    ['an id that is none', { id: '../x' }, /id: is no id/],
    ['no name', { name: ' ' }, /\(p31zjtct2jer\): name: is empty/],
    ['a name too long', { name: 'x'.repeat(256) }, /name: is longer than 255 characters/],
    ['no updates', { incident_updates: [] }, /incident_updates: is empty/],
    [
      'a state that is none',
      { incident_updates: [update({ status: 'fixed' })] },
      /incident_updates, item 1, status: is none of investigating/,
    ],
    [
      'a state of planned work',
      { incident_updates: [update({ status: 'verifying' })] },
      /status: is none of/,
    ],
    ['no time', { incident_updates: [update({ display_at: 'yesterday' })] }, /display_at: is no time/],
    [
      'a time that there is not',
      { incident_updates: [update({ display_at: '2024-02-31T01:00:00Z' })] },
      /display_at: is no time/,
    ],
    [
      'a text too long',
      { incident_updates: [update({ body: long })] },
      /body: is longer than 40,000 characters/,
    ],
    ['words that are none', { incident_updates: [update({ body: 7 })] }, /body: is no text/],
    [
      'a state of a component that is none',
      {
        incident_updates: [
          update({ affected_components: [{ code: 'c1', name: 'Website', new_status: 'bad' }] }),
        ],
      },
      /affected_components, item 1, new_status: is none of operational/,
    ],
    [
      'a component without a name',
      { incident_updates: [update({ affected_components: [{ code: 'c1', new_status: null }] })] },
      /affected_components, item 1, name: is no text/,
    ],
  ])('%s is listed with its place, and that incident left out; its neighbour is read', (_, wrong, said) => {
    const read = readStatuspage(
      [{ page: page(), incidents: [incident(wrong), incident({ id: 'other' })] }],
      ['f'],
    );
    expect(read.problems.filter((line) => said.test(line))).toHaveLength(1);
    expect(read.problems).toHaveLength(1);
    expect(read.incidents.map(({ id }) => id)).toEqual(['other']);
  });

  test.each<[string, unknown, RegExp]>([
    ['no object', 7, /the file: has none of page, components/],
    ['nothing of it', { items: [] }, /it is no file of Statuspage/],
    ['no page', { incidents: [] }, /no file says of which page it is/],
    [
      'two pages',
      [{ page: page() }, { page: { ...page(), id: 'other' } }],
      /several pages \(kctbh9vrtdwd, other\)/,
    ],
    ['no list', { page: page(), incidents: {} }, /the file: incidents: is no list/],
    ['no incident', { page: page(), incidents: [null] }, /incidents, item 1: is none/],
    [
      'two of one name',
      {
        page: page(),
        components: [
          { id: 'a', name: 'API' },
          { id: 'b', name: 'API' },
        ],
      },
      /2 are called “API”/,
    ],
  ])('a file with %s says so', (_, json, said) => {
    expect(readStatuspage(json).problems.join('\n')).toMatch(said);
  });

  test('nothing of what a file holds breaks it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        readStatuspage([
          { page: a, incidents: [b], components: a },
          b,
          { page: page(), incidents: [{ ...incident(), incident_updates: [a] }] },
        ]);
      }),
      { numRuns: effort(200) },
    );
  });
});

describe('HTML as plain text', () => {
  test.each([
    ['plain words\r\nin lines', 'plain words\nin lines'],
    ['one<br>two<br />three', 'one\ntwo\nthree'],
    ['one<br>\ntwo', 'one\ntwo'],
    ['<p>one</p><p>two</p>', 'one\n\ntwo'],
    ['<ul><li>one</li><li>two</li></ul>after', '- one\n- two\n\nafter'],
    ['&amp;lt; &#8217; &eacute;&nbsp;x &hellip; &xyz;', '&lt; ’ é x … &xyz;'],
    ['<a href="https://x.example/?a=1&amp;b=2">here</a>', 'here (https://x.example/?a=1&b=2)'],
    ['<a href="https://x.example/">x.example</a>', 'x.example'],
    ['<a href="javascript:alert(1)">here</a>', 'here'],
    ['<a href="mailto:a@x.example">write</a>', 'write (a@x.example)'],
    ['latency < 5 ms & errors > 3', 'latency < 5 ms & errors > 3'],
    ['a<script>alert(1)</script><style>p{}</style><!-- c -->b', 'ab'],
    ['<b onclick="x()">bold</b></body></html>after', 'boldafter'],
    ['turned \u202eround\u202c and \u0007rung', 'turned round and rung'],
    ['a\n\n\n\n\nb   \nc', 'a\n\nb\nc'],
    [null, ''],
  ])('%j', (html, plain) => {
    expect(plainOf(html ?? '')).toBe(plain);
  });

  test('as deep as somebody likes', () => {
    expect(plainOf(`${'<b>'.repeat(40_000)}x`)).toBe('x');
  });

  test('a text without tags and entities stays as it is, but for what cannot be seen', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const plain = plainOf(text.replace(/[<&]/g, ''));
        expect(plain).toBe(plainOf(plain.replace(/[<&]/g, '')));
        expect(plain).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
      }),
      { numRuns: effort(200) },
    );
  });
});

let db: Opened;
let handle: Handle;
let ports: ImportPorts;
const fail = (error: unknown) => {
  throw error;
};
beforeAll(async () => {
  db = await openedStore();
  handle = createHandle({ store: lookupsOf(db.store), relay: { nudge() {} }, onError: fail });
  ports = {
    handle,
    standing: async (team) => (await db.store.incidents.load(team, STANDING)) !== null,
    asking: { team: TEAM, by: ANA, seesPrivate: false },
    now: () => new Date('2026-01-01T00:00:00.000Z'),
  };
});
afterAll(() => db.close());

describe('into the record', () => {
  const entries = () =>
    db.sql<{ n: number; at: Date; text: string; detail: { state: string; imported: string } }>(
      `select n, at, text, detail from entry where team = $1 and incident = 0 and kind = 'post' order by n`,
      [TEAM],
    );

  test('a program or Slack cannot ask for it, and an incident of ours takes none', async () => {
    const [post] = readStatuspage(incidents()).incidents[0]?.posts ?? [];
    if (!post) throw new Error('no post');
    await importStatuspage({ incidents: [] }, ports);
    for (const source of ['slack', 'api', 'bot', 'alerts'] as const) {
      const asking = { ...ports.asking, source, key: null, now: ports.now() };
      expect(await handle(post.intent, STANDING, asking)).toMatchObject({ code: 'NO_SUCH_INCIDENT' });
    }
  });

  test('each post is an entry at its own time; the same file again adds nothing, a newer one what is new', async () => {
    const all = incident().incident_updates;
    const early = { page: page(), incidents: [incident({ incident_updates: all.slice(2) })] };
    expect(await importStatuspage(readStatuspage(early), ports)).toMatchObject({
      recorded: 2,
      before: 0,
      stopped: null,
    });
    expect(await importStatuspage(readStatuspage(early), ports)).toMatchObject({ recorded: 0, before: 2 });
    expect(await importStatuspage(readStatuspage(incidents()), ports)).toMatchObject({
      recorded: 2,
      before: 2,
    });
    // Another process, which remembers nothing.
    const other = {
      ...ports,
      handle: createHandle({ store: lookupsOf(db.another()), relay: { nudge() {} }, onError: fail }),
    };
    expect(await importStatuspage(readStatuspage(incidents()), other)).toMatchObject({
      recorded: 0,
      before: 4,
    });
    const rows = await entries();
    expect(rows.map(({ at, detail }) => [at.toISOString(), detail.state, detail.imported])).toEqual([
      ['2024-11-10T01:41:00.000Z', 'identified', 'p31zjtct2jer'],
      ['2024-11-10T01:44:00.000Z', 'monitoring', 'p31zjtct2jer'],
      ['2024-11-10T02:02:00.000Z', 'resolved', 'p31zjtct2jer'],
      ['2024-11-10T03:21:00.000Z', 'postmortem', 'p31zjtct2jer'],
    ]);
  });

  test('a post that reads otherwise now is told of, and stays as it was imported', async () => {
    const before = await entries();
    const changed = incident({
      incident_updates: incident().incident_updates.map((one) =>
        one.id === 'u1' ? { ...one, body: 'Other words' } : one,
      ),
    });
    const outcome = await importStatuspage(readStatuspage({ page: page(), incidents: [changed] }), ports);
    expect(outcome).toMatchObject({ recorded: 0, before: 3, changed: [{ id: 'u1' }] });
    expect(await entries()).toEqual(before);
  });

  test('somebody who has something to say comes between two batches', async () => {
    const opened = await handle(
      {
        ...{ type: 'OpenIncident', title: 'TTS is silent', severity: null, components: [] },
        ...{ private: false, drill: false, moment: null },
      },
      null,
      { ...ports.asking, source: 'cli', key: 'k1', now: ports.now() },
    );
    if (isRefusal(opened)) throw new Error(opened.sentence);
    const many = readStatuspage({ page: page(), incidents: history(100, 4) });
    const done: number[] = [];
    let saidAt = -1;
    await importStatuspage(many, {
      ...ports,
      told(count) {
        done.push(count);
        if (count === 50)
          void handle({ type: 'RecordNote', moment: null, text: 'meanwhile' }, opened.incident, {
            ...{ ...ports.asking, source: 'cli' as const, key: 'k2', now: ports.now() },
          }).then(() => {
            saidAt = done.length;
          });
      },
    });
    expect(done).toEqual([50, 100, 150, 200, 250, 300, 350, 400]);
    expect(saidAt).toBeGreaterThan(0);
    expect(saidAt).toBeLessThanOrEqual(2);
  });

  test('an import that the database stops says so, and goes on from there the next time', async () => {
    const files = readStatuspage({ page: { ...page(), id: 'second' }, incidents: history(50, 4) });
    let count = 0;
    const failing: Handle = async (...of) => {
      count += 1;
      return count > 60
        ? ({
            refused: true,
            code: 'NOT_RECORDED',
            sentence: 'The database does not answer.',
            next: '',
          } as never)
        : handle(...of);
    };
    const stopped = await importStatuspage(files, { ...ports, handle: failing });
    expect(stopped).toMatchObject({ recorded: 60, stopped: { code: 'NOT_RECORDED' } });
    expect(count).toBe(100);
    expect(await importStatuspage(files, ports)).toMatchObject({ recorded: 140, before: 60, stopped: null });
  });
});

/** Incidents one day after another, with so many updates each, newest first as in the API. */
function history(count: number, each: number) {
  return Array.from({ length: count }, (_, i) => {
    const day = Date.parse('2015-01-01T00:00:00Z') + i * 86_400_000;
    const at = (u: number) => new Date(day + u * 600_000).toISOString();
    const statuses = ['investigating', 'identified', 'monitoring', 'resolved'];
    return incident({
      id: `i${i}`,
      name: `Incident ${i}`,
      incident_updates: Array.from({ length: each }, (_, u) =>
        update({
          id: `i${i}u${u}`,
          status: statuses[u % 4],
          body: `<p>Words ${u}</p>`,
          created_at: at(u),
          display_at: at(u),
        }),
      ).reverse(),
    });
  });
}

describe('tocsin status import', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tocsin-import-'));
    await writeFile(join(folder, 'summary.json'), JSON.stringify(summary()));
    await writeFile(join(folder, 'incidents.json'), JSON.stringify(incidents()));
    await writeFile(join(folder, 'components.json'), JSON.stringify(components()));
    const broken = {
      page: page(),
      incidents: [incident(), incident({ id: 'bad', name: '' })],
      scheduled_maintenances: [maintenance()],
    };
    await writeFile(join(folder, 'broken.json'), JSON.stringify(broken));
    await writeFile(join(folder, 'none.json'), '{"page":');
  });
  afterAll(() => rm(folder, { recursive: true }));

  const run = async (files: string[], flags: string[] = [], team = 'T2') => {
    const said = { out: '', err: '', opened: 0 };
    const io = {
      out(text: string | Uint8Array) {
        said.out += String(text);
      },
      err(text: string) {
        said.err += text;
      },
    };
    const paths = files.map((name) => join(folder, name));
    const error = await importFiles([...paths, ...flags], io, (work) => {
      said.opened += 1;
      return work({ team: async () => team, handle, store: db.store } as unknown as Core);
    }).catch((why) => why);
    return { ...said, error: error === undefined ? null : String(error.message) };
  };

  test('says what came over, what did not, and what to write into tocsin.yml', async () => {
    const { out, error } = await run(['summary.json', 'incidents.json', 'components.json']);
    expect(error).toBeNull();
    expect(out).toContain('Voices (https://status.voices.example): 4 components, 1 incident with 4 posts.\n');
    expect(out).toContain('1 maintenance left out: planned work is not imported.\n');
    expect(out).toContain('4 posts recorded; 0 posts had come over before.\n');
    expect(out).toContain(
      [
        '# For tocsin.yml:',
        'status:',
        '  components:',
        '    - name: Website',
        '    - name: Text to Speech (Developer API)',
        '      group: Developer API',
        '      description: Streaming & batch',
        '      since: 2023-05-01',
      ].join('\n'),
    );
  });

  test('tocsin.yml takes what is printed for it, however it is described there', async () => {
    const described = components();
    const [first] = described.components.filter(({ group }) => !group);
    Object.assign(first as object, { description: `a\u202eb <p>${'long 😀 '.repeat(80)}</p>` });
    await writeFile(join(folder, 'described.json'), JSON.stringify({ ...summary(), ...described }));
    const { out, error } = await run(['described.json'], ['--dry-run']);
    expect(error).toBeNull();
    const snippet = /# For tocsin\.yml:\n[\s\S]*?\n(?=\n|$)/.exec(out)?.[0] ?? '';
    const read = readOrganisation(snippet, 'tocsin.yml', sectionsWrong);
    if (Array.isArray(read)) throw new Error(read.join('\n'));
    const base = { components: [], legacyTitle: null, publicUrl: null, dataDir: '.' };
    const settings = readStatusSettings(read.status, read.at, base);
    expect(
      'settings' in settings && settings.settings.components.map(({ name, group }) => [name, group]),
    ).toEqual(readStatuspage(described).components.map(({ name, group }) => [name, group]));
  });

  test('two that tocsin.yml would take for one are told of', () => {
    const one = (id: string, name: string) => ({ id, name, group: false, group_id: null, description: null });
    const { problems } = readStatuspage({ page: page(), components: [one('a', 'API'), one('b', 'Api')] });
    expect(problems).toEqual([expect.stringContaining('2 are called “API”')]);
  });

  test('a dry run records nothing', async () => {
    const { out, error, opened } = await run(['summary.json', 'incidents.json'], ['--dry-run']);
    expect([error, opened]).toEqual([null, 0]);
    expect(out).toContain('Nothing was imported: this was a dry run.');
  });

  test('where anything is wrong nothing is imported, unless what is wrong is to be left out', async () => {
    const all = await run(['broken.json'], [], 'T3');
    expect(all).toMatchObject({ opened: 0, error: expect.stringContaining('Nothing was imported') });
    expect(all.out).toMatch(/broken\.json: incidents, item 2 .*\(bad\): name: is empty/);
    const some = await run(['broken.json'], ['--skip-broken'], 'T3');
    expect(some.error).toBeNull();
    expect(some.out).toContain('4 posts recorded; 0 posts had come over before.');
  });

  test('what is no JSON, and no file at all', async () => {
    expect((await run(['none.json'])).error).toMatch(/none\.json: is no JSON/);
    expect((await run(['absent.json'])).error).toMatch(/ENOENT/);
    expect((await run([])).error).toMatch(/name the files/);
  });
});
