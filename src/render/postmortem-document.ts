import { refOf } from '#domain/state.js';
import type { Clock } from './clock.js';
import type { Block } from './document.js';
import type { Dossier } from './dossier.js';
import { incidentFields } from './fields.js';
import { actionTasks, causeItems, impactItems, integrityLine } from './incident-document.js';
import { detection, resolution, summary } from './postmortem-sentences.js';
import { restsOn } from './rests-on.js';
import { timelineBlocks, type Watched } from './timeline.js';

/**
 * The postmortem's draft. It only repeats what is recorded, and says where: every sentence of its own cites the entries
 * it rests on. What is not recorded is asked, never filled in.
 */
export async function* postmortemDocument(
  dossier: Dossier,
  clock: Clock,
): AsyncGenerator<Block, void, undefined> {
  const { state } = dossier;
  const rests = await restsOn(dossier);
  yield { is: 'title', spans: [`Postmortem of ${refOf(state.number)}: ${state.title}`] };
  yield incidentFields(state, clock);
  yield { is: 'heading', text: 'Summary' };
  yield* summary(state, rests, clock);
  yield { is: 'heading', text: 'Impact' };
  yield* orAsk(
    impactItems(dossier, clock),
    'whom did it affect, for how long, and how many requests failed?',
  );
  yield { is: 'heading', text: 'Timeline' };
  yield* timelineBlocks(dossier.entries(), clock, watchedOf(dossier));
  yield { is: 'heading', text: 'Root cause' };
  yield* orAsk(causeItems(dossier), 'what was the cause?');
  yield { is: 'heading', text: 'Detection' };
  yield* detection(dossier, clock);
  yield { is: 'heading', text: 'Resolution' };
  yield* resolution(dossier, clock);
  for (const text of ['What went well', 'What went badly', 'Luck']) {
    yield { is: 'heading', text };
    yield { is: 'prompt', text: 'for the people who were there' };
  }
  yield { is: 'heading', text: 'Action items' };
  yield* orAsk(actionTasks(dossier), 'what will be done so that it does not happen again, and by whom?');
  yield integrityLine(dossier);
}

/** From *started*, or else from when it was opened, to the end. */
function watchedOf({ state }: Dossier): Watched {
  const { started, resolved } = state.milestones;
  const known = started && started.precision !== 'date' ? started : state.opened;
  const to = resolved && resolved.precision !== 'date' ? resolved.at : null;
  return { from: { at: known.at, n: known.n }, to };
}

async function* orAsk(
  blocks: AsyncIterable<Block>,
  question: string,
): AsyncGenerator<Block, void, undefined> {
  let empty = true;
  for await (const block of blocks) {
    empty = false;
    yield block;
  }
  if (empty) yield { is: 'question', spans: [question] };
}
