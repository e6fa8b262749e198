import { chanceOf } from '../support/chance.js';
import { chaosStory, type Fault } from './chaos-stories.js';

// Ten faults, each kind among them; `npm run soak` has ninety, over fifteen times as many steps.
const FAULTS: Fault[] = [
  ...(['killed', 'killed', 'killed', 'frozen', 'frozen'] as const),
  ...(['flushed', 'flushed', 'Redis killed', 'cut', 'cut'] as const),
];

chaosStory({
  storm: { runs: 12, steps: 6, napMs: 400, crew: 3, everyMs: 200 },
  control: { runs: 6, steps: 9, crew: 3, freezes: 0.06 },
  faults: (queue) => chanceOf(`faults on ${queue}`).shuffle(FAULTS),
});
