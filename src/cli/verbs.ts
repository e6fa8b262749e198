import { closestVerbs } from '#domain/command/closest-verbs.js';
import { plainHelp, unmarked } from '#domain/command/help.js';
import { verbNamed } from '#domain/command/verbs.js';
import { refuse } from '#domain/refusal.js';
import { deliveries } from './deliveries.js';
import { doctor } from './doctor.js';
import { erase } from './erase.js';
import { exportVerb } from './export.js';
import { health } from './health.js';
import { migrateVerb } from './migrate.js';
import { rebuild } from './rebuild.js';
import { restored } from './restored.js';
import { runbook } from './runbook.js';
import { sandbox } from './sandbox.js';
import { token } from './token.js';
import type { Verb } from './verb.js';
import { verify } from './verify.js';

/** `tocsin help [VERB]`: the machine's verbs and the incident's. */
const help: Verb = {
  form: 'help [VERB]',
  help: 'this list, or one verb',
  async run([verb], io) {
    const own = verb === undefined ? undefined : VERBS[verb];
    if (own) io.out(`${`tocsin ${own.form}`.replace(/\n +/g, '\n')}\n  ${unmarked(own.help)}\n`);
    else if (verb !== undefined && verbNamed(verb)) io.out(`${plainHelp(verb, 'tocsin', [])}\n`);
    else if (verb !== undefined) {
      const { sentence, next } = refuse('UNKNOWN_VERB', {
        verb: verb.slice(0, 40),
        closest: closestVerbs(verb),
      });
      io.err(`${sentence} ${next}\n`);
      return 1;
    } else {
      // `--help` is `help` under another name.
      const mine = [...new Set(Object.values(VERBS))].map(
        (one) => `  ${one.form}\n      ${unmarked(one.help)}`,
      );
      io.out(`tocsin VERB …\n\n  start [--role all|web|worker]\n      the bot\n${mine.join('\n')}\n\n`);
      io.out(
        `The verbs of an incident, as in Slack; name the incident after the verb, and whose word it is with --owner @ana:\n\n${plainHelp(null, 'tocsin', Object.keys(VERBS))}\n\n` +
          '--team T… before a verb names the workspace, where the database holds several.\n',
      );
    }
    return 0;
  },
};

/** Verbs of the machine. Every other word is a verb of an incident, read by the grammar that Slack's commands share. */
export const VERBS: Readonly<Record<string, Verb>> = {
  export: exportVerb,
  verify,
  token,
  doctor,
  health,
  deliveries,
  migrate: migrateVerb,
  rebuild,
  restored,
  runbook,
  erase,
  sandbox,
  help,
  '--help': help,
  '-h': help,
};
