import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(path, 'utf8');

const filesIn = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesIn(path) : [path];
  });

const inFolder = (folder: string) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(ROOT, folder, name));

/** Decisions tell what was true when they were made, and the changelog what was true of a version: their links must lead on, names may be old. */
const HISTORY = [...inFolder('docs/decisions'), join(ROOT, 'CHANGELOG.md')];
const LIVING = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'].map((name) => join(ROOT, name)),
  ...['bench', 'demo', 'examples/sandbox', 'ops', 'runbooks'].map((name) => join(ROOT, name, 'README.md')),
  ...inFolder('docs'),
  ...filesIn(join(ROOT, 'src')).filter((path) => basename(path) === 'README.md'),
];

/** What stands in a fence is an example: its files are the reader's to write. */
const withoutFences = (text: string) => text.replace(/^```[^\n]*\n[\s\S]*?^```/gm, '');

/** Files of an organisation, of a bot's data, of the example that a README tells of, and names under which exports are served. */
const NOT_OURS = new Set([
  ...[
    'tocsin.yml',
    'config/',
    '.tocsin/',
    '.tocsin/secret',
    '#room/file.js',
    'src/room/file.ts',
    'postmaster.pid',
    'env-file.ts',
  ],
  ...[
    'timeline.md',
    'timeline.html',
    'timeline.csv',
    'timeline.json',
    'facts.jsonl',
    'postmortem.md',
    'postmortem.html',
  ],
  ...['autosave.json', 'demo/out/', 'bench/out/NAME.json'],
]);

