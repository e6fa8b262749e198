import { chanceOf } from '../support/chance.js';
import { runCrashStory } from './crash-story.js';

// Every third of its dealings, others in other runs; the soak goes through all of them.
runCrashStory({ first: 1 + chanceOf('workers of runs killed').below(3), stride: 3 });
