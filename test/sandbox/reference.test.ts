import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { observe } from '#sandbox/covered/scopes.js';
import { methodNames, methods } from '#sandbox/methods/all.js';
import { COMMON_ERRORS } from '#sandbox/web-api/common-errors.js';
import { type FullKit, startFullKit } from './full-app.js';
import { CALLS } from './reference-calls.js';
import { LEFT_OUT, OTHER_ERRORS, OTHER_SCOPES, OTHER_TIERS, UNDOCUMENTED } from './reference-differs.js';
import { type Prepared, prepare, SEED } from './reference-workspace.js';

/** What is documented of a method, reduced to facts; lists are words with spaces between. */
interface Documented {
  readonly tier?: number | 'special';
  readonly bot?: readonly string[];
  readonly user?: readonly string[];
  readonly required?: string;
  readonly errors?: string;
  /** Paths of the members of the official sample; `*` for an id, lists are as their items. */
  readonly members?: string;
}

const reference: Readonly<Record<string, Documented>> = JSON.parse(
  readFileSync(new URL('./reference.json', import.meta.url), 'utf8'),
);
const words = (text: string | undefined) => (text ? text.split(' ') : []);

describe('what a method declares', () => {
  test('every method is documented, or known not to be', () => {
    expect(methodNames.filter((name) => reference[name]?.tier === undefined)).toEqual([...UNDOCUMENTED]);
  });

  test('every documented method that is named here is in the sandbox', () => {
    expect(Object.keys(reference).filter((name) => !methodNames.includes(name))).toEqual([]);
  });

  test('tiers are the documented ones', () => {
    const differing = methodNames.flatMap((name) => {
      const [here, there] = [methods[name]?.tier, reference[name]?.tier];
      return there === undefined || here === there ? [] : [`${name}: ${here}, documented ${there}`];
    });
    expect(differing).toEqual(namesIn(OTHER_TIERS));
  });

  test('scopes are the documented ones', async () => {
    const { scopes } = await observe();
    const differing = methodNames.flatMap((name) => {
      const method = methods[name];
      const documented = reference[name];
      if (!method || !documented?.bot) return [];
      const here = typeof method.scopes === 'function' ? (scopes.get(name) ?? []) : (method.scopes ?? []);
      const known = [...documented.bot, ...(documented.user ?? [])];
      const wanted = documented.bot.length > 0 ? documented.bot : (documented.user ?? []);
      return [
        ...wanted.filter((scope) => !here.includes(scope)).map((scope) => `${name}: not ${scope}`),
        ...here.filter((scope) => !known.includes(scope)).map((scope) => `${name}: also ${scope}`),
      ];
    });
    expect(differing.sort()).toEqual(namesIn(OTHER_SCOPES));
  });

  test('every refusal is a documented code', () => {
    const documented = methodNames.filter((name) => !UNDOCUMENTED.includes(name));
    const differing = documented.flatMap((name) => {
      const known = words(reference[name]?.errors);
      return (methods[name]?.errors ?? [])
        .filter((error) => !known.includes(error) && !COMMON_ERRORS.has(error))
        .map((error) => `${name}: ${error}`);
    });
    expect(differing.sort()).toEqual(namesIn(OTHER_ERRORS));
  });

  test('every method declares its refusals', () => {
    expect(methodNames.filter((name) => methods[name]?.errors === undefined)).toEqual([]);
  });
});

describe('the members of an answer', () => {
  let kit: FullKit;
  let prepared: Prepared;
  const used = new Set<string>();
  beforeAll(async () => {
    kit = await startFullKit({ enterprise: true, seed: SEED });
    prepared = await prepare(kit);
  });
  afterAll(() => kit.stop());

  test('every method has a call in reference-calls.ts', () => {
    expect(methodNames.filter((name) => !CALLS[name])).toEqual([]);
  });

  // In the order of the table: the last ones take things away.
  test.each(Object.keys(CALLS).filter((name) => methodNames.includes(name)))('%s', async (name) => {
    const answer = (await CALLS[name]?.(prepared)) ?? {};
    expect(answer).toMatchObject({ ok: true });
    const here = membersOf(answer);
    const missing = words(reference[name]?.members).filter((member) => !here.has(member));
    const unexplained = missing.filter((member) => {
      const why = reasonFor(name, member);
      if (why !== undefined) used.add(why);
      return why === undefined;
    });
    expect(unexplained).toEqual([]);
  });

  test('nothing is left out for a reason that no longer holds', () => {
    const all = LEFT_OUT.flatMap(({ methods: of, members }, at) => members.map((it) => keyOf(at, of, it)));
    expect(all.filter((key) => !used.has(key))).toEqual([]);
  });
});

/** Every entry of a list of differences, in order. */
function namesIn(differences: ReadonlyArray<{ readonly are: readonly string[] }>): string[] {
  return differences.flatMap(({ are }) => are).sort();
}

/** Paths of everything in an answer, as the reference writes them. */
function membersOf(value: unknown, path = '', found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const item of value) membersOf(item, path, found);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      const name = /^([UWCDGTF]0[A-Z0-9]{5,}|Xf[A-Z0-9]+)$/.test(key) || path === 'emoji' ? '*' : key;
      const at = path === '' ? name : `${path}.${name}`;
      found.add(at);
      membersOf(member, at, found);
    }
  }
  return found;
}

/** Which entry of the list explains that a member is missing. */
function reasonFor(method: string, member: string): string | undefined {
  for (const [at, { methods: of, members }] of LEFT_OUT.entries()) {
    if (of && !of.some((it) => method === it || (it.endsWith('*') && method.startsWith(it.slice(0, -1)))))
      continue;
    for (const it of members) {
      const whole = `.${member}.`;
      if (whole.endsWith(`.${it}.`) || whole.includes(`.${it}.`)) return keyOf(at, of, it);
    }
  }
  return undefined;
}

function keyOf(at: number, of: readonly string[] | undefined, member: string): string {
  return `${at} ${of?.join(',') ?? 'all'} ${member}`;
}
