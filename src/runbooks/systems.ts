import { type ActionContext, ActionFailed } from './action.js';
import { readPlainFileSync } from './files.js';
import {
  type KeyStore,
  type Keys,
  type SecretReference,
  type StoreSurroundings,
  secretName,
} from './keystores/keystore.js';
import { isBelow } from './reach.js';
import type { Route } from './routes/route.js';
import { type Fingerprint, passwordIn, Secret } from './secret.js';
import type { RunbookSettings } from './settings.js';

/** What runbooks may touch, by the names of tocsin.yml. @throws ActionFailed for an unknown name, listing those there are */
export interface Systems extends Omit<ActionContext, 'signal' | 'key' | 'written' | 'now' | 'fingerprint'> {
  /** Read anew each time, so a changed file needs no restart. @throws ActionFailed also when it is not there or empty */
  secret(name: string): Secret;
}

interface SystemsOptions {
  env: Readonly<Record<string, string | undefined>>;
  /** Hears of every secret that is resolved, and of every key that a store reads or is given. */
  scrub: { learn(secret: Secret): void };
  fingerprint: Fingerprint;
}

export function openSystems(settings: RunbookSettings, options: SystemsOptions): Systems {
  const { env, scrub, fingerprint } = options;
  const stores = new Map<string, KeyStore>();
  const routes = new Map<string, Route>();

  const secret = (name: string): Secret => {
    const { from: place } = named(settings.secrets, name, 'secret', 'secrets');
    const from = place.slice(place.indexOf(':') + 1);
    let value: string | undefined;
    try {
      // Editors and `echo` end files with a line break that is no part of the secret.
      value = place.startsWith('env:') ? env[from] : readPlainFileSync(from).replace(/\r?\n$/, '');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = code ?? message;
      throw new ActionFailed(`the secret ${name} could not be read from ${place}: ${why}`);
    }
    if (!value) throw new ActionFailed(`the secret ${name} is empty: there is nothing in ${place}`);
    const found = new Secret(value);
    scrub.learn(found);
    const password = passwordIn(value);
    if (password !== null) scrub.learn(new Secret(password));
    return found;
  };
  const referred = (text: string) =>
    text.startsWith('secret:') ? secret(secretName(text as SecretReference)).reveal() : text;
  const surroundings: StoreSurroundings = {
    fingerprint,
    secret: (reference) => secret(secretName(reference)),
  };

  return {
    store: (name) =>
      once(stores, name, () => {
        const { kind, settings: given } = named(settings.keystores, name, 'key store', 'keystores');
        return watched(kind.open(name, given, surroundings), scrub);
      }),
    route: (name) =>
      once(routes, name, () => {
        const { kind, settings: given } = named(settings.routes, name, 'route', 'routes');
        return kind.open(name, given);
      }),
    pair: (name) => named(settings.pairs, name, 'pair', 'pairs'),
    command(name) {
      const { env: given, ...command } = named(settings.commands, name, 'command', 'commands');
      const holds = Object.values(given).some((text) => text.startsWith('secret:'));
      const resolved = Object.entries(given).map(([key, text]) => [key, referred(text)]);
      const env = Object.fromEntries(resolved);
      return { ...command, args: [...command.args], env, secret: holds };
    },
    storeProbe(name) {
      const { probe } = named(settings.keystores, name, 'key store', 'keystores');
      return said(probe, `keystores: ${name}`, ', header: X-Api-Key', 'its keys may be sent nowhere');
    },
    routeProbe(name) {
      const { probe } = named(settings.routes, name, 'route', 'routes');
      return said(probe, `routes: ${name}`, '', 'nothing shows from outside that it works');
    },
    secret,
    secretFor(name, text) {
      const { to, from } = named(settings.secrets, name, 'secret', 'secrets');
      const { origin } = new URL(text);
      if (isBelow(to, new URL(text))) return secret(name);
      const may = to.length > 0 ? `, but to ${to.join(', ')}` : '';
      throw new ActionFailed(
        `the secret ${name} may not be sent to ${origin}${may}; where it may stands in tocsin.yml, under secrets: ${name}: { from: ${from}, to: [${[...to, origin].join(', ')}] }`,
      );
    },
    hosts: settings.hosts,
  };
}

function named<T>(items: ReadonlyMap<string, T>, name: string, what: string, section: string): T {
  const item = items.get(name);
  if (item !== undefined) return item;
  const there = items.size > 0 ? `there are ${[...items.keys()].join(', ')}` : 'there is none';
  throw new ActionFailed(`there is no ${what} ${name} under \`${section}:\` in tocsin.yml; ${there}`);
}

function said<T>(probe: T | null, place: string, more: string, else_: string): T {
  if (probe !== null) return probe;
  throw new ActionFailed(
    `tocsin.yml has no probe under ${place}, so ${else_}; write there \`probe: { url: "https://…"${more} }\``,
  );
}

function once<T>(opened: Map<string, T>, name: string, open: () => T): T {
  const item = opened.get(name) ?? open();
  opened.set(name, item);
  return item;
}

/** A store whose keys are scrubbed from then on, before anybody else has them in hand. */
function watched(store: KeyStore, scrub: { learn(secret: Secret): void }): KeyStore {
  return {
    name: store.name,
    type: store.type,
    places: store.places,
    async read(signal): Promise<Keys> {
      const read = await store.read(signal);
      const apart = [...(read.apart?.values() ?? [])].flatMap(({ keys }) => keys);
      for (const key of [...read.keys.values(), ...apart]) scrub.learn(key);
      return read;
    },
    async put(id, value, expect, signal) {
      scrub.learn(value);
      if (expect) scrub.learn(expect);
      await store.put(id, value, expect, signal);
    },
    async remove(id, expect, signal) {
      scrub.learn(expect);
      await store.remove(id, expect, signal);
    },
  };
}
