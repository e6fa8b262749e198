import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Core } from '#compose/core.js';
import { plain } from '#domain/command/entered.js';
import { unmarked } from '#domain/command/help.js';
import type { Entry } from '#domain/incident/entry.js';
import { isRefusal } from '#domain/refusal.js';
import { closest } from '#domain/text.js';
import { botAsking, numberOf, refOf } from '#domain/words.js';
import { readSource } from '#runbooks/definition/shelf.js';
import { Told } from '#told.js';
import { granted, type Io, refused, Usage, type Verb, withCore } from '../core.js';
import { askingHere } from '../runbook/asked.js';
import { nextOf, stepId } from './play.js';
import { readScenario, type Scenario, spanText } from './scenario.js';

/** Those that come along. */
const FOLDER = fileURLToPath(new URL('../../../drills/', import.meta.url));
/** What the players have done is looked for this often. */
const LOOK_MS = 1_000;
const FASTEST = 1_000;

/** What a drill needs of the world, beside the record. */
export interface Clock {
  now(): Date;
  sleep(ms: number): Promise<unknown>;
}
const CLOCK: Clock = { now: () => new Date(), sleep };

/** `tocsin drill NAME|FILE`, `drill --list`, `drill --check FILE` */
export const drill: Verb = drillWith(CLOCK);

export function drillWith(clock: Clock): Verb {
  return {
    form: `drill NAME|FILE [--speed N] [--invite @NAME]… [--resume INC-7] [--dry-run]
       tocsin drill --list
       tocsin drill --check FILE`,
    help: 'plays a scenario in a channel of its own, with people who answer it as if it were real, and says what took how long',
    async run(args, io) {
      const { positionals, values } = parseArgs({
        args,
        allowPositionals: true,
        options: {
          ...{ list: { type: 'boolean' }, check: { type: 'string' }, 'dry-run': { type: 'boolean' } },
          ...{ speed: { type: 'string', default: '1' }, resume: { type: 'string' } },
          invite: { type: 'string', multiple: true, default: [] },
        },
      });
      const [named, ...more] = positionals;
      if (values.list) return listDrills(io);
      if (values.check !== undefined) return checkDrill(values.check, io);
      if (named === undefined || more.length > 0)
        throw new Usage('name one scenario; `tocsin drill --list` lists them');
      const speed = Number(values.speed);
      if (!/^\d+(\.\d+)?$/.test(values.speed) || speed <= 0 || speed > FASTEST)
        throw new Usage(
          `“${values.speed}” is no speed; write \`--speed 10\` for ten times as fast, at most ${FASTEST}`,
        );
      const resumed = values.resume === undefined ? null : numberOf(values.resume);
      if (values.resume !== undefined && resumed === null)
        throw new Usage('name the incident to go on in: `--resume INC-7`');
      const scenario = await scenarioNamed(named);
      if (values['dry-run']) {
        await io.out(`${planText(scenario, speed)}\n`);
        return 0;
      }
      return withCore(io, async (core) => {
        const asked = { scenario, file: named, speed, invite: values.invite };
        const incident = resumed ?? (await begin(core, io, asked));
        await played(core, io, { ...asked, incident }, clock);
        return 0;
      });
    },
  };
}

interface DrillAsked {
  scenario: Scenario;
  /** As it was named, to be named again. */
  file: string;
  speed: number;
  invite: readonly string[];
}

/** Opens the incident, and brings in whoever was named. @returns its number */
async function begin(core: Core, io: Io, { scenario, file, speed, invite }: DrillAsked): Promise<number> {
  const asking = await askingHere(core, null, null);
  const { title, severity, components } = scenario;
  const opened = granted(
    await core.handle(
      {
        type: 'OpenIncident',
        title,
        severity,
        components: [...components],
        private: false,
        drill: true,
        moment: null,
      },
      null,
      { ...asking, key: `cli:${randomUUID()}` },
    ),
  );
  await io.out(
    `${opened.ref} is open, as a drill. Should this be interrupted: tocsin drill ${file} --resume ${opened.ref} --speed ${speed}\n`,
  );
  if (invite.length > 0) {
    const line = `invite ${opened.ref} ${invite.join(' ')}`;
    const answer = await core.answer({
      entered: plain(line),
      implied: null,
      asking,
      zone: 'UTC',
      zoneKnown: false,
    });
    // The drill goes on without whoever could not be brought in: they can be invited in the channel.
    if (answer.kind === 'refused')
      io.err(`Nobody was invited: ${answer.refusal.sentence} ${answer.refusal.next}\n`);
    else if (answer.kind === 'recorded') await io.out(`${unmarked(answer.text)}\n`);
  }
  return opened.incident;
}

