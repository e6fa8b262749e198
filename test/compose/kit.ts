import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';

/** A runbook that takes a pair and a zone, and waits. */
export const TURN = `name: turn
title: Turn
inputs: { pair: { type: string }, zone: { type: string, enum: [a, b] } }
steps:
  - { id: hold, title: Wait, uses: wait, with: { for: 1s } }
`;

/** For each test a folder of its own, with a folder `runbooks/`. */
export function shelfForEach() {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tocsin-shelf-'));
    mkdirSync(join(folder, 'runbooks'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  return {
    /** @returns the path of a file in it */
    path: (name: string) => join(folder, name),
    runbook: (file: string, text: string) => writeFileSync(join(folder, 'runbooks', file), text),
  };
}
