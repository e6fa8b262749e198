import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '#domain/run/runbook.js';
import {
  type Action,
  ActionFailed,
  type Output,
  type RunContext,
  type ShellCommand,
  type StepResult,
} from '#runbooks/action.js';
import { jsonFile } from '#runbooks/keystores/json-file.js';
import type { KeyProbe, KeyStore, Pair } from '#runbooks/keystores/keystore.js';
import { type Host, isBelow } from '#runbooks/reach.js';
import { type Route, RouteFailed, type RouteProbe, StaleRoute } from '#runbooks/routes/route.js';
import { fingerprints, Secret } from '#runbooks/secret.js';

export const fingerprint = fingerprints('pepper of a test');
export const fp = (value: string) => fingerprint(new Secret(value));

/** What an action is handed in these tests: real stores in a folder of their own, and a record of what it said and asked for. */
export class Kit {
  readonly stores = new Map<string, KeyStore>();
  readonly routes = new Map<string, Route>();
  readonly pairs = new Map<string, Pair>();
  readonly commands = new Map<string, ShellCommand>();
  readonly storeProbes = new Map<string, KeyProbe>();
  readonly routeProbes = new Map<string, RouteProbe>();
  readonly secrets = new Map<string, string>();
  /** Where each of them may be sent. */
  readonly destinations = new Map<string, string[]>();
  /** What templates may reach. */
  hosts: Host[] = [];
  readonly said: string[] = [];
  readonly posted: Array<{ text: string; channel: string | null }> = [];
  /** How often the right to a change was asked for; throw here to take it away. */
  secured = 0;
  onSecure: () => void = () => {};
  now = new Date('2024-11-10T12:00:00Z');
  readonly #servers: Server[] = [];

  private constructor(readonly folder: string) {}

  static async open(): Promise<Kit> {
    return new Kit(await mkdtemp(join(tmpdir(), 'tocsin-actions-')));
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A JSON file with these keys, as a store. */
  async store(name: string, keys: Record<string, string>): Promise<KeyStore> {
    const path = join(this.folder, `${name}.json`);
    await writeFile(path, JSON.stringify(keys));
    const surroundings = { fingerprint, secret: () => never('a secret of a store') };
    const store = jsonFile.open(name, { path }, surroundings);
    this.stores.set(name, store);
    return store;
  }

  /** What a store's file holds. */
  async holds(name: string): Promise<Record<string, string>> {
    return JSON.parse(await readFile(join(this.folder, `${name}.json`), 'utf8'));
  }

  async write(name: string, keys: Record<string, string>): Promise<void> {
    await writeFile(join(this.folder, `${name}.json`), JSON.stringify(keys));
  }

  /** A real server of one's own. @returns its address, without a slash at the end */
  async serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  context(more: Partial<RunContext> = {}): RunContext {
    const named =
      <T>(what: string, map: Map<string, T>) =>
      (name: string) => {
        const found = map.get(name);
        if (found !== undefined) return found;
        throw new ActionFailed(`there is no ${what} ${name}; there are ${[...map.keys()].join(', ')}`);
      };
    return {
      signal: new AbortController().signal,
      key: 'run-1/step-1',
      store: named('key store', this.stores),
      route: named('route', this.routes),
      pair: named('pair', this.pairs),
      command: named('command', this.commands),
      storeProbe: named('probe of the key store', this.storeProbes),
      routeProbe: named('probe of the route', this.routeProbes),
      secretFor: (name, url) => {
        const secret = named('secret', this.secrets)(name);
        if (isBelow(this.destinations.get(name) ?? [], new URL(url))) return new Secret(secret);
        throw new ActionFailed(`the secret ${name} may not be sent to ${new URL(url).origin}`);
      },
      hosts: this.hosts,
      // As if no template had stood there.
      written: {},
      fingerprint,
      now: () => this.now,
      secure: async () => {
        this.secured += 1;
        this.onSecure();
      },
      captured: null,
      planned: null,
      undoing: null,
      waited: null,
      answer: null,
      say: (line) => void this.said.push(line),
      post: async (text, channel) => void this.posted.push({ text, channel }),
      ...more,
    };
  }

  /** @param more `written`: what a definition says, where templates stand in it; else it says what is given */
  async plan(action: Action, given: Json, more: Partial<RunContext> = {}) {
    const plan = await action.plan(action.input.parse(given), this.context({ written: given, ...more }));
    mustBeListed(action, plan.output ?? {});
    return plan;
  }

  capture(action: Action, given: Json): Promise<Json> {
    return (
      action.capture?.(action.input.parse(given), this.context({ written: given })) ?? Promise.resolve(null)
    );
  }

  /** Runs a step as the engine does: what is to be changed is captured first, unless it was already. */
  async run(action: Action, given: Json, more: Partial<RunContext> = {}): Promise<StepResult> {
    const captured = more.captured ?? (await this.capture(action, given));
    try {
      const result = await action.run(
        action.input.parse(given),
        this.context({ written: given, ...more, captured }),
      );
      if (result.kind === 'done') mustBeListed(action, result.output);
      return result;
    } catch (error) {
      if (error instanceof ActionFailed) mustBeListed(action, error.output);
      throw error;
    }
  }

  /** Runs a step that comes to its end. */
  async done(action: Action, given: Json, more: Partial<RunContext> = {}) {
    const result = await this.run(action, given, more);
    if (result.kind !== 'done') throw new Error(`it is not done: ${result.kind}`);
    return result;
  }
}

/** @returns how it failed. @throws when it did not, or not as an action should */
export async function failure(promise: Promise<unknown>): Promise<ActionFailed> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ActionFailed) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

/** Templates may name listed outputs only. @throws TypeError, which no test takes for the action's own failure */
function mustBeListed({ name, outputs }: Action, output: Output): void {
  const unlisted = Object.keys(output).filter((member) => !outputs.includes(member));
  if (unlisted.length > 0) throw new TypeError(`${name} gives ${unlisted.join(', ')}, not listed as outputs`);
}

/** A route in files, one per place. */
export class FileRoute implements Route {
  readonly type = 'files';
  constructor(
    readonly name: string,
    readonly places: readonly string[],
    readonly choices: readonly string[] = [],
  ) {}

  async read() {
    const places = await Promise.all(
      this.places.map(async (place) => ({ place, to: await readFile(place, 'utf8') })),
    );
    const to = places.every((at) => at.to === places[0]?.to) ? (places[0]?.to ?? null) : null;
    return { to, places };
  }

  async set(to: string, expect: string): Promise<void> {
    const { places } = await this.read();
    if (places.some((at) => at.to !== to && at.to !== expect))
      throw new StaleRoute(`${this.name} points elsewhere`);
    for (const { place } of places) {
      await writeFile(place, to).catch(() => {
        throw new RouteFailed(`${this.name}: ${place} could not be written`);
      });
    }
  }
}

/** What the signal of a step's timeout ends with. */
export function timeIsUp(): DOMException {
  return new DOMException('The operation was aborted due to timeout', 'TimeoutError');
}

/** Breaks a connection off without a word. */
export function hangUp(socket: Socket | null): void {
  socket?.resetAndDestroy();
}

function never(what: string): never {
  throw new Error(`asked for ${what}`);
}
