import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Io } from '#cli/core.js';
import { checkRunbooks } from '#cli/doctor/doctor.js';
import { lintRunbooks } from '#cli/runbook/lint.js';
import { openRunbooks } from '#compose/runbooks.js';
import { loadConfig } from '#config/config.js';
import { acceptor, haproxyAvailable } from '../support/haproxy.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-doctor-'));
  await mkdir(join(folder, 'runbooks'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What the doctor says of these stores, by name. */
async function said(stores: Record<string, object>, schedules: Record<string, object> = {}) {
  const path = join(folder, 'tocsin.yml');
  await writeFile(path, JSON.stringify({ keystores: stores, schedules }));
  const env = {
    TOCSIN_CONFIG: path,
    TOCSIN_RUNBOOKS: join(folder, 'runbooks'),
    TOCSIN_SECRET: 'x'.repeat(32),
  };
  const findings = await checkRunbooks(loadConfig(env, 'nothing'));
  return new Map(findings.map(({ what, ...rest }) => [what, rest]));
}

test('a file that is not there yet is told from an empty store, and from a folder that is not there', async () => {
  await writeFile(join(folder, 'empty.json'), '{}');
  const file = (name: string) => ({ type: 'json-file', path: join(folder, name) });
  const found = await said({
    empty: file('empty.json'),
    yet: file('yet.json'),
    gone: file('gone/keys.json'),
  });
  expect(found.get('key store empty')).toEqual({ ok: true, detail: 'json-file, 0 keys' });
  expect(found.get('key store yet')).toEqual({ ok: true, detail: 'json-file, the file is not there yet' });
  expect(found.get('key store gone')).toMatchObject({
    ok: false,
    detail: expect.stringContaining(`there is no folder ${join(folder, 'gone')}`),
  });
});

test('a schedule that could never begin is said, also where its definition is the reason', async () => {
  await writeFile(join(folder, 'runbooks/torn.yml'), 'name: torn\ntitle: x\n');
  const file = (name: string) => ({ type: 'json-file', path: join(folder, name) });
  const stores = { a: file('a.json'), b: { ...file('b.json'), probe: { url: 'http://127.0.0.1:1/' } } };
  const watch = (more: object) => ({ watch: { drift: { from: 'a', to: 'b' }, every: '5m', ...more } });
  try {
    expect((await said(stores, watch({}))).has('schedule')).toBe(false);
    expect((await said(stores, watch({ inputs: { bogus: 'x' } }))).get('schedule')).toEqual({
      ok: false,
      detail: expect.stringMatching(
        /tocsin\.yml:1: schedules\.watch\.inputs\.bogus is not an input of key-sync; it has to, from$/,
      ),
      fix: 'mend the settings at that line',
    });
    expect((await said(stores, watch({ runbook: 'torn' }))).get('schedule')).toMatchObject({
      detail: expect.stringMatching(/runbook names torn, which cannot be used: .*torn\.yml:\d+/),
      fix: expect.stringContaining('mend the definition'),
    });
  } finally {
    await rm(join(folder, 'runbooks/torn.yml'));
  }
});

test('definitions and settings of before: the line, and what to write in tocsin.yml', async () => {
  await writeFile(
    join(folder, 'runbooks/older.yml'),
    `name: older
title: Older
inputs: { where: { default: "http://127.0.0.1:8082/" } }
steps:
  - id: tried
    uses: keys.probe
    with: { store: tts-new, url: "{{ inputs.where }}" }
  - id: asked
    uses: http
    with:
      url: "{{ inputs.where }}"
      secret_headers: { Authorization: token }
`,
  );
  await writeFile(
    join(folder, 'runbooks/newer.yml'),
    `name: newer
title: Newer
steps:
  - id: told
    uses: http
    with: { url: "https://deploy.example/hook", secret_headers: { Authorization: token } }
`,
  );
  const store = { type: 'json-file', path: join(folder, 'new.json') };
  const path = join(folder, 'tocsin.yml');
  await writeFile(
    path,
    JSON.stringify({ keystores: { 'tts-new': store }, secrets: { token: 'env:DOCTOR_TOKEN' } }),
  );
  const env = {
    TOCSIN_CONFIG: path,
    TOCSIN_RUNBOOKS: join(folder, 'runbooks'),
    TOCSIN_SECRET: 'x'.repeat(32),
  };
  try {
    const config = loadConfig(env, 'nothing');
    const findings = (await checkRunbooks(config)).filter(({ what }) => what === 'runbook');
    expect(
      findings.map(({ ok, detail, fix }) => ({ ok, detail: detail.replaceAll(`${folder}/`, ''), fix })),
    ).toEqual([
      {
        ok: false,
        detail:
          'runbooks/older.yml:7: steps.tried.with.url is not said here any more: where keys are sent stands in tocsin.yml only; take it out, and write there, under keystores: tts-new: probe: { url: https://…, header: X-Api-Key }',
        fix: expect.stringContaining('mend the file'),
      },
      {
        ok: false,
        detail:
          'runbooks/older.yml:11: steps.asked.with.url receives a secret, and a template says where it is; write its host out, as in https://deploy.example/{{ … }}, and name it under `secrets:` in tocsin.yml (to: [https://deploy.example])',
        fix: expect.stringContaining('mend the file'),
      },
      {
        ok: false,
        detail: expect.stringMatching(
          /forward\.yml:\d+: steps\.accepts\.with\.store sends the keys of tts-new, and tocsin\.yml does not say where to$/,
        ),
        fix: 'write there, under keystores: tts-new: probe: { url: "https://…", header: X-Api-Key }',
      },
      {
        ok: false,
        detail: expect.stringMatching(
          /key-sync\.yml:\d+: steps\.accepted\.with\.store sends the keys of tts-new/,
        ),
        fix: expect.stringContaining('keystores: tts-new: probe:'),
      },
      {
        ok: false,
        detail:
          'runbooks/newer.yml:6: steps.told.with.secret_headers.Authorization sends the secret token to https://deploy.example, and tocsin.yml does not say that it may go there',
        fix: 'write there, under secrets: token: { from: env:DOCTOR_TOKEN, to: [https://deploy.example] }',
      },
    ]);
    // A bot that starts with them says the same in its log.
    const runbooks = await openRunbooks(config);
    expect(await runbooks.doubts()).toHaveLength(5);
    // A linter that has the settings, too.
    let said = '';
    const out = (text: string) => {
      said += text;
    };
    const code = await lintRunbooks([join(folder, 'runbooks/newer.yml')], {
      env,
      out,
      err: () => {},
    } as unknown as Io);
    expect(code).toBe(0);
    expect(said).toMatch(
      /newer\.yml:6: warning: steps\.told\.with\.secret_headers\.Authorization sends the secret/,
    );
  } finally {
    for (const name of ['older', 'newer']) await rm(join(folder, `runbooks/${name}.yml`));
  }
});

(haproxyAvailable() ? test : test.skip)('places that disagree are said, by fingerprint', async () => {
  const proxy = await acceptor();
  try {
    for (let n = 1; n <= 4; n++)
      await proxy.tell(`add map ${proxy.map('keys')} canary-value-${n} client-${n}`);
    const map = { type: 'haproxy-map', socket: proxy.socket, file: proxy.map('keys'), columns: 'value-id' };
    const found = (await said({ map })).get('key store map');
    expect(found).toMatchObject({ ok: false, fix: expect.stringContaining('reload') });
    expect(found?.detail).toMatch(
      /^places of map disagree about client-1: file lacks it, live has fp:[0-9a-f]{12}; .* and 1 more$/,
    );
    expect(JSON.stringify(found)).not.toContain('canary');
  } finally {
    await proxy.stop();
  }
});
