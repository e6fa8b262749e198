import { describe, expect, test } from '@jest/globals';
import { readAsked } from '#cli/runbook/asked.js';
import { parsed, refused, typed } from './support.js';

const away = { implied: false };

/** What was understood, without where the incident stood. */
function meant(line: string, ctx = {}) {
  const { ref, ...rest } = parsed(line, ctx);
  return { ref, rest };
}

describe('outside an incident’s channel the incident may stand wherever it can be nothing else', () => {
  test.each([
    ['export INC-4 csv', 'export csv INC-4'],
    ['export INC-4 csv Europe/Berlin', 'export csv Europe/Berlin INC-4'],
    ['export INC-4 csv Europe/Berlin', 'export csv INC-4 Europe/Berlin'],
    ['export INC-4 csv Europe/Berlin', 'export Europe/Berlin INC-4 csv'],
    ['timeline INC-4 Europe/Berlin', 'timeline Europe/Berlin INC-4'],
    ['timeline INC-4 +05:30', 'timeline +05:30 inc-4'],
    ['show INC-4', 'INC-4 show'],
    ['note INC-4 14:30 requests fail', 'INC-4 note 14:30 requests fail'],
    ['run INC-4 key-sync from=a to="b c"', 'run key-sync INC-4 from=a to="b c"'],
    ['run INC-4 key-sync from=a to=b', 'run key-sync from=a INC-4 to=b'],
    ['run INC-4 key-sync from=a --plan', 'run key-sync from=a --plan INC-4'],
    ['approve INC-4 RUN-3', 'approve RUN-3 INC-4'],
    ['approve INC-4 RUN-3 deadbeef', 'approve RUN-3 INC-4 deadbeef'],
    ['approve INC-4 RUN-3 --break-glass night', 'approve RUN-3 INC-4 --break-glass night'],
    ['retry INC-4 RUN-3', 'retry RUN-3 INC-4'],
    ['undo INC-4 RUN-3', 'undo RUN-3 INC-4'],
    ['reject INC-4 RUN-3', 'reject RUN-3 INC-4'],
    ['cancel INC-4 RUN-3', 'cancel RUN-3 INC-4'],
    ['answer INC-4 RUN-3 go on', 'answer RUN-3 INC-4 go on'],
    ['answer INC-4 RUN-3 go on', 'answer RUN-3 go on INC-4'],
    ['sev INC-4 sev1', 'sev sev1 INC-4'],
    ['status INC-4 resolved', 'status resolved INC-4'],
    ['status INC-4 resolved 14:30', 'status resolved 14:30 INC-4'],
    ['resolve INC-4 14:30', 'resolve 14:30 INC-4'],
    ['mark INC-4 started 14:30', 'mark started 14:30 INC-4'],
    ['mark INC-4 started 14:30', 'mark started INC-4 14:30'],
    ['lead INC-4 <@U1>', 'lead <@U1> INC-4'],
    ['role INC-4 scribe @bo', 'role scribe @bo INC-4'],
    ['role INC-4 scribe @bo', 'role scribe INC-4 @bo'],
    ['invite INC-4 @bo, <@U1>', 'invite @bo, <@U1> INC-4'],
    ['component INC-4 add Payments API', 'component add Payments API INC-4'],
    ['component INC-4 add Payments API', 'component add INC-4 Payments API'],
    ['done INC-4 1', 'done 1 INC-4'],
    ['time INC-4 12 14:30', 'time 12 14:30 INC-4'],
    ['time INC-4 12 14:30', 'time 12 INC-4 14:30'],
    ['impact INC-4 --failed 19', 'impact --failed 19 INC-4'],
  ])('%s is also %s', (usual, other) => {
    expect(meant(other, away)).toEqual(meant(usual, away));
    expect(meant(other, away).ref).toBe(4);
  });

  test.each([
    'sev sev1 INC-4 all regions',
    'status resolved INC-4 fixed',
    'resolve 14:30 INC-4 fixed',
    'cancel RUN-3 INC-4 the wrong store',
    'reject RUN-3 INC-4 no',
    'skip RUN-3 INC-4 done by hand',
    'strike 12 INC-4 wrong',
    'edit 12 INC-4 fails',
    'impact --failed 19 INC-4 all regions',
    'publish monitoring --yes INC-4 is over',
    'publish monitoring 14:30 INC-4 is over',
    'publish monitoring 14:30 --yes INC-4 is over',
  ])('%s: it may be a word of the text, and whoever types is asked to put it behind the verb', (line) => {
    const verb = line.split(' ')[0];
    expect(typed(line, away)).toMatchObject({
      code: 'BAD_ARGUMENT',
      next: `Type \`/incident ${verb} INC-4 …\`.`,
    });
  });

  test.each([
    ['sev INC-7 sev1 INC-4 all regions', 'INC-4 all regions'],
    ['status INC-7 resolved INC-4', 'INC-4'],
    ['note INC-7 INC-4 fails too', 'INC-4 fails too'],
    ['note 14:30 INC-4 fails too', 'INC-4 fails too'],
    ['cause the same as INC-4', 'the same as INC-4'],
    ['title like INC-4', 'like INC-4'],
    ['action look at INC-4', 'look at INC-4'],
    ['resolve 14:30 -- INC-4 fixed', 'INC-4 fixed'],
    ['publish monitoring 14:30 -- INC-4 is over', 'INC-4 is over'],
    ['publish monitoring 14:30 --yes -- INC-4 is over', 'INC-4 is over'],
    ['cancel RUN-3 see INC-4', 'see INC-4'],
    ['run INC-7 key-sync note="like INC-4"', 'like INC-4'],
  ])('%s: in a text it stays', (line, text) => {
    const said = parsed(line, away);
    expect(JSON.stringify(said)).toContain(JSON.stringify(text));
    expect(said.ref).not.toBe(4);
  });

  test.each([
    'export csv INC-4 INC-5',
    'timeline INC-4 INC-5',
    'approve RUN-3 INC-4 INC-5',
    'show INC-4 INC-5',
  ])('two are one too many: %s', (line) =>
    expect(refused(line, away)).toMatch(/^(BAD_ARGUMENT|TIME_ZONE_UNKNOWN)$/),
  );
});

