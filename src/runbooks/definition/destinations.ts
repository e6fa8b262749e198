import type { Json } from '#domain/run/runbook.js';
import { fill } from '#domain/run/template.js';
import { isBelow, writtenBeginning } from '../reach.js';
import type { RunbookSettings } from '../settings.js';
import type { Kept, Shelf } from '../shelf.js';
import { placeOf } from './definition.js';
import { type Path, readSource } from './source.js';
import { isMapping, isTemplate } from './templates.js';

/** What is said of one call: where, and what is to be written in tocsin.yml. */
type Unsaid = { path: Path; text: string };

/**
 * Of a definition that is right in itself: where it sends secrets, tries keys or asks somebody, and tocsin.yml does not
 * say yet that it may, or where. What tocsin.yml does not have at all is passed over: that may be somebody else's.
 * @param given inputs with which it is run, where they are known; else its defaults count
 * @returns each `file:line: place what; what to write in tocsin.yml`
 */
export function destinationsUnsaid(
  { source, file }: Pick<Kept, 'source' | 'file'>,
  settings: RunbookSettings,
  given: Readonly<Record<string, string>> = {},
): string[] {
  const read = readSource(source);
  if (!('source' in read)) return [];
  const { tree, line } = read.source;
  const steps = (Array.isArray(tree.steps) ? tree.steps : []).filter(isMapping);
  const inputs = { ...defaultsOf(tree.inputs), ...given };
  const found = steps.flatMap((step, i) =>
    [[], ['check'], ['verify'], ['undo']].flatMap((part) => {
      const call = part[0] === undefined ? step : step[part[0]];
      return isMapping(call) && isMapping(call.with)
        ? unsaidBy(String(call.uses), call.with, inputs, settings, ['steps', i, ...part, 'with'])
        : [];
    }),
  );
  return found.map(({ path, text }) => `${file}:${line(path)}: ${placeOf(path, steps)}${text}`);
}

/** The same of everything that stands on the shelf. */
export async function shelfUnsaid(shelf: Shelf, settings: RunbookSettings): Promise<string[]> {
  const unsaid: string[] = [];
  for (const item of await shelf.list()) {
    const kept = 'problems' in item ? null : await shelf.get(item.name);
    if (kept && !('problems' in kept)) unsaid.push(...destinationsUnsaid(kept, settings));
  }
  return unsaid;
}

function unsaidBy(
  uses: string,
  call: Record<string, unknown>,
  inputs: Record<string, unknown>,
  { keystores, routes, secrets, hosts }: RunbookSettings,
  at: Path,
): Unsaid[] {
  const named = (member: string) => filled(call[member], inputs);
  if (uses === 'keys.probe' && call.pair === undefined) {
    const store = named('store');
    if (store === null || keystores.get(store)?.probe !== null) return [];
    const text = `sends the keys of ${store}, and tocsin.yml does not say where to; write there, under keystores: ${store}: probe: { url: "https://…", header: X-Api-Key }`;
    return [{ path: [...at, 'store'], text }];
  }
  if (uses === 'probe' && call.route !== undefined) {
    const route = named('route');
    if (route === null || routes.get(route)?.probe !== null) return [];
    const text = `asks through the route ${route}, and tocsin.yml does not say where; write there, under routes: ${route}: probe: { url: "https://…" }`;
    return [{ path: [...at, 'route'], text }];
  }
  if (typeof call.url !== 'string') return [];
  const beginning = writtenBeginning(call.url);
  if (!beginning) {
    const text =
      'is filled in, and tocsin.yml lists no host that templates may reach; write there http: { hosts: [HOST] }, or write the host out here';
    return hosts.length === 0 && isTemplate(call.url) ? [{ path: [...at, 'url'], text }] : [];
  }
  const headers = isMapping(call.secret_headers) ? Object.entries(call.secret_headers) : [];
  return headers.flatMap(([header, name]) => {
    const secret = secrets.get(String(name));
    // How it goes on is known when it runs; that it may go there at all is known now.
    const to = (secret?.to ?? []).filter(
      (one) => !isTemplate(call.url) || new URL(one).origin === beginning.origin,
    );
    if (!secret || (isTemplate(call.url) ? to.length > 0 : isBelow(to, beginning))) return [];
    const text = `sends the secret ${name} to ${beginning.origin}, and tocsin.yml does not say that it may go there; write there, under secrets: ${name}: { from: ${secret.from}, to: [${[...secret.to, beginning.origin].join(', ')}] }`;
    return [{ path: [...at, 'secret_headers', header], text }];
  });
}

function defaultsOf(inputs: unknown): Record<string, unknown> {
  const specs = isMapping(inputs) ? Object.entries(inputs) : [];
  return Object.fromEntries(specs.map(([name, spec]) => [name, isMapping(spec) ? spec.default : undefined]));
}

/** @returns a name that is written out, or comes of inputs alone; null: it is known when it runs */
function filled(value: unknown, inputs: Record<string, unknown>): string | null {
  if (typeof value !== 'string') return null;
  try {
    return String(fill(value as Json, { inputs }));
  } catch {
    return null;
  }
}
