import { parseArgs } from 'node:util';
import { FOLD } from '#domain/fold.js';
import { numberOf } from '#domain/state.js';
import { Usage, type Verb } from './verb.js';
import { withCore } from './with-core.js';

/**
 * `tocsin erase INC-7 --fact 12 --field text`: a text or a name that must go (a secret that was pasted, a person
 * who asked to be forgotten). The fact and its hash stay, so the chain still proves itself.
 */
export const erase: Verb = {
  form: 'erase INC-7 --fact SEQ --field NAME… --yes',
  help: 'erase texts of one fact for ever; `export --format facts` shows facts and fields',
  async run(args, io) {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        fact: { type: 'string' },
        field: { type: 'string', multiple: true, default: [] },
        yes: { type: 'boolean', default: false },
      },
    });
    const [named = '', ...more] = positionals;
    const incident = numberOf(named);
    const seq = Number(values.fact);
    if (incident === null || more.length > 0) throw new Usage('name one incident, such as INC-7');
    if (!Number.isInteger(seq) || seq < 1) throw new Usage('name the fact by its seq: `--fact 12`');
    if (values.field.length === 0) throw new Usage('name what to erase: `--field text` or `--field by`');
    if (!values.yes) throw new Usage('this cannot be undone: add `--yes`');
    return withCore(io, async (core) => {
      const team = await core.team();
      const erased = await core.store.eraseTexts(FOLD, { team, incident, seq }, values.field);
      if (erased === 0) {
        io.err(`Fact ${seq} of INC-${incident} has no such text, or it is erased already.\n`);
        return 1;
      }
      io.out(`${erased} erased. What Slack shows of it is deleted in Slack.\n`);
      return 0;
    });
  },
};
