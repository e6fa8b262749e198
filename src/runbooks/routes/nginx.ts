import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { type Broken, exchange } from '../exchange.js';
import { readPlainFile, withFileLock, writeAtomically } from '../files.js';
import { CheckedRoute, type RouteKind, type RouteReading } from './route.js';

const path = z.string().startsWith('/', 'must be an absolute path');
const command = z.array(z.string()).min(1, 'must have at least the program');
const target = z
  .string()
  .regex(/^[A-Za-z0-9._:-]+$/, 'must be letters, digits, dots, dashes, colons and underscores');
const settings = z
  .strictObject({
    /** A file of its own, which the configuration includes: it is written whole. */
    file: path,
    /** What the file holds, with `{to}` once. */
    template: z
      .string()
      .refine((text) => text.split('{to}').length === 2, 'must have {to} in it, once')
      .default('map "" $service { default {to}; }'),
    /** Where nginx says what it goes by now: `location = /route { return 200 $service; }` on an inner port. */
    live: z.url({ protocol: /^http$/, error: 'must be an address such as http://127.0.0.1:8081/route' }),
    test: command.default(['nginx', '-t', '-q']),
    /** How it is told to read its configuration again: a command, or the file that holds its pid (for HUP). */
    reload: command.optional(),
    pid: path.optional(),
    choices: z.array(target).default([]),
  })
  .refine(
    ({ reload, pid }) => Boolean(reload) !== Boolean(pid),
    'needs either `reload` (a command) or `pid` (a file)',
  );
type Settings = z.infer<typeof settings>;

const execute = promisify(execFile);
const TAKEN_UP_MS = 10_000;
const ANSWER_MS = 2_000;
// Several workers answer: one that has it does not mean that all have.
const IN_A_ROW = 5;

/** An include file of an nginx: tested before it counts, put back when it is refused or not taken up. */
export const nginx: RouteKind<Settings> = {
  type: 'nginx',
  settings,
  open: (name, given) => new NginxRoute(name, given),
};

class NginxRoute extends CheckedRoute<Settings> {
  readonly type = 'nginx';
  readonly places = [this.given.file, this.given.live];
  protected readonly any = 'one plain word';
  protected fits = (to: string) => target.safeParse(to).success;

  protected async look(signal: AbortSignal): Promise<RouteReading> {
    const file = await this.inFile();
    const live = await this.live(signal);
    const places = [
      { place: 'nginx file', to: file },
      { place: 'nginx live', to: live },
    ];
    return { to: file === live ? file : null, places };
  }

  protected change(to: string, expect: string, signal: AbortSignal): Promise<void> {
    return withFileLock(this.given.file, () => this.changeLocked(to, expect, signal), signal);
  }

  private async changeLocked(to: string, expect: string, signal: AbortSignal): Promise<void> {
    const behind = (await this.look(signal)).places.filter((place) => place.to !== to);
    for (const { place, to: there } of behind) this.mustPointTo(place, there, expect);
    if (behind.length === 0) return;
    // Not what stands there: after a crash that may be `to` already, untested.
    const before = this.content(expect);
    signal.throwIfAborted();
    await writeAtomically(this.given.file, this.content(to));
    try {
      await this.run('test', this.given.test, signal);
    } catch (error) {
      await writeAtomically(this.given.file, before);
      throw new Error(`${(error as Error).message}; the file was put back, nothing was reloaded`);
    }
    try {
      await this.reload(signal);
      await this.takenUp(to, signal);
    } catch (error) {
      await writeAtomically(this.given.file, before);
      // A cancellation or timeout must not leave it half done: this part is not stopped by either.
      const back = AbortSignal.timeout(TAKEN_UP_MS);
      await this.reload(back).catch(() => {});
      throw new Error(`${(error as Error).message}; the file was put back and nginx told so`);
    }
  }

  /** Old workers stop taking new connections once the new ones run; before that they may still answer. */
  private async takenUp(to: string, signal: AbortSignal): Promise<void> {
    const end = performance.now() + TAKEN_UP_MS;
    let good = 0;
    while (good < IN_A_ROW) {
      if (performance.now() > end)
        throw new Error(`nginx did not take up ${to} within ${TAKEN_UP_MS / 1000} s; its error log says why`);
      good = (await this.live(signal).catch(() => null)) === to ? good + 1 : 0;
      signal.throwIfAborted();
      // Apart in time: on a busy machine the old workers hear late that they are to stop.
      await sleep(20, undefined, { signal });
    }
  }

  private content = (to: string) => `${this.given.template.trimEnd().replace('{to}', () => to)}\n`;

  private async inFile(): Promise<string> {
    const { file, template } = this.given;
    const content = (await readPlainFile(file)).trimEnd();
    const [before = '', after = ''] = template.trimEnd().split('{to}');
    const to = content.slice(before.length, content.length - after.length);
    if (content !== `${before}${to}${after}` || !target.safeParse(to).success)
      throw new Error(`${file} does not hold what the template says; write it so by hand once`);
    return to;
  }

  /** Over a connection of its own: a kept one would go on asking an old worker. */
  private async live(signal: AbortSignal): Promise<string> {
    const { live } = this.given;
    const failed = (why: string) => new Error(`${live} did not answer: ${why}`);
    let body = '';
    const take = (chunk: Buffer) => {
      body = (body + chunk.toString()).slice(0, 1_000);
    };
    const asked = { method: 'GET', url: live, headers: {} };
    const { status } = await exchange(asked, { signal, ms: ANSWER_MS, take }).catch((error: Broken) => {
      throw failed(error.begun ? 'it broke off' : error.said);
    });
    if (status !== 200) throw failed(`status ${status}`);
    if (!target.safeParse(body.trim()).success) throw failed('its body is not the name of a target');
    return body.trim();
  }

  private async reload(signal: AbortSignal): Promise<void> {
    const { reload, pid } = this.given;
    if (reload) return this.run('reload', reload, signal);
    const master = Number((await readPlainFile(pid!)).trim());
    if (!Number.isInteger(master) || master <= 1) throw new Error(`${pid} does not hold a pid`);
    process.kill(master, 'SIGHUP');
  }

  private async run(what: string, [file, ...args]: string[], signal: AbortSignal): Promise<void> {
    await execute(file!, args, { signal, timeout: TAKEN_UP_MS }).catch(({ stderr, code, signal: killed }) => {
      // nginx quotes what it stumbled over, which may be a secret, and the error's message repeats that: only the place is told.
      const place = / in (\/\S+:\d+)/.exec(stderr)?.[1];
      const why = place ? `see ${place}` : `exit ${code ?? killed}`;
      throw new Error(`the ${what} command ${file} failed: ${why}`);
    });
  }
}
