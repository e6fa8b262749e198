import { runCrashStory } from '../deliver/run-crash-story.js';

runCrashStory({ first: 1, stride: 1 });
