import { type Dossier, standing } from './dossier.js';

/** The timeline entries on which the incident's present title, severity and components rest. */
export interface RestsOn {
  opened: number;
  title: number;
  severity: number;
  /** Component → the entry that added it. */
  components: ReadonlyMap<string, number>;
}

/** Finds, for everything that the state only knows the outcome of, the entry that said so last (in order of recording). */
export async function restsOn(dossier: Dossier): Promise<RestsOn> {
  const { opened } = dossier.state;
  const found = { title: opened.n, severity: opened.n };
  const components = new Map<string, number>();
  const latest = (name: string, n: number) => components.set(name, Math.max(n, components.get(name) ?? 0));
  for await (const entry of standing(dossier, ['opened', 'title', 'severity', 'component'])) {
    if (entry.kind === 'title') found.title = Math.max(found.title, entry.n);
    if (entry.kind === 'severity') found.severity = Math.max(found.severity, entry.n);
    if (entry.kind === 'component' && entry.detail.change === 'added' && entry.text !== null) {
      latest(entry.text, entry.n);
    }
    if (entry.kind === 'opened') for (const name of entry.detail.components ?? []) latest(name, entry.n);
  }
  return { opened: opened.n, ...found, components };
}
