import { writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { entryOf } from '#domain/incident/entry.js';
import { clockIn } from '#render/clock.js';
import { pictureOf, pngOf } from '#render/picture.js';
import { dossierOf, measured, opened, when } from './incident.js';

test('look', async () => {
  const dossier = dossierOf([
    opened('x'),
    { type: 'MilestoneMarked', data: { ...when(2, '01:41'), milestone: 'started' }, texts: {} },
    { type: 'MilestoneMarked', data: { ...when(3, '01:43'), milestone: 'detected' }, texts: {} },
    { type: 'MilestoneMarked', data: { ...when(4, '01:44:10', 'second'), milestone: 'mitigated' }, texts: {} },
    measured(5),
  ]);
  const entry = dossier.entryList.find((one) => one.n === 5);
  if (!entry) throw new Error('none');
  const picture = await pictureOf(entry, dossier.state.milestones, clockIn('Europe/Berlin'));
  writeFileSync('/tmp/c-look.svg', picture?.svg ?? '');
  writeFileSync('/tmp/c-look.png', await pngOf(picture?.svg ?? ''));
  console.log(picture?.svg.length, picture?.alt, picture?.svg);
});
