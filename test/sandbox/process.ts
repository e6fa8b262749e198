import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a process did, from its start to its end. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The sandbox as a process of its own, compiled here so that no test needs a build of the whole tree. */
export interface Program {
  /** A folder of the test's own; gone at the end. */
  readonly folder: string;
  /** Starts it; `--port 0` unless a port is named. */
  start(...options: string[]): ChildProcess;
  /** Starts any other program, which ends with the test too. */
  spawn(command: string, args: string[], env?: NodeJS.ProcessEnv): ChildProcess;
  /** Writes a file into the folder. @returns its path */
  write(name: string, text: string): Promise<string>;
  stop(): Promise<void>;
}

export async function compiled(): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  const children: ChildProcess[] = [];
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const source = join(ROOT, 'src/sandbox');
  const files = await readdir(source, { recursive: true });
  await build({
    entryPoints: files
      .filter((path) => path.endsWith('.ts') && !path.startsWith('page/app/'))
      .map((path) => join(source, path)),
    outdir: join(folder, 'out/sandbox'),
    outbase: source,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  const start = (command: string, args: string[], env?: NodeJS.ProcessEnv) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: env ?? process.env });
    children.push(child);
    return child;
  };
  const program = join(folder, 'out/sandbox/main.js');
  const sandbox = (...options: string[]) =>
    start(process.execPath, [program, ...(options.includes('--port') ? [] : ['--port', '0']), ...options]);
  return {
    folder,
    start: sandbox,
    spawn: start,
    write: async (name, text) => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    },
    stop: async () => {
      for (const child of children) child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until a process has ended and all that it said is here. */
export async function ended(child: ChildProcess): Promise<Ended> {
  let [out, err] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    out += String(chunk);
  });
  child.stderr?.on('data', (chunk) => {
    err += String(chunk);
  });
  const [code] = await once(child, 'close');
  return { code, out, err };
}

/** The JSON line with which the sandbox says that it is ready. */
export async function readyLine(child: ChildProcess): Promise<Record<string, string>> {
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += String(chunk);
      if (text.includes('\n')) resolve(text);
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it was ready`)));
  });
  const ready: unknown = JSON.parse(line);
  return ready as Record<string, string>;
}