/** A file or a folder: `src/store/migrate.ts`, `lane.ts`, `channel/`, `#worker/worker.ts`. */
const PATH = /^(?:#|\.{0,2}\/)?[\w.@-]+(?:\/[\w.@-]+)*(?:\/|\.(?:ts|mjs|js|md|yml|json|jsonl|sql|css|html))$/;

/** What a `#room/file.js`, or a path from the page's own folder, from the checkout or from `src`, may stand for. */
function places(name: string, page: string): string[] {
  if (name.startsWith('#')) {
    const path = join(ROOT, 'src', name.slice(1));
    return [path, path.replace(/\.js$/, '.ts')];
  }
  return [dirname(page), ROOT, join(ROOT, 'src')].map((folder) => resolve(folder, name));
}

const label = (page: string) => relative(ROOT, page);

test.each(LIVING.map((page) => [label(page), page]))('%s names files that are there', (_, page) => {
  const named = [...withoutFences(read(page)).matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => name);
  const missing = named.filter(
    (name) =>
      (PATH.test(name) || /^#[a-z]+\/[\w/-]+$/.test(name)) &&
      !NOT_OURS.has(name) &&
      !places(name, page).some((path) => existsSync(path) || existsSync(`${path}.ts`)),
  );
  expect(missing).toEqual([]);
});

test('comments in src name files that are there', () => {
  const sources = filesIn(join(ROOT, 'src')).filter((path) => path.endsWith('.ts'));
  const known = new Set(sources.map((path) => basename(path)));
  const wrong = sources.flatMap((path) =>
    [...read(path).matchAll(/^\s*(?:\/\/|\/?\*).*$/gm)]
      .flatMap(([comment]) => [...comment.matchAll(/[\w./-]+\.ts\b/g)].map(([name]) => name))
      .filter((name) =>
        name.includes('/') ? !places(name, path).some((place) => existsSync(place)) : !known.has(name),
      )
      .map((name) => `${label(path)}: ${name}`),
  );
  expect(wrong).toEqual([]);
});

/** As GitHub makes them from a heading. */
const anchorsOf = (text: string) =>
  new Set(
    [...withoutFences(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );

test.each([...LIVING, ...HISTORY].map((page) => [label(page), page]))(
  'links of %s lead somewhere',
  (_, page) => {
    const links = [...withoutFences(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const broken = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [path = '', anchor] = link.split('#');
      const file = path === '' ? page : resolve(dirname(page), path);
      if (!existsSync(file)) return true;
      return anchor !== undefined && !anchorsOf(read(file)).has(anchor);
    });
    expect(broken).toEqual([]);
  },
);

test('every story is listed, with whether it is told over HTTP', () => {
  const told = ['begin', 'record', 'steer'].flatMap((name) =>
    [...read(join(ROOT, `test/walk/stories-${name}.ts`)).matchAll(/^ +'([^'\n]+)': [\w]+,$/gm)].map(
      ([, title]) => `${title} | \`test/walk/stories-${name}.ts\``,
    ),
  );
  const http = [...read(join(ROOT, 'test/walk/stories-http.test.ts')).matchAll(/^ {2}'([^'\n]+)',$/gm)];
  const overHttp = new Set(http.map(([, title]) => title));
  const listed = [
    ...read(join(ROOT, 'docs/stories.md')).matchAll(/^\| ([^|`]+) \| (`[^`]+`) \| (yes)? *\|$/gm),
  ];
  expect(listed.map(([, title, file]) => `${title} | ${file}`).sort()).toEqual(told.sort());
  expect(listed.flatMap(([, title, , yes]) => (yes ? title : [])).sort()).toEqual([...overHttp].sort());
});

test('every script that a page tells to run is there', () => {
  const { scripts } = JSON.parse(read(join(ROOT, 'package.json'))) as { scripts: Record<string, string> };
  const unknown = LIVING.flatMap((page) =>
    [...read(page).matchAll(/npm run ([a-z][\w:-]*)/g)]
      .filter(([, name = '']) => scripts[name] === undefined)
      .map(([said]) => `${label(page)}: ${said}`),
  );
  expect(unknown).toEqual([]);
});

test('the newest version of the changelog is the one that package.json has', () => {
  const { version } = JSON.parse(read(join(ROOT, 'package.json'))) as { version: string };
  const headings = [...read(join(ROOT, 'CHANGELOG.md')).matchAll(/^## (.+)$/gm)].map(
    ([, heading = '']) => heading,
  );
  const released = headings.filter((heading) => heading !== 'Unreleased');
  expect(headings[0]).toBe('Unreleased');
  expect(released.filter((heading) => !/^\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)$/.test(heading))).toEqual([]);
  expect(released[0]?.split(' ')[0]).toBe(version);
});

test('every test that docs/slack-traps.md names is there, and each trap names one', () => {
  const page = read(join(ROOT, 'docs/slack-traps.md'));
  // `test/room/file.test.ts`: *one name*; *another*
  const namedIn = (text: string) =>
    [...text.matchAll(/`(test\/[\w/.-]+)`: ([^|`]+)/g)].flatMap(([, file = '', names = '']) =>
      [...names.matchAll(/\*([^*]+)\*/g)].map(([, name = '']) => ({ file, name })),
    );
  const rows = page.match(/^\| \d+ \|.*$/gm) ?? [];
  expect(rows.map((row) => Number(/\d+/.exec(row)?.[0]))).toEqual(rows.map((_, i) => i + 1));
  expect(rows.filter((row) => namedIn(row).length === 0)).toEqual([]);
  const missing = namedIn(page).filter(({ file, name }) => {
    const source = existsSync(join(ROOT, file)) ? read(join(ROOT, file)) : '';
    return !["'", '"', '`'].some((quote) => source.includes(`${quote}${name}${quote}`));
  });
  expect(missing).toEqual([]);
});

test('docs/slack-faults.md has every method that is called, and no other', () => {
  const known = Object.keys(JSON.parse(read(join(ROOT, 'test/sandbox/reference.json'))) as object);
  const called = filesIn(join(ROOT, 'src'))
    .filter((path) => path.endsWith('.ts') && !path.startsWith(join(ROOT, 'src/sandbox')))
    .flatMap((path) => [...read(path).matchAll(/'([a-z]+(?:\.[a-zA-Z]+)+)'/g)].map(([, name = '']) => name))
    .filter((name) => known.includes(name));
  const told = [...read(join(ROOT, 'docs/slack-faults.md')).matchAll(/^\| `([\w.]+)`/gm)];
  const methods = told.map(([, name = '']) => name).filter((name) => name.includes('.'));
  expect([...new Set(methods)].sort()).toEqual([...new Set(called)].sort());
});

test('migrations take nothing away, as docs/upgrading.md promises', () => {
  const migrations = filesIn(join(ROOT, 'migrations')).filter((path) => path.endsWith('.sql'));
  expect(migrations.length).toBeGreaterThan(10);
  const taking = migrations.filter((path) =>
    /\b(drop\s+(table|column|index|constraint|function|sequence)|rename\s+(to|column)|alter\s+column|delete\s+from)\b/i.test(
      read(path),
    ),
  );
  expect(taking.map(label)).toEqual([]);
});
