import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '#domain/run/runbook.js';
import type { Output, RunContext } from '#runbooks/action.js';
import { keysRotate } from '#runbooks/actions/keys-rotate.js';
import type { KeyStore, Pair } from '#runbooks/keystores/keystore.js';
import { failure, Kit } from './kit.js';

export const K1 = 'first-key-value';
export const FORWARD = ['mint', 'accept', 'prove', 'switch', 'drain', 'retire', 'settle'] as const;
export const BACK: Record<string, string> = {
  retire: 'unretire',
  switch: 'unswitch',
  accept: 'unaccept',
  mint: 'unmint',
};

/** Where a crash strikes: at which write, counted from now, and on which side of it. */
export interface Crash {
  write: number;
  after: boolean;
}

export interface Shape {
  senders: number;
  acceptors: number;
}

/** What a step leaves for its undo. */
export interface Step {
  phase: string;
  captured: Json;
  output: Output;
}

/**
 * A pair of services for real: their keys in JSON files, acceptors that check each request against their file, and a
 * gateway that sends what its senders' files hold. After every write all files are read, and what must hold is checked.
 */
export class World {
  readonly violations: string[] = [];
  readonly crashes: Crash[] = [];
  writes = 0;

  private constructor(
    readonly kit: Kit,
    readonly pair: Pair,
  ) {}

  static async open({ senders, acceptors }: Shape): Promise<World> {
    const kit = await Kit.open();
    const names = (what: string, count: number) =>
      Array.from({ length: count }, (_, n) => `${what}-${n + 1}`);
    const urls: string[] = [];
    const file = (name: string): Record<string, string> =>
      JSON.parse(readFileSync(join(kit.folder, `${name}.json`), 'utf8'));
    for (const name of names('acceptor', acceptors)) {
      const url = await kit.serve((request, response) => {
        const accepted = Object.values(file(name)).includes(String(request.headers['x-api-key']));
        response.writeHead(accepted ? 200 : 401).end();
      });
      urls.push(url);
    }
    const through = await kit.serve((_, response) => {
      const good = names('sender', senders).every((sender) =>
        names('acceptor', acceptors).every((to) =>
          Object.values(file(to)).includes(String(file(sender).key)),
        ),
      );
      response.writeHead(good ? 200 : 502).end();
    });
    const world = new World(kit, {
      name: 'tts',
      truth: 'truth',
      senders: names('sender', senders),
      acceptors: names('acceptor', acceptors),
      key: 'key',
      probe: { urls, header: 'X-Api-Key', status: [200], refused: [401] },
      through,
      drainMs: 60_000,
    });
    kit.pairs.set('tts', world.pair);
    await world.add('truth', { current: K1, previous: 'zeroth-key-value' });
    for (const name of world.pair.senders) await world.add(name, { key: K1, other: 'of-somebody-else' });
    // Under an id that we did not choose, beside what is no business of this pair.
    for (const name of world.pair.acceptors) await world.add(name, { legacy: K1, 'client-9': 'of-a-client' });
    return world;
  }

  async add(name: string, keys: Record<string, string>): Promise<void> {
    const store = await this.kit.store(name, keys);
    this.kit.stores.set(name, this.watched(store));
  }

  /** The real store, with what must hold checked after every write, and crashes before or after some. */
  private watched(store: KeyStore): KeyStore {
    const write = async (make: () => Promise<void>) => {
      this.writes += 1;
      const crash = this.crashes[0]?.write === this.writes ? this.crashes.shift() : undefined;
      if (crash && !crash.after) throw new Error('crash before a write');
      await make();
      this.check(`after write ${this.writes} (${store.name})`);
      if (crash) throw new Error('crash after a write');
    };
    return {
      name: store.name,
      type: store.type,
      places: store.places,
      read: (signal) => store.read(signal),
      put: (...args) => write(() => store.put(...args)),
      remove: (...args) => write(() => store.remove(...args)),
    };
  }

  files(): Record<string, Record<string, string>> {
    const { truth, senders, acceptors } = this.pair;
    const read = (name: string) => JSON.parse(readFileSync(join(this.kit.folder, `${name}.json`), 'utf8'));
    return Object.fromEntries([truth, ...senders, ...acceptors].map((name) => [name, read(name)]));
  }

  check(when: string): void {
    const files = this.files();
    const { senders, acceptors } = this.pair;
    for (const to of acceptors) {
      const accepted = Object.values(files[to] ?? {});
      for (const from of senders) {
        if (!accepted.includes(String(files[from]?.key)))
          this.violations.push(`I1 ${when}: ${to} would refuse ${from}`);
      }
    }
    const live = new Set(acceptors.flatMap((to) => Object.values(files[to] ?? {})));
    live.delete('of-a-client');
    if (live.size > 2) this.violations.push(`I3 ${when}: ${live.size} keys are live`);
  }

  context(more: Partial<RunContext> = {}): RunContext {
    return this.kit.context(more);
  }

  /** Does a phase until it is done, however often it crashes. @returns what its undo is given */
  async phase(phase: string, undoing: RunContext['undoing'] = null): Promise<Step> {
    const given = { pair: 'tts', phase };
    const captured = await this.kit.capture(keysRotate, given);
    for (;;) {
      const before = this.crashes.length;
      try {
        let result = await this.kit.run(keysRotate, given, { captured, undoing });
        if (result.kind === 'wait') {
          result = await this.kit.run(keysRotate, given, { captured, undoing, waited: result.until });
        }
        if (result.kind !== 'done') throw new Error(`${phase} is not done`);
        return { phase, captured, output: result.output };
      } catch (error) {
        if (this.crashes.length === before) throw error;
      }
    }
  }

  /** Does a phase, which crashes for good at one of its writes, or ends. */
  async broken(phase: string): Promise<Step> {
    const given = { pair: 'tts', phase };
    const captured = await this.kit.capture(keysRotate, given);
    const before = this.crashes.length;
    const run = this.kit.run(keysRotate, given, { captured });
    const outcome = await run.then(
      (result) => (result.kind === 'done' ? result.output : {}),
      async (error) => {
        if (this.crashes.length === before) throw error;
        return (await failure(Promise.reject(error))).output;
      },
    );
    return { phase, captured, output: outcome };
  }

  /** Undoes steps, the last first. */
  async undo(steps: readonly Step[]): Promise<void> {
    for (const { phase, captured, output } of [...steps].reverse()) {
      const back = BACK[phase];
      if (back) await this.phase(back, { captured, input: { pair: 'tts', phase: back }, output });
    }
  }
}
