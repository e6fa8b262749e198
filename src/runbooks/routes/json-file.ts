import { z } from 'zod';
import { readPlainFile, withFileLock, writeAtomically } from '../files.js';
import { CheckedRoute, RouteFailed, type RouteKind, type RouteReading } from './route.js';

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
  settings,
  open: (name, given) => new JsonRoute(name, given),
};

class JsonRoute extends CheckedRoute<Settings> {
  readonly type = 'json-file';
  readonly places = [this.given.path];
  protected readonly any = 'one name';
  protected fits = (to: string) => to !== '';

  protected async look(signal: AbortSignal): Promise<RouteReading> {
    const { to } = await this.load(signal);
    return { to, places: [{ place: this.given.path, to }] };
  }

  protected change(to: string, expect: string, signal: AbortSignal): Promise<void> {
    const { path, key } = this.given;
    const step = async () => {
      const { to: there, all } = await this.load(signal);
      if (there === to) return;
      this.mustPointTo(path, there, expect);
      signal.throwIfAborted();
      await writeAtomically(path, `${JSON.stringify({ ...all, [key]: to }, null, 2)}\n`);
      const after = (await this.load(signal)).to;
      if (after !== to) throw new RouteFailed(`${path} points to ${after} after it was set to ${to}`);
    };
    return withFileLock(path, step, signal);
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

  protected override saidOf(error: NodeJS.ErrnoException, verb: string, signal: AbortSignal): string {
    if (error instanceof RouteFailed) return error.message;
    const why = signal.aborted ? 'stopped' : (error.code ?? error.message);
    return `${this.given.path} could not be ${verb}: ${why}`;
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
