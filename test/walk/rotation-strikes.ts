import type { Runs } from './rotation-runs.js';
import type { RotationStage } from './rotation-stage.js';
import type { Fate } from './rotation-wire.js';

interface Where {
  stage: RotationStage;
  runs: Runs;
}

/** Where a bot is killed: at a command to an admin socket, told apart from others by what stands there then. */
export interface Strike {
  state: string;
  at: keyof RotationStage['wires'];
  command: RegExp;
  when?: (run: number, where: Where) => Promise<boolean>;
  fate: Fate;
}

const SHOW = /^show map/;

const ADD = { at: 'tts-2', command: /^add map/ } as const;
const SET = { at: 'gateway', command: /^set map/ } as const;
const DEL = { at: 'tts-2', command: /^del map/ } as const;

export const STRIKES: Strike[] = [
  {
    state: 'P2 minted, and not on record',
    at: 'tts-1',
    command: SHOW,
    when: async (_, { stage }) => (await stage.truth()).pending !== undefined,
    fate: 'held',
  },
  { state: 'P3 accepted by one instance of two', ...ADD, fate: 'held' },
  { state: 'P3 accepted, and not on record', ...ADD, fate: 'unanswered' },
  {
    state: 'P4 being proved',
    at: 'gateway',
    command: SHOW,
    when: async (run, { runs }) => (await runs.doing(run)) === 'prove',
    fate: 'held',
  },
  { state: 'P5 switching, file and not live', ...SET, fate: 'held' },
  { state: 'P6 switched, and not on record', ...SET, fate: 'unanswered' },
  { state: 'P8 retired in one instance of two', ...DEL, fate: 'held' },
  { state: 'P8 retired, and not on record', ...DEL, fate: 'unanswered' },
  {
    state: 'P9 settled, and not on record',
    at: 'tts-1',
    command: SHOW,
    when: async (run, { runs, stage }) =>
      (await runs.doing(run)) === 'settle' && (await stage.truth()).pending === undefined,
    fate: 'held',
  },
];

export const READ_ANEW: Strike = { state: 'P1 approved', at: 'tts-1', command: SHOW, fate: 'held' };

export const ABOUT_TO_SETTLE: Strike = {
  state: 'P9 about to settle',
  at: 'tts-1',
  command: SHOW,
  when: async (run, { runs }) => (await runs.doing(run)) === 'settle',
  fate: 'held',
};

/** @returns when the bot has come to where it is to be killed; that command has its fate, and those after it pass. */
export function struck({ at, command, when, fate }: Strike, run: number, where: Where): Promise<void> {
  return new Promise((resolve) => {
    let hit = false;
    where.stage.wires[at].rule = async (line) => {
      if (hit || !command.test(line) || (when && !(await when(run, where)))) return 'passed';
      hit = true;
      resolve();
      return fate;
    };
  });
}
