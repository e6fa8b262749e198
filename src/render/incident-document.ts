import { ERASED } from '#domain/entry-text.js';
import { personLabel } from '#domain/person.js';
import { refOf } from '#domain/state.js';
import { actionItems } from './actions.js';
import type { Clock } from './clock.js';
import { type Block, cites, type Span } from './document.js';
import { type Dossier, standing } from './dossier.js';
import { incidentFields, milestoneFields } from './fields.js';
import { impactInFull } from './impact.js';
import { timelineBlocks } from './timeline.js';
import { dateTimeOf } from './when.js';

/** The `md` and `html` exports: what the incident is, its timeline, then what was concluded from it. */
export async function* incidentDocument(
  dossier: Dossier,
  clock: Clock,
): AsyncGenerator<Block, void, undefined> {
  const { state } = dossier;
  yield { is: 'title', spans: [`${refOf(state.number)}: ${state.title}`] };
  yield incidentFields(state, clock);
  yield { is: 'heading', text: 'Milestones' };
  yield milestoneFields(state, clock);
  yield { is: 'heading', text: 'Timeline' };
  yield* timelineBlocks(dossier.entries(), clock);
  yield* section('Impact', impactItems(dossier, clock));
  yield* section('Causes', causeItems(dossier));
  yield* section('Action items', actionTasks(dossier));
  yield* section('Public posts', postItems(dossier, clock));
  yield integrityLine(dossier);
}

export async function* impactItems(dossier: Dossier, clock: Clock): AsyncGenerator<Block, void, undefined> {
  for await (const entry of standing(dossier, ['impact'])) {
    yield { is: 'item', spans: [{ cite: entry.n }, ' ', impactInFull(entry, clock)] };
  }
}

export async function* causeItems(dossier: Dossier): AsyncGenerator<Block, void, undefined> {
  for await (const entry of standing(dossier, ['cause'])) {
    yield { is: 'item', spans: [{ cite: entry.n }, ' ', entry.text ?? ERASED] };
  }
}

export async function* actionTasks(dossier: Dossier): AsyncGenerator<Block, void, undefined> {
  for (const item of await actionItems(dossier.entries({ kinds: ['action'] }))) {
    const owner: Span[] = item.owner ? [` (owner ${personLabel(item.owner)})`] : [];
    const spans: Span[] = [`#${item.n} ${item.text}`, ...owner, ...cites(item.entry)];
    yield { is: 'task', done: item.done, spans };
  }
}

async function* postItems(dossier: Dossier, clock: Clock): AsyncGenerator<Block, void, undefined> {
  for await (const entry of standing(dossier, ['post'])) {
    const said = `${entry.detail.state ?? ''}: ${entry.text ?? ERASED}`;
    yield { is: 'item', spans: [{ cite: entry.n }, ' ', dateTimeOf(entry, clock), ' ', said] };
  }
}

/** What ties a document to the record: anybody with the `facts` export can check it. */
export function integrityLine(dossier: Dossier): Block {
  const { state, facts, head } = dossier;
  const count = `${facts} ${facts === 1 ? 'fact' : 'facts'}`;
  return { is: 'footer', spans: [`${refOf(state.number)} · ${count} · head `, { code: head }] };
}

/** A heading, if anything stands under it. */
async function* section(
  heading: string,
  blocks: AsyncIterable<Block>,
): AsyncGenerator<Block, void, undefined> {
  let empty = true;
  for await (const block of blocks) {
    if (empty) yield { is: 'heading', text: heading };
    empty = false;
    yield block;
  }
}
