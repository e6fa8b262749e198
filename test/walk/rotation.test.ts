import { rotationStory } from './rotation-story.js';
import { STRIKES } from './rotation-strikes.js';

// Killed where one instance of two knows the next key, and where the sender has it and nobody knows that; `npm run soak`
// kills it in every state, under 100,000 requests.
const HERE = ['P3 accepted by one instance of two', 'P6 switched, and not on record'];
const strikes = STRIKES.filter(({ state }) => HERE.includes(state));
rotationStory({ strikes, rate: 150, requests: 0, whole: false });
