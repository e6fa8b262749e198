import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeSlack, plain } from '#domain/command/entered.js';
import { parseCommand } from '#domain/command/parse.js';
import { VERBS } from '#domain/command/verbs.js';
import { isRefusal } from '#domain/refusal.js';
import { chanceOf } from '../../support/chance.js';
import { effort } from '../../support/effort.js';
import { NOW, parsed, typed } from './support.js';

const me = { id: 'U1', name: 'ana' };
/** What a refusal says to type: the first line in `code` that begins with the command. */
const told = (line: string, implied = true) => {
  const said = typed(line, { implied, me });
  if (!isRefusal(said)) return `understood: ${JSON.stringify(said)}`;
  return /`(\/incident[^`]*)`/.exec(said.next)?.[1]?.replace('/incident ', '') ?? said.next;
};

describe('what people type is answered with the line that they mean, which is then understood', () => {
  test.each([
    ['open "x" --severity=2', 'open sev2 x'],
    ['open API down --sev1 --component API', 'open sev1 API down --component API'],
    ['open --priority P2 --title "API is down"', 'open sev2 API is down'],
    ['open --title "API is down"', 'open API is down'],
    ['open API is down --service Payments', 'open API is down --component Payments'],
    ['open sev5 the logo is off', 'open sev4 the logo is off'],
    ['open P0: everything', 'open sev1 everything'],
    ['status fixed all good', 'status resolved all good'],
    ['status resovled', 'status resolved'],
    ['status mitigated traffic moved', 'status monitoring traffic moved'],
    ['status found the keys', 'status identified the keys'],
    ['status we restart the pods', 'note we restart the pods'],
    ['status update we restart the pods', 'note we restart the pods'],
    ['status: monitoring', 'status monitoring'],
    ['sev 0', 'sev sev1'],
    ['sev blocker nobody can pay', 'sev sev1 nobody can pay'],
    ['sev 5', 'sev sev4'],
    ['lead ana', 'lead @ana'],
    ['role scribe', 'role scribe me'],
    ['role scribe bo', 'role scribe @bo'],
    ['role <@U1> scribe', 'role scribe @ana'],
    ['invite bo', 'invite @bo'],
    ['mark mitigated', 'mark mitigated now'],
    ['mark fixed 14:30', 'mark resolved 14:30'],
    ['mark 14:30 mitigated', 'mark mitigated 14:30'],
    ['component API', 'component add API'],
    ['component API is down', 'component state API major'],
    ['component state API ok', 'component state API operational'],
    ['approve RUN 3', 'approve RUN-3'],
    ['approve RUN-3 lgtm', 'approve RUN-3'],
    ['cancel run3 wrong store', 'cancel RUN-3 wrong store'],
    ['undo #5', 'strike 5 REASON'],
    ['undo last', 'undo'],
    ['timeline --zone Europe/Berlin', 'timeline Europe/Berlin'],
    ['timeline all', 'export md'],
    ['timeline 7', 'timeline INC-7'],
    ['show #7', 'show INC-7'],
    ['catchup inc7', 'catchup INC-7'],
    ['export pdf', 'export html'],
    ['export excel Europe/Berlin', 'export csv'],
    ['list all', 'list --status all'],
    ['list resolved incidents', 'list --status resolved'],
    ['list P1', 'list --severity sev1'],
    ['list mine', 'list --mine'],
    ['list <@U1>', 'list --lead @ana'],
    ['list today', 'list --since today'],
    ['list Payments API', 'list --component "Payments API"'],
    ['watch 30', 'watch 30m'],
    ['watch for 1h', 'watch 1h'],
    ['mute service=tts', 'mute service=tts 2h'],
    ['mute service=tts forever', 'mute service=tts 30d'],
    ['merge with INC-8', 'merge into INC-8'],
    ['update we restart the pods', 'note we restart the pods'],
    ['fixed all good', 'status resolved all good'],
    ['investigating', 'status investigating'],
    ['sev1', 'sev sev1'],
    ['P1 all regions', 'sev sev1 all regions'],
    ['I am the lead', 'lead me'],
    ['assign <@U1>', 'lead @ana'],
    ['add @bo', 'invite @bo'],
    ['add the vendor sees it too', 'note the vendor sees it too'],
    ['14:30 restarted', 'note 14:30 restarted'],
    ['-10m restarted', 'note -10m restarted'],
    ['the pods are back', 'note the pods are back'],
    ['note: pods are back', 'note pods are back'],
    ['/incident note x', 'note x'],
    ['incident note x', 'note x'],
    ['7', 'here INC-7'],
    ['INC7 show', 'show INC-7'],
    ['what is going on', 'help'],
    ['--help', 'help'],
    ['report', 'postmortem'],
  ])('%s → %s', (line, meant) => {
    expect(told(line)).toBe(meant);
    expect(parsed(meant, { me }).verb).toBe(meant.split(' ')[0]);
  });

  test.each([
    ['status INC-7 fixed all good', 'status INC-7 resolved all good'],
    ['merge INC-8 INC-7', 'merge INC-8 into INC-7'],
    ['the API is down', 'open the API is down'],
    ['P1 API is down', 'open sev1 API is down'],
    ['outage in Frankfurt', 'open outage in Frankfurt'],
  ])('outside: %s → %s', (line, meant) => {
    expect(told(line, false)).toBe(meant);
    expect(parsed(meant, { me, implied: false }).verb).toBe(meant.split(' ')[0]);
  });

  test.each([
    ['note half an hour ago x', '-30m'],
    ['note an hour ago x', '-1h'],
    ['note five minutes ago x', '-5m'],
    ['note - 10m x', '-10m'],
    ['time 12 10 min ago', '-10m'],
    ['timeline Berlin', 'Europe/Berlin'],
    ['export md Tokyo', 'Asia/Tokyo'],
  ])('%s: write %s', (line, written) => {
    const said = typed(line, { me });
    expect(isRefusal(said) ? said.next : said).toContain(`\`${written}\``);
  });

  test('what cannot be shown on one line is left to whoever wrote it; inputs of a run are never repeated', () => {
    expect(told(`status fixed ${'x'.repeat(400)}`)).toMatch(/^status resolved x{100,160} …$/);
    expect(told('the API is\ndown `now`')).toBe('note the API is …');
    expect(JSON.stringify(typed('run sync key=geheim RUN 3 x'))).not.toContain('geheim');
  });

  test('`me` is whoever types, and nobody where no person does', () => {
    for (const line of ['lead me', 'lead @me', 'role lead me'])
      expect(parsed(line, { me })).toMatchObject({ intent: { role: 'lead', person: me } });
    expect(isRefusal(typed('lead me'))).toBe(true);
    expect(parsed('mark resolved now')).toMatchObject({ intent: { moment: { at: '2024-11-10T14:32:10Z' } } });
  });

  test('a reference alone asks how that one stands', () => {
    expect(parsed('INC-7', { implied: false })).toMatchObject({ verb: 'here', ref: 7 });
  });
});

