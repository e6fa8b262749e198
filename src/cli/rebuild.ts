import { FOLD } from '#domain/fold.js';
import { nothingMore, type Verb } from './verb.js';
import { withCore } from './with-core.js';

/** `tocsin rebuild`: summaries and timeline entries are readings; this reads them anew. */
export const rebuild: Verb = {
  form: 'rebuild',
  help: 'recompute every summary and timeline entry from the facts',
  async run(args, io) {
    nothingMore('rebuild', args);
    return withCore(io, async (core) => {
      const incidents = await core.store.rebuild(FOLD);
      io.out(`${incidents} ${incidents === 1 ? 'incident' : 'incidents'} rebuilt.\n`);
      return 0;
    });
  },
};
