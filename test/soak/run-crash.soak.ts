import { runCrashStory } from '../runs/crash-story.js';

runCrashStory({ first: 1, stride: 1 });
