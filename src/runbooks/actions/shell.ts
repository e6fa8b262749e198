import { z } from 'zod';
import { type Action, ActionFailed } from '../action.js';
import { NotStarted, runProcess } from '../process.js';
import { ranOut } from './touch.js';

const input = z.strictObject({
  command: z.string().min(1),
  args: z
    .array(z.union([z.string(), z.number(), z.boolean()]).transform(String))
    .default([])
    .refine((args) => args.every((arg) => !arg.includes('\0')), { message: 'holds a null character' }),
});

/** What every program may know of its surroundings; the rest is declared with the command. Never our own secrets. */
const PASSED = ['PATH', 'HOME', 'LANG'];

/**
 * `shell`: runs a command that tocsin.yml allows, by name. There is no shell: arguments are handed over as they are,
 * behind those of tocsin.yml.
 */
export const shell: Action<z.infer<typeof input>> = {
  name: 'shell',
  does: 'runs a command that tocsin.yml allows',
  effect: 'unsafe',
  authorKnows: true,
  input,
  outputs: ['exit', 'bytes'],
  async plan({ command: name, args }, context) {
    const command = context.command(name);
    const line = [command.file, ...command.args, ...args].map(quoted).join(' ');
    return { does: `runs ${line}`, touches: [], current: null, desired: null, versions: {}, output: null };
  },
  async run({ command: name, args }, context) {
    const command = context.command(name);
    const env: Record<string, string> = {};
    for (const variable of PASSED) if (process.env[variable]) env[variable] = process.env[variable];
    await context.secure();
    let ended: Awaited<ReturnType<typeof runProcess>>;
    try {
      const given = { ...command, args: [...command.args, ...args] };
      ended = await runProcess(given, { ...env, ...command.env }, context.signal, context.say);
    } catch (error) {
      throw error instanceof NotStarted ? new ActionFailed(error.message) : error;
    }
    const { exit, bytes } = ended;
    const output = { exit, bytes };
    // Whether a program that did not come to its end did what it was for, nobody knows.
    if (ended.stopped) {
      const how = ranOut(context.signal)
        ? 'took longer than its timeout and was stopped'
        : 'was stopped before its end';
      throw new ActionFailed(`${name} ${how}`, { unsure: true, output });
    }
    if (ended.by) throw new ActionFailed(`${name} was killed by ${ended.by}`, { unsure: true, output });
    if (exit !== 0) throw new ActionFailed(`${name} failed with exit code ${exit}`, { partly: true, output });
    return { kind: 'done', output, summary: `${name} ran` };
  },
};

/** Only for reading: nothing is ever put together like this and run. */
function quoted(arg: string): string {
  return /^[\w./:=@%+,-]+$/.test(arg) ? arg : JSON.stringify(arg);
}
