import { isIn, NEXT, type Next, nextIn, nextOutside, runsWaiting } from '#domain/command/next.js';
import type { Asking } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isPublic, type Permits, type Power, speakerOf } from '#domain/permission.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import type { Read } from '#read/read.js';
import { actionItems } from '#render/document.js';
import { hereText, nextText, outsideText } from '#render/here.js';
import { foremost } from './which.js';

/** What a front that has buttons makes buttons of. */
export interface NextOffer {
  /** The answer without what is to be typed next. */
  head: string;
  /** Where a press is done; null: the line says it, or it is about none. */
  incident: number | null;
  choices: readonly Next[];
  /** Channels that the head names, `#name`. */
  channels: ReadonlyArray<{ id: string; name: string }>;
  /** What was so of the incident: a press later on changes only that. */
  seen?: Seen;
}

/** The entry of a status, and the id of whoever leads, as they were shown. */
export interface Seen {
  entry: number | null;
  lead: string | null;
}

interface HereAsked {
  /** null: they are in no incident's channel, and named none. */
  incident: number | null;
  /** It was named, and would have to be named again. */
  named: boolean;
  asking: Asking;
  zone: string;
  /** They may only look; or change nothing that the public reads. */
  looksOnly: boolean;
  mayPublish: boolean;
}

interface HerePorts {
  read: Pick<Read, 'open' | 'dossier' | 'runs'>;
  command: string;
  permits?: Permits;
  watch?: { span: string | null };
}

/** The command alone: where somebody is, what waits for them, and what is likely next, as far as they may have it done. */
export async function answerHere(
  ports: HerePorts,
  asked: HereAsked,
): Promise<{ text: string; next: NextOffer } | Refusal> {
  const { incident, asking } = asked;
  if (incident === null) {
    const { id } = speakerOf(asking);
    const open = foremost(await ports.read.open(asking), id);
    const head = outsideText(open.map((state) => ({ state, yours: isIn(state, id) })));
    return dressed(ports, asked, head, nextOutside(open, id), open);
  }
  return inside(ports, { ...asked, incident });
}

async function inside(ports: HerePorts, asked: HereAsked & { incident: number }) {
  const { incident, asking, zone, named } = asked;
  const { read, watch } = ports;
  const found = await read.dossier(asking, incident, async (dossier) => ({
    state: dossier.state,
    actions: (await actionItems(dossier.entries({ kinds: ['action'] }))).filter(({ done }) => !done),
  }));
  if (isRefusal(found)) return found;
  const { state, actions } = found;
  const { id: person } = speakerOf(asking);
  const may = await allowedOf(ports, asked, ['approve', 'run']);
  const waiting = runsWaiting(state, person, { approve: may.has('approve'), run: may.has('run') });
  const asks = waiting.some(({ why, yours }) => yours && why === 'answer');
  const runs = asks ? await read.runs(asking, incident) : [];
  const { now } = asking;
  const head = hereText({
    ...{ state, person, waiting, now, zone },
    runs: isRefusal(runs) ? [] : runs,
    actions: actions.filter(({ owner }) => owner?.id === person),
  });
  const around = { person, now, named, me: asking.source === 'slack', actions: actions.length };
  const next = nextIn(state, { ...around, watchSpan: watch?.span ?? null });
  const { text, next: offer } = await dressed(ports, asked, head, next, []);
  const seen: Seen = { entry: state.statusEntry, lead: state.roles.lead?.id ?? null };
  return { text, next: { ...offer, seen } };
}

async function dressed(
  ports: HerePorts,
  asked: HereAsked,
  head: string,
  likely: readonly Next[],
  shown: readonly IncidentState[],
): Promise<{ text: string; next: NextOffer }> {
  const powers = [...new Set(likely.flatMap(({ power }) => power ?? []))];
  const may = await allowedOf(ports, asked, powers);
  const choices = likely.filter(({ power }) => power === null || may.has(power)).slice(0, NEXT);
  const channels = shown.flatMap(({ channel }) => channel ?? []);
  const text = `${head}\n${nextText(choices, ports.command)}`;
  return { text, next: { head, incident: asked.incident, choices, channels } };
}

const LOOKS: ReadonlySet<Power> = new Set<Power>(['see', 'export']);

/** @returns those of the powers that whoever asks has there */
async function allowedOf(
  { permits }: HerePorts,
  { incident, asking, looksOnly, mayPublish }: HereAsked,
  powers: readonly Power[],
): Promise<Set<Power>> {
  const open = powers.filter((power) => (LOOKS.has(power) || !looksOnly) && (mayPublish || !isPublic(power)));
  const no = await Promise.all(open.map((power) => permits?.(power, incident, asking) ?? null));
  return new Set(open.filter((_, i) => no[i] === null));
}
