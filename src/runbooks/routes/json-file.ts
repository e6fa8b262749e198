import { z } from 'zod';
import { readPlainFile, withFileLock, writeAtomically } from '../files.js';
import { type Route, RouteFailed, type RouteKind, type RouteReading, StaleRoute } from './route.js';

/** Many a gateway keeps its routes in an object of another language: `__proto__` is lost there, or worse. */
const name = z
  .string()
  .min(1)
  .refine((text) => text !== '__proto__', 'must not be __proto__');
const settings = z.strictObject({
  path: z.string().startsWith('/', 'must be an absolute path'),
  /** The member that says where it points. */
  key: name,
  choices: z.array(name).default([]),
});
type Settings = z.infer<typeof settings>;

const content = z.record(z.string(), z.string());

/** One member of a JSON object in a file, for gateways that look at the file before every request: `{"tts": "old"}`. */
export const jsonFile: RouteKind<Settings> = {
  type: 'json-file',
  is: 'a member of a JSON file that a gateway reads',
  settings,
  open: (name, given) => new JsonRoute(name, given),
};

class JsonRoute implements Route {
  readonly type = 'json-file';
  readonly places: readonly string[];
  readonly choices: readonly string[];

  constructor(
    readonly name: string,
    private readonly given: Settings,
  ) {
    this.places = [given.path];
    this.choices = given.choices;
  }

  async read(signal: AbortSignal): Promise<RouteReading> {
    return this.told('read', signal, async () => {
      const { to } = await this.load(signal);
      return { to, places: [{ place: this.given.path, to }] };
    });
  }

  async set(to: string, expect: string, signal: AbortSignal): Promise<void> {
    const { path, key } = this.given;
    if (to === '' || (this.choices.length > 0 && !this.choices.includes(to)))
      throw new RouteFailed(`${this.name}: it may point to ${this.choices.join(', ') || 'one name'} only`);
    const step = async () => {
      const { to: there, all } = await this.load(signal);
      if (there === to) return;
      if (there !== expect)
        throw new StaleRoute(
          `${this.name}: ${path} points to ${there}, not to ${expect}: nothing was changed`,
        );
      signal.throwIfAborted();
      await writeAtomically(path, `${JSON.stringify({ ...all, [key]: to }, null, 2)}\n`);
      const after = (await this.load(signal)).to;
      if (after !== to) throw new RouteFailed(`${path} points to ${after} after it was set to ${to}`);
    };
    await this.told('written', signal, () => withFileLock(path, step, signal));
  }

  /** @returns where it points, and every member: the others are left as they are */
  private async load(signal: AbortSignal): Promise<{ to: string; all: Record<string, string> }> {
    const { path, key } = this.given;
    const all = parsed(await readPlainFile(path, signal));
    if (!all) throw new RouteFailed(`${path} is not a JSON object of names`);
    const to = Object.hasOwn(all, key) ? all[key] : undefined;
    if (to === undefined) throw new RouteFailed(`${path} has no member ${key}; add it by hand once`);
    return { to, all };
  }

  private async told<T>(verb: string, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof StaleRoute) throw error;
      if (error instanceof RouteFailed) throw new RouteFailed(`${this.name}: ${error.message}`);
      const { code, message } = error as NodeJS.ErrnoException;
      const why = signal.aborted ? 'stopped' : (code ?? message);
      throw new RouteFailed(`${this.name}: ${this.given.path} could not be ${verb}: ${why}`);
    }
  }
}

function parsed(source: string): Record<string, string> | null {
  try {
    const data: unknown = JSON.parse(source);
    return Object.hasOwn(data as object, '__proto__') ? null : content.parse(data);
  } catch {
    // What the parsers say quotes the file.
    return null;
  }
}
