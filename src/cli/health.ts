import { botsHere } from '#compose/health.js';
import { nothingMore, type Verb } from './verb.js';

/** `tocsin health`: is the bot on this machine alive, whatever its role? For a container's health check. */
export const health: Verb = {
  form: 'health',
  help: 'is the bot in this container alive, of whatever role; `doctor` says what is wrong',
  async run(args, io) {
    nothingMore('health', args);
    const bots = await botsHere();
    if (bots.length === 0) {
      io.err('No bot of this account runs here, or it is still starting.\n');
      return 1;
    }
    for (const { pid, role, why } of bots) {
      if (why === null) io.out(`The bot (${role}, process ${pid}) is alive.\n`);
      else io.err(`The bot (${role}, process ${pid}) ${why}.\n`);
    }
    return bots.every(({ why }) => why === null) ? 0 : 1;
  },
};
