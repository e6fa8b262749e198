import { listRunbooks, showRunbook } from './runbook-files.js';
import { lintRunbooks } from './runbook-lint.js';
import { planRunbook } from './runbook-plan.js';
import { runRunbook, watchRun } from './runbook-run.js';
import { type Io, Usage, type Verb } from './verb.js';

const VERBS: Readonly<Record<string, (args: string[], io: Io) => Promise<number>>> = {
  lint: lintRunbooks,
  list: listRunbooks,
  show: showRunbook,
  plan: planRunbook,
  run: runRunbook,
  watch: watchRun,
};

/** `tocsin runbook …`: runbooks without Slack. `lint`, `list`, `show` and `plan` need no database either. */
export const runbook: Verb = {
  form: `runbook lint [FILE|FOLDER|NAME]…
       tocsin runbook list
       tocsin runbook show NAME
       tocsin runbook plan NAME [key=value]…      (of no incident: one that is named is not looked at)
       tocsin runbook run [INC-7] NAME [key=value]… [--plan] [--incident INC-7] [--key KEY] [--owner @ana]
       tocsin runbook watch INC-7 RUN-3`,
  help: 'check, show and plan runbooks; run one, also when neither Slack nor a bot is there',
  async run([verb = '', ...args], io) {
    const known = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (!known) throw new Usage(verb === '' ? 'say what to do' : `there is no “runbook ${verb}”`);
    return known(args, io);
  },
};
