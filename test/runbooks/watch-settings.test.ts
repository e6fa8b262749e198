import { describe, expect, test } from '@jest/globals';
import { readOrganisation } from '#config/organisation.js';
import { isRefusal } from '#domain/refusal.js';
import { readRunbookSettings } from '#runbooks/settings.js';
import { watchesOf } from '#schedules/watch.js';

const BESIDE = `
keystores:
  tts-new: { type: json-file, path: /keys.json, probe: { url: "http://127.0.0.1:8003/" } }
  bare: { type: json-file, path: /bare.json }
routes:
  tts: { type: json-file, path: /route.json, key: active, choices: [a, b], probe: { url: "http://127.0.0.1:8000/v1", status: [200, 204] } }
secrets:
  ops: { from: env:OPS, to: ["https://ops.example"] }
`;
const GOOD = `
watch:
  probes:
    api: { url: "https://api.example/health" }
    login: { url: "https://login.example/", method: HEAD, expect: [200, 302] }
    internal: { url: "https://ops.example/ready", authorization: "secret:ops" }
    keys: { keystore: tts-new }
    tts: { route: tts }
  queries:
    errors: { url: "http://prometheus:9090/", query: "sum(x)", condition: "< 0.01", empty: pass }
  every: 10s
  default: { for: 1h, probes: [api], queries: [errors] }
`;

function read(source: string) {
  const org = readOrganisation(`${BESIDE}${source}`, 'tocsin.yml');
  if (Array.isArray(org)) throw new Error(org.join('\n'));
  return readRunbookSettings(org, org.at);
}
function settings(source: string) {
  const result = read(source);
  if ('problems' in result) throw new Error(result.problems.join('\n'));
  return result.settings.watch;
}
function problems(source: string): string[] {
  const result = read(source);
  return 'problems' in result ? result.problems : [];
}