describe('in an incident’s channel', () => {
  test.each(['export csv INC-4', 'timeline Europe/Berlin INC-4', 'INC-4 show', 'runs INC-4'])(
    'another may be looked at: %s',
    (line) => expect(parsed(line).ref).toBe(4),
  );

  test.each([
    ['note INC-4 fails too', 'INC-4 fails too'],
    ['sev sev1 INC-4 fails too', 'INC-4 fails too'],
    ['status resolved INC-4', 'INC-4'],
    ['cancel RUN-3 INC-4', 'INC-4'],
    ['impact --failed 19 INC-4', 'INC-4'],
  ])('%s: it is text', (line, text) => {
    expect(JSON.stringify(parsed(line))).toContain(JSON.stringify(text));
    expect(parsed(line).ref).toBeNull();
  });

  test.each(['run key-sync INC-4', 'approve RUN-3 INC-4', 'lead @bo INC-4', 'INC-4 note x'])(
    'nothing is changed in another one: %s',
    (line) => expect(refused(line)).toMatch(/^(BAD_ARGUMENT|UNKNOWN_VERB)$/),
  );
});

test('on the command line the incident may stand behind the runbook', () => {
  const asked = { runbook: 'copy', inputs: { to: 'x' }, incident: 7 };
  expect(readAsked(['copy', 'INC-7', 'to=x'], 'run')).toMatchObject(asked);
  expect(readAsked(['copy', 'to=x', 'INC-7'], 'plan')).toMatchObject(asked);
  expect(readAsked(['inc-7', 'to=x'], 'run')).toMatchObject({ runbook: 'inc-7', incident: null });
});
