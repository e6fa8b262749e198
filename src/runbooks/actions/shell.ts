import { z } from 'zod';
import { type Action, type ActionContext, ActionFailed, type ShellCommand, stepPlan } from '../action.js';
import { isTemplate } from '../definition/templates.js';
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
  sends({ command }, systems) {
    if (systems === null || typeof command !== 'string') return true;
    try {
      return systems.command(command).secret;
    } catch {
      // The command or its secret is missing: what it would do is not known.
      return true;
    }
  },
  input,
  outputs: ['exit', 'bytes'],
  async plan({ command: name, args }, context) {
    const command = allowed(name, args, context);
    const line = [command.file, ...command.args, ...args].map(quoted).join(' ');
    return stepPlan(`runs ${line}`);
  },
  async run({ command: name, args }, context) {
    const command = allowed(name, args, context);
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
    // A program that was ended early may have done what it was for, or not.
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

// Nothing that could be an address of somewhere else, or an option: no dots, slashes, colons or at signs, nothing that
// stands for them (`evil%2eexample`), and no number that a program may take for an IPv4 address.
const PLAIN = /^(?!-)(?!0x)(?!\d{8,}$)[A-Za-z0-9_+=,-]*$/i;

/**
 * A program that holds a secret may send it wherever its arguments say, so what a template fills in must be plain, or
 * what tocsin.yml says of it.
 * @throws ActionFailed
 */
function allowed(name: string, args: readonly string[], context: ActionContext): ShellCommand {
  const command = context.command(name);
  if (!command.secret) return command;
  const { args: written } = context.written as { args?: unknown };
  for (const [i, arg] of args.entries()) {
    const said: unknown = Array.isArray(written) ? written[i] : undefined;
    if (said !== undefined && !isTemplate(said)) continue;
    const fits = (command.takes ?? [PLAIN]).some((pattern) => pattern.test(arg));
    if (fits) continue;
    const next =
      command.takes === null
        ? `say which may be, under commands: ${name}: takes: ["…"]`
        : `it fits none of those under commands: ${name}: takes:`;
    throw new ActionFailed(
      `argument ${i + 1} of ${name} comes from a template and could be an address, and ${name} holds a secret: ${next} in tocsin.yml`,
    );
  }
  return command;
}

/** The command as people read it: nothing that is put together like this is ever run. */
function quoted(arg: string): string {
  return /^[\w./:=@%+,-]+$/.test(arg) ? arg : JSON.stringify(arg);
}