test('any text has exactly one answer: never a throw, and of a refusal always a next step', () => {
  const names = { person: () => 'ana', channel: () => null };
  const piece = fc.oneof(
    fc.constantFrom(...VERBS.flatMap(({ name, aliases }) => [name, ...aliases])),
    fc.constantFrom(...VERBS.flatMap(({ flags }) => flags.map(({ name }) => `--${name}`))),
    fc.constantFrom(
      'INC-7',
      'inc7',
      '#7',
      'RUN-3',
      'RUN 3',
      'MNT-1',
      '<@U1>',
      '@ana',
      'me',
      '`',
      '“',
      '"',
      '=',
      '--',
    ),
    fc.constantFrom(
      'fixed',
      'sev5',
      'P0',
      '10 min ago',
      '14:30',
      '-10m',
      'now',
      'UTC',
      'Berlin',
      '2h',
      'into',
      '\n',
    ),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
  );
  const line = fc.array(piece, { maxLength: 7 }).map((all) => all.join(' '));
  fc.assert(
    fc.property(line, fc.boolean(), fc.boolean(), (text, implied, slack) => {
      const entered = slack ? decodeSlack(text, names) : plain(text);
      const context = { now: NOW, zone: 'Europe/Berlin', zoneKnown: false, implied, roles: ['scribe'] };
      const said = parseCommand(entered, { ...context, command: '/incident', me: slack ? me : null });
      if (!isRefusal(said)) return expect(typeof said.verb).toBe('string');
      expect(said.sentence.trim()).not.toBe('');
      expect(said.next.trim()).not.toBe('');
      expect(`${said.sentence}${said.next}`).not.toMatch(/undefined|\[object|NaN|recorded/);
      return undefined;
    }),
    { numRuns: effort(400), seed: chanceOf('any line').below(2 ** 31) },
  );
});