describe('`watch:` of tocsin.yml', () => {
  test('names what can be watched, each with the action that looks', () => {
    const { everyMs, usual, watched } = settings(GOOD);
    expect({ everyMs, usual }).toEqual({
      everyMs: 10_000,
      usual: { forMs: 3_600_000, probes: ['api'], queries: ['errors'] },
    });
    expect(Object.fromEntries(watched)).toEqual({
      api: {
        ...{ kind: 'probe', uses: 'http' },
        with: { url: 'https://api.example/health', method: 'GET', expect: { status: [200] } },
      },
      login: {
        ...{ kind: 'probe', uses: 'http' },
        with: { url: 'https://login.example/', method: 'HEAD', expect: { status: [200, 302] } },
      },
      internal: {
        ...{ kind: 'probe', uses: 'http' },
        with: {
          ...{ url: 'https://ops.example/ready', method: 'GET', expect: { status: [200] } },
          secret_headers: { Authorization: 'ops' },
        },
      },
      keys: { kind: 'probe', uses: 'keys.probe', with: { store: 'tts-new' } },
      tts: {
        ...{ kind: 'probe', uses: 'http' },
        with: { url: 'http://127.0.0.1:8000/v1', method: 'GET', expect: { status: [200, 204] } },
      },
      errors: {
        ...{ kind: 'query', uses: 'prometheus.query' },
        with: { url: 'http://prometheus:9090/', query: 'sum(x)', condition: '< 0.01', empty: 'pass' },
      },
    });
  });

  test('absent, there is nothing to watch; without `default:` all of it, for half an hour', () => {
    expect(settings('').watched.size).toBe(0);
    const { everyMs, usual } = settings('watch: { probes: { a: { route: tts }, b: { route: tts } } }');
    expect({ everyMs, usual }).toEqual({
      everyMs: 30_000,
      usual: { forMs: 1_800_000, probes: ['a', 'b'], queries: [] },
    });
  });

  test.each([
    ['probes: { a: {} }', 'watch.probes.a needs one of `url`'],
    ['probes: { a: { url: "http://x/", route: tts } }', 'watch.probes.a needs one of `url`'],
    ['probes: { a: { route: tts, expect: 204 } }', 'has expect, which stands with the route'],
    ['probes: { a: { route: nowhere } }', 'watch.probes.a.route names none that there is: there are tts'],
    ['probes: { a: { keystore: bare } }', 'names bare, which has no probe; write one there'],
    ['probes: { a: { url: "ftp://x/" } }', 'must be an address such as'],
    ['probes: { a: { url: "http://me:pw@x/" } }', 'must not hold a user or a password'],
    ['probes: { a: { url: "http://169.254.169.254/" } }', 'a link-local or metadata address'],
    ['probes: { a: { url: "http://x/", method: POST } }', 'is none of the values allowed; write GET, HEAD'],
    ['probes: { a: { url: "http://x/", expect: 7 } }', 'must be a status such as 200'],
    ['probes: { a: { url: "http://x/", wait: 7 } }', 'has keys that mean nothing here (wait)'],
    ['probes: { "a b": { url: "http://x/" } }', 'watch.probes.a b is not a name'],
    [
      'probes: { a: { url: "http://x/", authorization: hunter2 } }',
      'must be a reference such as secret:NAME',
    ],
    [
      'probes: { a: { url: "http://x/", authorization: "secret:none" } }',
      'watch.probes.a.authorization names no secret: there are ops',
    ],
    [
      'probes: { a: { url: "http://x/", authorization: "secret:ops" } }',
      'sends the secret ops to http://x, where it may not go; write `to: [http://x]` under secrets: ops',
    ],
    ['queries: { a: { url: "http://x/", query: up, condition: "about 1" } }', 'is not a condition'],
    ['queries: { a: { url: "http://x/", condition: "> 1" } }', 'watch.queries.a.query is missing'],
    [
      'probes: { a: { route: tts } }\n  queries: { a: { url: "http://x/", query: up, condition: "> 1" } }',
      'watch.queries.a has the name of a probe',
    ],
    ['probes: { a: { route: tts } }\n  every: 10ms', 'write it from 1s to 1h'],
    ['probes: { a: { route: tts } }\n  every: 1500ms', 'no whole number of seconds'],
    ['probes: { a: { route: tts } }\n  default: { for: 25h }', 'write it from 1s to 24h'],
    [
      'probes: { a: { route: tts } }\n  default: { probes: [b] }',
      'watch.default.probes names none of them: there are a',
    ],
    ['probes: { a: { route: tts } }\n  default: { probes: [] }', 'names nothing to watch'],
  ])('%s: said with its line and what to write', (section, what) => {
    const found = problems(`watch:\n  ${section}`);
    expect(found.join('\n')).toContain(what);
    for (const one of found) expect(one).toMatch(/^tocsin\.yml:\d+: /);
    // A secret that somebody wrote there is not repeated.
    expect(found.join()).not.toContain('hunter2');
  });
});

describe('a watch that is typed', () => {
  const { asked, span } = watchesOf(settings(GOOD));
  const typed = { forMs: null, probes: [], queries: [] };

  test('alone means what is usual; with names only these', () => {
    expect(span).toBe('1h');
    expect(asked(typed)).toEqual({
      ...{ type: 'StartWatch', forMs: 3_600_000, everyMs: 10_000, probes: ['api'], queries: ['errors'] },
    });
    expect(asked({ forMs: 60_000, probes: ['tts', 'keys'], queries: [] })).toMatchObject({
      ...{ forMs: 60_000, probes: ['tts', 'keys'], queries: [] },
    });
  });
  test('names what there is', () => {
    expect(asked({ ...typed, probes: ['apj'] })).toMatchObject({
      code: 'NO_SUCH_WATCHED',
      next: expect.stringContaining('`--probe api`'),
    });
    expect(asked({ ...typed, queries: ['api'] })).toMatchObject({ code: 'NO_SUCH_WATCHED' });
    expect(asked({ ...typed, probes: ['constructor'] })).toMatchObject({ code: 'NO_SUCH_WATCHED' });
  });
  test('where there is nothing, and of more than can be looked at', () => {
    const none = watchesOf(settings(''));
    expect([none.span, none.asked(typed)]).toMatchObject([null, { code: 'NOTHING_TO_WATCH' }]);
    const names = Array.from({ length: 21 }, (_, i) => `p${i}: { route: tts }`).join(', ');
    const many = watchesOf(settings(`watch: { probes: { ${names} } }`)).asked(typed);
    expect(isRefusal(many) && many.code).toBe('TOO_MANY');
  });
});
