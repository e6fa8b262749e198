// `npm test`: every test but the soak. `-- FILE…` runs only those; `-- --seed N` or TOCSIN_SEED=N makes the same random choices
// once more.
import { runJest } from './jest.mjs';

process.exit(runJest('jest.config.mjs', process.argv.slice(2)));
