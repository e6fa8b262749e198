import { nothingMore, type Verb } from './verb.js';
import { withCore } from './with-core.js';

/** `tocsin restored`: for a backup that a bot cannot recognise as one, because it was put back as files. */
export const restored: Verb = {
  form: 'restored',
  help: 'say that the data were put back from a backup, before the bot is started on them',
  async run(args, io) {
    nothingMore('restored', args);
    return withCore(io, async (core) => {
      const runs = await core.store.restores.restored();
      if ((await core.store.restores.history()).length === 0) {
        io.out('Nothing is recorded here yet: nothing to do.\n');
        return 0;
      }
      io.out('What is owed is looked for in Slack before it is posted.\n');
      for (const { numbersFrom } of await core.store.restores.history()) {
        io.out(
          `New incidents begin at INC-${numbersFrom}: lower numbers may have been shown since the backup.\n`,
        );
      }
      if (runs > 0) {
        const stand = runs === 1 ? '1 run stands' : `${runs} runs stand`;
        io.out(
          `${stand} still: look at what was done since the backup; “tocsin deliveries” lists them, “tocsin deliveries retry NUMBER” lets one go on.\n`,
        );
      }
      return 0;
    });
  },
};
