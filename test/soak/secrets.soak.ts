import { canaryStory } from '../walk/canary-story.js';

canaryStory({ http: 40, shell: 40, all: 200 }, true);
