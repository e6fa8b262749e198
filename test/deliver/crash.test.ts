import { chanceOf } from '../support/chance.js';
import { crashStory } from './crash-story.js';

// Every third of its dealings, others in other runs; the soak goes through all of them.
crashStory({ first: 1 + chanceOf('workers killed').below(3), stride: 3 });
