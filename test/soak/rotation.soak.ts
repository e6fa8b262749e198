import { rotationStory } from '../walk/rotation-story.js';
import { STRIKES } from '../walk/rotation-strikes.js';

rotationStory({ strikes: STRIKES, rate: 700, requests: 100_000, whole: true });
