import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { freePort } from '../support/wire.js';
import { type BotHere, startWalk, type Walk } from './kit.js';

// What tokens may do, for whom, for how long, and what a key stands for: through two bots that share a database.
let walk: Walk;
let webs: [BotHere, BotHere];
let writer: string;
let database: pg.Client;

const sql = async <R extends pg.QueryResultRow>(text: string) => (await database.query<R>(text)).rows;

const made = async (...flags: string[]) => {
  const { code, out, err } = await walk.tocsin('token', 'create', ...flags);
  expect([code, err]).toEqual([0, '']);
  return out.trim();
};
const post = (text: string, token: string, key?: string, web = webs[0]) =>
  fetch(`${web.url}/api/v1/commands`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    body: JSON.stringify({ text }),
  });
const said = async (response: Response) => [response.status, await response.json()];
const exported = async () => (await walk.tocsin('export', 'INC-1', '--format', 'json')).out;

beforeAll(async () => {
  walk = await startWalk();
  database = new pg.Client(walk.database.config);
  database.on('error', () => undefined);
  await database.connect();
  await mkdir(join(walk.folder, 'runbooks'));
  for (const name of ['greet', 'part']) {
    const step = 'steps:\n  - { id: say, uses: slack.message, with: { text: "{{ inputs.word }}" } }\n';
    const inputs = 'inputs: { word: { type: string, default: hello } }\n';
    await writeFile(
      join(walk.folder, 'runbooks', `${name}.yml`),
      `name: ${name}\ntitle: ${name}\n${inputs}${step}`,
    );
  }
  webs = [await walk.here(), await walk.here({}, {}, { at: await freePort() })];
  expect((await walk.type('ana', 'incidents', 'open sev3 Tokens')).text).toMatch(/INC-1/);
  expect((await walk.type('ana', 'incidents', 'open sev3 Another')).text).toMatch(/INC-2/);
  writer = await made('--name', 'writer', '--scope', 'write');
});
afterAll(async () => {
  await database.end();
  await walk.end();
});

