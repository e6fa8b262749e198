import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

interface Locked {
  version?: string;
  resolved?: string;
  integrity?: string;
  optionalDependencies?: Record<string, string>;
}

const read = (name: string) => readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8');

const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };

// npm leaves out what it could not look up for another platform, and then refuses its own lock file with `npm ci`.
test('the lock file names the packages of every platform', () => {
  const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    path === ''
      ? []
      : Object.keys(optionalDependencies).filter(
          (name) => !lock.packages[`node_modules/${name}`] && !lock.packages[`${path}/node_modules/${name}`],
        ),
  );
  expect(missing).toEqual([]);
});

test('the lock file names no registry', () => {
  expect(Object.values(lock.packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
});

// Without its hash a package is whatever the registry hands out that day.
test('the lock file knows the bytes of every package', () => {
  const unknown = Object.entries(lock.packages).filter(
    ([path, { integrity }]) => path !== '' && !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''),
  );
  expect(unknown.map(([path]) => path)).toEqual([]);
});

test('images are named by an exact version', () => {
  const { services } = parse(read('compose.yml')) as { services: Record<string, { image?: string }> };
  const images = [
    ...Object.values(services).flatMap(({ image }) => image ?? []),
    ...[...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image),
  ];
  expect(images.length).toBeGreaterThan(3);
  expect(
    images.filter((image) => !/^[a-z]+:\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/.test(image ?? '')),
  ).toEqual([]);
});

test('Redis is started with a password, and everybody who asks it has that one', () => {
  const { redis, tocsin } = (parse(read('compose.yml')) as { services: Record<string, Service> }).services;
  const password = `\${REDIS_PASSWORD:?set it in .env}`;
  const command = redis?.command ?? [];
  expect(command[command.indexOf('--requirepass') + 1]).toBe(password);
  expect(redis?.environment).toEqual({ REDISCLI_AUTH: password });
  expect(tocsin?.environment?.REDIS_URL).toBe(`redis://:${password}@redis:6379`);
  expect(read('.env.example')).toMatch(/^REDIS_PASSWORD=$/m);
});

interface Service {
  command?: string[];
  environment?: Record<string, string>;
}
