// `npm run soak`: what only earns its time when it runs long, all of it. `-- --seed N` or TOCSIN_SEED=N runs the same once
// more; names of files after that run only those. As with `npm test`, CI=true makes a skipped test a failure.
import { runJest } from './jest.mjs';

process.exit(runJest('jest.soak.config.mjs', process.argv.slice(2)));