/** Does what is due until it is over. All that it knows is in the record, so it may be killed at any line, and resumed. */
async function played(
  core: Core,
  io: Io,
  { scenario, speed, incident }: DrillAsked & { incident: number },
  clock: Clock,
): Promise<void> {
  const team = await core.team();
  let awaited: string | null = null;
  for (;;) {
    const now = clock.now();
    const { opened, entries } = await recordOf(core, team, incident, now);
    const next = nextOf(scenario, entries, { opened, now, speed });
    if (next.does === 'wait') {
      if (next.awaits !== null && next.awaits !== awaited)
        await io.out(
          `… waits for ${next.awaits}, for at most ${spanText(next.until.getTime() - now.getTime())}\n`,
        );
      awaited = next.awaits;
      const rest = next.until.getTime() - now.getTime();
      await clock.sleep(next.awaits === null ? Math.min(rest, 60_000) : Math.min(rest, LOOK_MS));
      continue;
    }
    const step = next.does === 'end' ? 'end' : next.step;
    const text = next.does === 'end' ? next.report : next.text;
    // Named by the step, it is recorded once, also where two processes play the same drill.
    const id = stepId(scenario.name, step);
    const asking = { ...botAsking(team, `${id}:${incident}`, now, id), asked: null };
    granted(await core.handle({ type: 'RecordNote', moment: null, text }, incident, asking));
    await io.out(`${unmarked(text)}\n`);
    if (next.does === 'end') return;
  }
}

async function recordOf(core: Core, team: string, incident: number, now: Date) {
  const seen = await core.read.dossier(botAsking(team, null, now), incident, async ({ state, entries }) => {
    const all: Entry[] = [];
    let opened = new Date(state.recordedAt);
    for await (const entry of entries()) {
      if (entry.kind === 'opened') opened = new Date(entry.recordedAt);
      all.push(entry);
    }
    return { drill: state.drill, opened, entries: all };
  });
  if (isRefusal(seen)) throw refused(seen);
  if (!seen.drill)
    throw new Told(
      `${refOf(incident)} is no drill, and nothing is played in it. \`tocsin list --drills\` lists those that are.`,
    );
  return seen;
}

/** A scenario by the name of one that comes along, or by its file. @throws Told for one that is not there, or is wrong */
async function scenarioNamed(named: string): Promise<Scenario> {
  const names = await shipped();
  const file = names.includes(named) ? join(FOLDER, `${named}.yml`) : named;
  if (file === named && !existsSync(file)) {
    const near = closest(named, names, names.length).join(', ');
    throw new Told(
      `There is no scenario ${named.slice(0, 80)}, and no file of that name. Take one of these: ${near}.`,
    );
  }
  const read = await scenarioIn(file);
  if ('problems' in read) throw new Told(read.problems.join('\n'));
  return read;
}

async function scenarioIn(file: string): Promise<Scenario | { problems: string[] }> {
  const read = await readSource(file);
  return 'text' in read ? readScenario(read.text, file) : { problems: [`${file}:1: ${read.problem}`] };
}

async function shipped(): Promise<string[]> {
  const files = await readdir(FOLDER);
  return files.flatMap((file) => (file.endsWith('.yml') ? [file.slice(0, -'.yml'.length)] : [])).toSorted();
}

async function listDrills(io: Io): Promise<number> {
  for (const name of await shipped()) {
    const { title, steps } = await scenarioNamed(name);
    await io.out(`${name}: ${title} (${steps.length} steps, about ${spanText(longest(steps))})\n`);
  }
  return 0;
}

/** @returns 1 when something is wrong with it */
async function checkDrill(file: string, io: Io): Promise<number> {
  const read = await scenarioIn(file);
  if ('problems' in read) {
    await io.out(`${read.problems.join('\n')}\n`);
    return 1;
  }
  await io.out(`ok ${read.name}  ${file}\n`);
  return 0;
}

const longest = (steps: Scenario['steps']) =>
  steps.reduce((sum, step) => sum + (step.does === 'say' ? step.afterMs : step.withinMs), 0);

/** What would be played, with the latest moment of each step. */
function planText({ title, brief, steps }: Scenario, speed: number): string {
  let at = 0;
  const lines = steps.map((step, i) => {
    at += (step.does === 'say' ? step.afterMs : step.withinMs) / speed;
    if (step.does === 'say')
      return `${i + 1}. by ${spanText(at)}: ${step.question ? 'asks' : 'says'} “${step.text}”`;
    const late = step.otherwise === null ? '' : `; else says “${step.otherwise}”`;
    return `${i + 1}. until ${spanText(at)}: waits for ${step.awaits.name}${late}`;
  });
  return [title, brief, ...lines].join('\n');
}
