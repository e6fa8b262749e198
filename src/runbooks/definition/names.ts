import { closest } from '#domain/text.js';
import { placeOf } from './definition.js';
import { type Path, readSource } from './source.js';
import { isMapping, isTemplate } from './templates.js';

/** What a step names that stands in tocsin.yml, by section. */
const SECTIONS = {
  keystores: 'key store',
  routes: 'route',
  pairs: 'pair',
  commands: 'command',
  secrets: 'secret',
} as const;
type Section = keyof typeof SECTIONS;

/** The sections of tocsin.yml, as far as their names matter. */
export type Known = Readonly<Record<Section, Readonly<Record<string, unknown>>>>;

/** Which members of an action's `with` name something of tocsin.yml. `secret_headers` do in every action. */
export const NAMING: Readonly<Record<string, Readonly<Record<string, Section>>>> = {
  'keys.compare': { from: 'keystores', to: 'keystores' },
  'keys.add': { from: 'keystores', to: 'keystores' },
  'keys.remove': { store: 'keystores' },
  'keys.probe': { store: 'keystores', pair: 'pairs' },
  'keys.rotate': { pair: 'pairs' },
  'route.read': { route: 'routes' },
  'route.set': { route: 'routes' },
  probe: { route: 'routes' },
  shell: { command: 'commands' },
};

const SHOWN = 8;

/**
 * Of a definition that is right in itself: the names in it that tocsin.yml does not have, as far as they are written
 * out. Without the names themselves, which may have been meant for something else.
 * @returns warnings, each `file:line: warning: place what; those there are`
 */
export function namesNothing(source: string, file: string, known: Known): string[] {
  const read = readSource(source);
  if (!('source' in read)) return [];
  const { tree, line } = read.source;
  const steps = (Array.isArray(tree.steps) ? tree.steps : []).filter(isMapping);
  const found = steps.flatMap((step, i) =>
    [[], ['check'], ['verify'], ['undo']].flatMap((part) => {
      const call = part[0] === undefined ? step : step[part[0]];
      return isMapping(call) ? namedIn(call, ['steps', i, ...part]) : [];
    }),
  );
  return found.flatMap(({ path, name, section }) => {
    if (isTemplate(name) || Object.hasOwn(known[section], name)) return [];
    const there = closest(name, Object.keys(known[section]), SHOWN);
    const which = there.length > 0 ? `there are ${there.join(', ')}` : `there is none under ${section}:`;
    const text = `${placeOf(path, steps)}names no ${SECTIONS[section]} of tocsin.yml; ${which}`;
    return [`${file}:${line(path)}: warning: ${text}`];
  });
}

function namedIn(
  call: Record<string, unknown>,
  at: Path,
): Array<{ path: Path; name: string; section: Section }> {
  const given = isMapping(call.with) ? call.with : {};
  const naming = Object.entries(NAMING[String(call.uses)] ?? {});
  const headers = isMapping(given.secret_headers) ? Object.entries(given.secret_headers) : [];
  return [
    ...naming.map(([member, section]) => ({ path: [...at, 'with', member], name: given[member], section })),
    ...headers.map(([header, name]) => ({
      path: [...at, 'with', 'secret_headers', header],
      name,
      section: 'secrets' as const,
    })),
  ].filter(
    (one): one is { path: (string | number)[]; name: string; section: Section } =>
      typeof one.name === 'string',
  );
}
