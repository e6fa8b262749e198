import { Told } from '#told.js';

/** Where a verb reads and writes: the process's own streams, or a test's. */
export interface Io {
  /** Resolves when the reader can take more: an export may be larger than memory. */
  out(text: string | Uint8Array): void | Promise<void>;
  err(text: string): void;
  stdin(): Promise<string>;
  env: NodeJS.ProcessEnv;
  /** The workspace that was named with `--team`, for a database that holds several. */
  team?: string;
}

/** A verb of the command line. `run` returns the exit code: 0, or 1 for a *no*. @throws Usage for what cannot be read */
export interface Verb {
  form: string;
  help: string;
  run(args: string[], io: Io): Promise<number>;
}

/** The command line cannot be read: exit code 2, with the form to type. */
export class Usage extends Told {
  override name = 'Usage';
  override readonly exitCode = 2;
}

/** For a verb that takes nothing: what stands behind it was meant for something else, and is not passed over. */
export function nothingMore(verb: string, args: readonly string[]): void {
  if (args.length > 0) throw new Usage(`\`${verb}\` takes nothing more`);
}
