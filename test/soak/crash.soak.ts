import { crashStory } from '../deliver/crash-story.js';

crashStory({ first: 1, stride: 1 });