describe('a token', () => {
  test('is listed with whose it is, how long it is good and when it was used', async () => {
    const owned = await made('--name', 'owned', '--owner', '@ana', '--expires', '90d', '--private');
    expect((await post('list', owned)).status).toBe(200);
    const line = async () =>
      (await walk.tocsin('token', 'list')).out.split('\n').find((one) => /^owned/.test(one));
    while (/never/.test((await line()) ?? 'never'));
    const day = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d`;
    expect(await line()).toMatch(new RegExp(`^owned +read +yes +ana +${day} +${day} +${day} +-$`));
    expect((await walk.tocsin('token', 'list')).out).toMatch(
      /^NAME +SCOPE +PRIVATE +OWNER +CREATED +EXPIRES +LAST USED +REVOKED\n/,
    );
  });

  test('that is revoked is refused at once by every process, and only its holder hears so', async () => {
    const leaked = await made('--name', 'leaked', '--scope', 'write');
    for (const web of webs) expect((await post('note INC-1 mine', leaked, undefined, web)).status).toBe(201);
    expect(await walk.tocsin('token', 'revoke', 'leaked')).toMatchObject({
      code: 0,
      out: 'leaked is revoked: it is refused from now on.\n',
    });
    for (const web of webs) {
      const refused = await post('note INC-1 theirs', leaked, undefined, web);
      expect([refused.status, await refused.text()]).toEqual([
        401,
        expect.stringMatching(
          /^The token leaked was revoked at \d{4}-\d\d-\d\d \d\d:\d\d UTC\. Make one with/,
        ),
      ]);
      const file = await fetch(`${web.url}/incidents/INC-1/timeline.md`, {
        headers: { authorization: `Bearer ${leaked}` },
      });
      expect(file.status).toBe(401);
      const stranger = await post('list', `${leaked.slice(0, -1)}x`, undefined, web);
      expect(await stranger.text()).not.toMatch(/revoked|leaked/);
    }
    expect(await exported()).not.toContain('theirs');
    expect(await walk.tocsin('token', 'revoke', 'leaked')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^leaked was revoked before, at /),
    });
    expect(await walk.tocsin('token', 'revoke', 'nobody')).toMatchObject({
      code: 1,
      err: 'There is no token called nobody. tocsin token list lists them.\n',
    });
  });

  test('has a name of its own for ever: what is recorded under it is nobody else’s', async () => {
    expect(await walk.tocsin('token', 'create', '--name', 'leaked')).toMatchObject({
      code: 1,
      err: 'There was a token called leaked, and the record knows it by that name. Choose another one.\n',
    });
  });

  test('that has expired is refused, with when', async () => {
    const old = await made('--name', 'old', '--expires', '12h');
    expect((await post('list', old)).status).toBe(200);
    await sql("update token set expires_at = now() - interval '1 second' where name = 'old'");
    for (const web of webs) {
      const refused = await post('list', old, undefined, web);
      expect([refused.status, await refused.text()]).toEqual([
        401,
        expect.stringMatching(/^The token old expired at /),
      ]);
    }
    expect((await walk.tocsin('token', 'list')).out).toMatch(/^old .*\(expired\)/m);
  });

  test('belongs to a person who is here, or to nobody', async () => {
    const owner = (who: string) => walk.tocsin('token', 'create', '--name', 'x', '--owner', who);
    await sql(
      `insert into person (team, id, name, handle, is_bot, deleted) select team, v.* from workspace,
         (values ('U0GONE0001', 'gone', 'gone', false, true), ('U0BOT00001', 'robot', 'robot', true, false),
                 ('U0TWIN0001', 'twin', 'twin', false, false), ('U0TWIN0002', 'Twin', 'twin2', false, false)) v`,
    );
    for (const [who, why] of [
      ['@zzz', 'nobody of that name is known here'],
      ['U0NOBODY01', 'nobody of that name is known here'],
      ['@gone', 'that account is deactivated'],
      ['U0GONE0001', 'that account is deactivated'],
      ['@robot', 'that is a bot'],
      ['@twin', 'that name means several people (U0TWIN0001, U0TWIN0002)'],
    ] as const) {
      const refused = await owner(who);
      expect([refused.code, refused.out]).toEqual([1, '']);
      expect(refused.err).toContain(`“${who}” cannot be the owner: ${why}.`);
      expect(refused.err).toContain('--owner U012AB3CD');
    }
    await made('--name', 'by-id', '--owner', 'U0TWIN0002');
    await made('--name', 'by-mention', '--owner', '<@U0TWIN0002|twin2>');
    expect((await walk.tocsin('token', 'list')).out).toMatch(/^by-mention .* Twin /m);
  });

  test('stops working when its owner’s account is deactivated', async () => {
    const theirs = await made('--name', 'theirs', '--owner', 'U0TWIN0001');
    expect((await post('list', theirs)).status).toBe(200);
    await sql("update person set deleted = true where id = 'U0TWIN0001'");
    const refused = await post('list', theirs, undefined, webs[1]);
    expect([refused.status, await refused.text()]).toEqual([
      401,
      expect.stringContaining('stopped working when the account of its owner, twin, was deactivated.'),
    ]);
  });

  test('with the scope read asks whatever only looks, and changes nothing', async () => {
    const reader = await made('--name', 'reader');
    for (const ask of [
      'list',
      'show INC-1',
      'timeline INC-1',
      'catchup INC-1',
      'runs INC-1',
      'actions INC-1',
      'help',
    ]) {
      expect([ask, (await post(ask, reader)).status]).toEqual([ask, 200]);
    }
    const before = await exported();
    for (const change of [
      'note INC-1 x',
      'open X',
      'resolve INC-1',
      'run INC-1 rollback --plan',
      'undo INC-1',
    ]) {
      expect([change, ...(await said(await post(change, reader)))]).toEqual([
        change,
        403,
        expect.objectContaining({
          ok: false,
          error: 'ONLY_LOOKS',
          next: expect.stringContaining('--scope write'),
        }),
      ]);
    }
    expect(await exported()).toBe(before);
  });
});

describe('an Idempotency-Key', () => {
  const REUSED = {
    ok: false,
    error: 'KEY_USED_BEFORE',
    sentence: expect.any(String),
    next: expect.any(String),
  };

  test('stands for one request: another text, incident or verb under it is refused, and nothing is recorded', async () => {
    expect((await post('note INC-1 the first', writer, 'k1')).status).toBe(201);
    const before = await exported();
    for (const other of [
      'note INC-1 the second',
      'note INC-2 the first',
      'resolve INC-1',
      'open sev1 Something',
      'note INC-1  the first',
      'list',
      'show INC-1',
      'resolv INC-1',
      'note INC-99 x',
    ]) {
      const [status, body] = await said(await post(other, writer, 'k1', webs[1]));
      expect([other, status, body]).toEqual([other, 422, REUSED]);
      expect((body as { sentence: string }).sentence).toContain('INC-1');
    }
    expect(await exported()).toBe(before);
    const again = await said(await post('note INC-1 the first', writer, 'k1', webs[1]));
    expect(again).toEqual([200, expect.objectContaining({ ok: true, ref: 'INC-1', repeated: true })]);
  });

  test('of a request that would be refused by now gives its first receipt', async () => {
    expect((await post('resolve INC-2 all is well', writer, 'k2')).status).toBe(201);
    const again = await said(await post('resolve INC-2 all is well', writer, 'k2'));
    expect(again).toEqual([200, expect.objectContaining({ ref: 'INC-2', repeated: true })]);
    expect((await post('reopen INC-2 not yet', writer)).status).toBe(201);
  });

  test('in two processes at the same moment: one of two requests is recorded, the other is told', async () => {
    for (let round = 0; round < 10; round++) {
      const texts = [`note INC-1 left ${round}`, `note INC-1 right ${round}`];
      const answers = await Promise.all(texts.map((text, i) => post(text, writer, `race-${round}`, webs[i])));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 422]);
    }
    const out = await exported();
    for (let round = 0; round < 10; round++) {
      expect(out.match(new RegExp(`"(?:left|right) ${round}"`, 'g'))).toHaveLength(1);
    }
  });

  test('is its token’s own', async () => {
    const other = await made('--name', 'other', '--scope', 'write');
    expect((await post('note INC-1 by the one', writer, 'shared')).status).toBe(201);
    expect((await post('note INC-1 by the other', other, 'shared')).status).toBe(201);
  });

  test('that an older version recorded, or whose words were erased, counts as the same', async () => {
    expect((await post('note INC-1 to be erased', writer, 'erased')).status).toBe(201);
    const [row] = await sql<{ asked: string; seq: number }>(
      "select asked, seq from fact where key = 'api:writer:erased'",
    );
    expect(row?.asked).toMatch(/^[0-9a-f]{64}$/);
    await sql("update fact set receipt = null where key = 'api:writer:erased'");
    expect(await sql("select 1 from fact where key = 'api:writer:erased' and asked is null")).toHaveLength(1);
    expect((await post('note INC-1 anything', writer, 'erased')).status).toBe(200);
    expect(await exported()).not.toContain('anything');
  });

  test('on the command line likewise: the --key of runbook run', async () => {
    const run = (...words: string[]) => walk.tocsin('runbook', 'run', ...words, '--key', 'nightly', '--plan');
    const first = await run('INC-1', 'greet', 'word=hi');
    expect(first).toMatchObject({ code: 0, out: expect.stringContaining('RUN-1') });
    for (const other of [
      ['INC-1', 'part', 'word=hi'],
      ['INC-1', 'greet', 'word=bye'],
      ['INC-2', 'greet', 'word=hi'],
      ['greet', 'word=hi'],
      ['INC-1', 'none-such'],
    ]) {
      expect([other, await run(...other)]).toEqual([
        other,
        {
          code: 1,
          out: '',
          err: expect.stringContaining('stands for another request already, one about INC-1'),
        },
      ]);
    }
    expect(await run('INC-1', 'greet', 'word=hi')).toMatchObject({ code: 0, out: first.out });
  });

  test('--owner of a verb names somebody who is here, or nothing is done', async () => {
    // What deliveries note meanwhile is a fact too, and no word of anybody's.
    const words = async () => ({ ...(JSON.parse(await exported()) as object), integrity: null });
    const before = await words();
    for (const typed of [
      ['note', 'INC-1', '--owner', '@zzz', 'by nobody'],
      ['runbook', 'run', 'INC-1', 'greet', '--owner', '@zzz'],
    ]) {
      expect(await walk.tocsin(...typed)).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringContaining('“@zzz” cannot be the owner: nobody of that name is known here.'),
      });
    }
    expect(await words()).toEqual(before);
    expect(await walk.tocsin('note', 'INC-1', 'for', 'ana', '--owner', '@ana')).toMatchObject({ code: 0 });
    expect(await exported()).toMatch(/"for ana"/);
  });
});

describe('exports', () => {
  const get = (path: string) =>
    fetch(`${webs[0].url}${path}`, { headers: { authorization: `Bearer ${writer}` } });

  test('a parameter that stands there twice is not guessed', async () => {
    const twice = await get('/incidents/INC-1/timeline.md?zone=UTC&zone=Europe/Berlin');
    expect([twice.status, await twice.text()]).toEqual([
      400,
      expect.stringMatching(/^`zone` stands there twice\./),
    ]);
    expect((await get('/incidents/INC-1/timeline.md?zone=UTC&zone=UTC')).status).toBe(400);
    expect((await get('/incidents/INC-1/timeline.md?zone=UTC')).status).toBe(200);
  });

  test.each(['timeline.html', 'postmortem.html'])('no other page may frame %s', async (file) => {
    const page = await get(`/incidents/INC-1/${file}`);
    expect(page.headers.get('content-security-policy')).toMatch(/(^|; )frame-ancestors 'none'$/);
    // A page on a disk cannot say so of itself: browsers pass over it there, with a warning.
    expect(await page.text()).not.toContain('frame-ancestors');
  });
});
