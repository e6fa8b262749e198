import { chaosStory, type Fault } from '../runs/chaos-stories.js';
import { chanceOf } from '../support/chance.js';

/** One of many, more than half of which are kills. */
function oneOf(dice: number): Fault {
  if (dice < 0.55) return 'killed';
  if (dice < 0.7) return 'frozen';
  if (dice < 0.85) return 'flushed';
  return dice < 0.9 ? 'Redis killed' : 'cut';
}

chaosStory({
  storm: { runs: 60, steps: 18, napMs: 60, crew: 3, everyMs: 400 },
  control: { runs: 10, steps: 18, crew: 3, freezes: 0.06 },
  faults(queue) {
    const { next } = chanceOf(`faults on ${queue}`);
    return Array.from({ length: 90 }, () => oneOf(next()));
  },
});
