import { canaryStory } from './canary-story.js';

// One value for each way in which a target echoes and a program prints; `npm run soak` has four.
canaryStory({ http: 11, shell: 10, all: 141 }, false);
