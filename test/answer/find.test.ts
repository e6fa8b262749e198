import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Answer, createAnswer, type Typed } from '#answer/answer.js';
import { plain } from '#domain/command/entered.js';
import type { Asking } from '#domain/incident/intent.js';
import { FOLD } from '#domain/incident/state.js';
import { forbidden } from '#domain/permission.js';
import { createRead } from '#read/read.js';
import { ANA, BO, type Kit, startKit } from '../deliver/kit.js';
import { chanceOf } from '../support/chance.js';
import { effort } from '../support/effort.js';

let kit: Kit;
/** Who is in which channel, as Slack would say. */
const inside = new Set<string>();
beforeAll(async () => {
  kit = await startKit();
});
afterAll(() => kit.stop());

async function types(
  line: string,
  by = ANA,
  more: Partial<Asking> = {},
  button: Pick<Typed, 'seen'> = {},
): Promise<Answer> {
  const answer = createAnswer({
    read: createRead(kit.store, async (_team, channel, person) => inside.has(`${channel}/${person}`)),
    ...{ handle: kit.handle, roles: [], components: ['Checkout'], command: '/incident' },
    permits: async (power, _incident, who) =>
      forbidden(power, null, who, { account: who.account ?? 'unknown', present: null, among: false }, {}),
  });
  return answer({
    ...{ entered: plain(line), implied: null, zone: 'UTC', zoneKnown: true, ...button },
    asking: {
      ...{ team: 'T1', by, source: 'slack', key: null, now: new Date() },
      ...{ seesPrivate: false, account: 'member' as const, ...more },
    },
  });
}
async function says(line: string, by = ANA, more: Partial<Asking> = {}): Promise<string> {
  const answer = await types(line, by, more);
  if (answer.kind === 'refused') return answer.refusal.code;
  return 'text' in answer ? answer.text : answer.kind;
}
/** The incidents that an answer names at the beginning of its lines. */
const refs = (text: string) => [...text.matchAll(/^INC-(\d+)/gm)].map(([, n]) => Number(n));
const notes = async (incident: number, text: string) =>
  kit.says({ type: 'RecordNote', moment: null, text }, incident);

describe('search', () => {
  test('over titles, entries and causes: titles first, with the lines that hold the words', async () => {
    const [title, cause, note] = [
      await kit.opens('Zookeeper quorum lost'),
      await kit.opens('Writes fail'),
      await kit.opens('Slow pages'),
    ];
    await kit.says({ type: 'RecordCause', text: 'the zookeeper ensemble lost its quorum' }, cause);
    await notes(note, 'Somebody restarted ZooKeeper');
    await notes(note, 'and then the quorum was there again');
    const text = await says('search zookeeper quorum');
    expect(refs(text)).toEqual([title, cause, note]);
    expect(text).toMatch(/^Found for “zookeeper quorum”:$/m);
    expect(text).toMatch(/^ {4}#2 cause the zookeeper ensemble lost its quorum$/m);
    expect(text).toMatch(/^ {4}#2 Somebody restarted ZooKeeper$/m);
    expect(text).toMatch(/^ {4}#3 and then the quorum was there again$/m);
    // All the words, each by its beginning.
    expect(refs(await says('search zookeep ensem'))).toEqual([cause]);
    expect(refs(await says('search zookeeper nowhere-at-all'))).toEqual([]);
  });

  test('a line shows the words, however long it is, and no more than fits', async () => {
    const incident = await kit.opens('Long');
    await notes(incident, `${'words before '.repeat(60)}the Nadelöhr was here ${'and after '.repeat(60)}`);
    const line = (await says('search nadelohr')).split('\n').find((one) => one.includes('#2')) ?? '';
    expect(line).toContain('Nadelöhr');
    expect(line.length).toBeLessThan(130);
  });

  test('misspelt, and without accents; what was found instead is said', async () => {
    const incident = await kit.opens('Grafana zeigt Lücken');
    await notes(incident, 'the Kubernetes scheduler is overloaded');
    expect(refs(await says('search lucken'))).toEqual([incident]);
    const text = await says('search kubernets scheduelr');
    expect(refs(text)).toEqual([incident]);
    expect(text).toMatch(/^Nothing holds “kubernets scheduelr”. This holds “kubernetes scheduler”:$/m);
  });

  test('the newest words are found, and neither struck nor erased ones', async () => {
    const incident = await kit.opens('Corrected');
    for (const text of ['alphaword', 'betaword', 'gammaword', 'deltaword']) await notes(incident, text);
    await kit.says({ type: 'EditEntry', entry: 2, text: 'omegaword' }, incident);
    await kit.says({ type: 'StrikeEntry', entry: 3, reason: 'wrong' }, incident);
    await kit.store.eraseTexts(FOLD, { team: 'T1', incident, seq: 4 }, ['text']);
    const hits = async () => {
      const words = ['alphaword', 'omegaword', 'betaword', 'gammaword', 'deltaword'];
      const found = await Promise.all(words.map((word) => says(`search -- ${word}`)));
      return words.filter((word, i) => found[i]?.startsWith(`Found for “${word}”`));
    };
    expect(await hits()).toEqual(['omegaword', 'deltaword']);
    await kit.store.rebuild(FOLD);
    expect(await hits()).toEqual(['omegaword', 'deltaword']);
    // An erased word is not what a misspelt one is taken for either.
    expect(await says('search gammawrd')).not.toContain('gammaword');
  });

  test('a private incident is found by those who are in it, and leaves no trace for others', async () => {
    const incident = await kit.opens('Confidential merger acquisition', { private: true });
    await notes(incident, 'the acquisition is secretword');
    expect(refs(await says('search secretword'))).toEqual([incident]);
    for (const line of [
      'search secretword',
      'search acquisition',
      'search acquisitoin',
      'search secretwrd',
    ]) {
      const text = await says(line, BO);
      expect(refs(text)).toEqual([]);
      expect(text).toMatch(/^Nothing that you can see holds/);
    }
    const token = { id: 'token:t', name: 't' };
    expect(refs(await says('search secretword', token, { source: 'api' }))).toEqual([]);
    expect(refs(await says('search secretword', token, { source: 'api', seesPrivate: true }))).toEqual([
      incident,
    ]);
    // In Slack that is the right of one channel, and not of a search.
    const state = (await kit.state(incident)) as { channel: { id: string } | null };
    expect(state.channel).toBeNull();
  });

  test('pages', async () => {
    for (let i = 0; i < 7; i++) await kit.opens(`Pagination ${i}`);
    const first = await says('search pagination');
    expect(refs(first)).toHaveLength(5);
    expect(first).toContain('… there are more: `search pagination --page 2`');
    const second = await says('search pagination --page 2');
    expect(refs(second)).toHaveLength(2);
    expect(second).not.toContain('there are more');
    expect(new Set([...refs(first), ...refs(second)]).size).toBe(7);
    expect(await says('search pagination --page 3')).toBe('There are no more.');
    expect(refs(await says('search pagination --limit 2'))).toHaveLength(2);
  });

  test('any text has an answer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
          fc
            .array(fc.constantFrom("'", '\\', ':*', '&', '|', '!', '<->', '(', '%', '_', 'a', '🔥', ' '), {
              minLength: 1,
              maxLength: 12,
            })
            .map((all) => all.join('')),
        ),
        async (text) => {
          const answer = await types(`search -- ${text}`);
          expect(['text', 'refused']).toContain(answer.kind);
        },
      ),
      { numRuns: effort(60) },
    );
  });
});

describe('list', () => {
  test('with filters, and combinations of them', async () => {
    const old = await kit.opens('An old one', { severity: 'sev1', components: ['Checkout'] });
    await kit.says(
      {
        type: 'RetimeEntry',
        entry: 1,
        moment: { at: '2024-03-05T10:00:00Z', until: null, precision: 'minute' },
      },
      old,
    );
    await kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, old);
    const mine = await kit.opens('Led by bo', { severity: 'sev2', components: ['Checkout'] });
    await kit.says({ type: 'AssignRole', role: 'lead', person: BO }, mine);
    const drill = await kit.opens('A drill', { drill: true, severity: 'sev2' });
    const hidden = await kit.opens('Hidden', {
      private: true,
      severity: 'sev1',
      components: ['Checkout', 'Vault'],
    });

    const ours = [old, mine, drill, hidden];
    const shown = async (line: string, by = BO) => refs(await says(line, by)).filter((n) => ours.includes(n));
    expect(await shown('list')).toEqual([drill, mine]);
    expect(await shown('list', ANA)).toEqual([hidden, drill, mine]);
    expect(await shown('list --severity sev1')).toEqual([]);
    expect(await shown('list --severity sev1 --status all')).toEqual([old]);
    expect(await shown('list --severity sev1,sev2 --status all', ANA)).toEqual([hidden, drill, mine, old]);
    expect(await shown('list --status resolved')).toEqual([old]);
    expect(await shown('list --status resolved --status open --component checkout')).toEqual([mine, old]);
    expect(await shown('list --component Checkout', ANA)).toEqual([hidden, mine]);
    expect(await shown('list --drills')).toEqual([drill]);
    expect(await shown('list --mine')).toEqual([mine]);
    expect(await shown('list --lead @bo', ANA)).toEqual([mine]);
    expect(await shown('list --until 2024-03-05 --since 2024-03-05')).toEqual([old]);
    expect(await shown('list --until 2024-03-04')).toEqual([]);
    expect(await shown('list --since 1h')).toEqual([drill, mine]);
    expect(await shown('list --since 2024-03-01 --component Checkout --severity sev1')).toEqual([old]);
    expect(await says('list --severity sev3 --drills', BO)).toBe(
      'No incident that you can see is like that.',
    );
  });

  test('what it does not know it says, with what it knows', async () => {
    expect(await says('list --component Chekcout')).toBe('UNKNOWN_VALUE');
    const answer = await types('list --component Vault', BO);
    // A component of private incidents alone is none for others.
    expect(answer).toMatchObject({
      refusal: { code: 'UNKNOWN_VALUE', next: expect.stringContaining('“Checkout”') },
    });
    expect(JSON.stringify(answer)).not.toMatch(/Vault”(?! is nothing)/);
    expect(await says('list --lead @nobody')).toBe('UNKNOWN_PERSON');
  });

  test('pages beyond twenty', async () => {
    for (let i = 0; i < 21; i++) await kit.opens(`Many ${i}`, { severity: 'sev4' });
    const first = await says('list --severity sev4');
    expect(refs(first)).toHaveLength(20);
    expect(first).toContain('… there are more: `list --severity sev4 --page 2`');
    expect(refs(await says('list --severity sev4 --page 2'))).toHaveLength(1);
    expect(await says('list --severity sev4 --page 3')).toBe('There are no more.');
  });
});

describe('whoever opens an incident is told what may be the same', () => {
  const opening = async (line: string, by = ANA) => {
    const answer = await types(line, by);
    return answer.kind === 'recorded' ? (answer.remark ?? '') : 'refused';
  };

  test('at most three, with what to type; not in the receipt, which is kept', async () => {
    const first = await kit.opens('Tesseract renderer crashes');
    const answer = await types('open sev2 Renderer crashes in Tesseract');
    if (answer.kind !== 'recorded') throw new Error('not recorded');
    const { ref } = answer.recorded;
    expect(answer.remark).toBe(
      [
        'Perhaps related:',
        `INC-${first} no severity investigating: Tesseract renderer crashes`,
        `To tie them together: \`link ${ref} INC-${first} REASON\`. If it is the same: \`merge ${ref} into INC-${first}\`.`,
      ].join('\n'),
    );
    expect(answer.text).not.toContain('Perhaps');
    for (let i = 0; i < 3; i++) await kit.opens('Tesseract renderer crashes');
    expect(refs(await opening('open Tesseract renderer crashes'))).toHaveLength(3);
  });

  test('no private one that they are not in, no drill for a real one and the other way round', async () => {
    await kit.opens('Obelisk gateway unreachable', { private: true });
    await kit.opens('Obelisk gateway unreachable', { drill: true });
    expect(await opening('open Obelisk gateway is unreachable', BO)).toBe('');
    expect(refs(await opening('open Obelisk gateway unreachable', ANA))).toHaveLength(2);
    expect(refs(await opening('open Obelisk gateway unreachable --drill', BO))).toHaveLength(1);
  });

  test('one that was opened by monitoring is told nothing', async () => {
    const answer = await kit.handle(
      {
        ...{ type: 'OpenIncident', title: 'Obelisk gateway unreachable', severity: null, components: [] },
        ...{ private: false, drill: false, moment: null },
      },
      null,
      {
        team: 'T1',
        by: { id: 'alerts:p', name: null },
        source: 'alerts',
        key: null,
        now: new Date(),
        seesPrivate: true,
      },
    );
    expect(answer).not.toMatchObject({ refused: true });
  });
});

test('the history of an entry: who may correct reads what it said, a guest that it was changed, a stranger to it nothing', async () => {
  const incident = await kit.opens('Opal', { private: true });
  await kit.notes(incident, 'first words');
  await kit.says({ type: 'EditEntry', entry: 2, text: 'second words' }, incident);
  const line = `history 2 INC-${incident}`;
  const seen = { seesPrivate: true };
  expect(await says(line, ANA, seen)).toMatch(
    /recorded it.*: “first words”\n.* corrected it: “second words”$/,
  );
  const guest = await says(line, BO, { ...seen, account: 'guest' });
  expect(guest).toMatch(/ana corrected it\nWhat it said before is shown to those who may correct entries\.$/);
  expect(guest).not.toMatch(/words”/);
  expect(await says(line, BO)).toBe('NO_SUCH_INCIDENT');
  expect(await says(`history 9 INC-${incident}`, ANA, seen)).toBe('NO_SUCH_ENTRY');
});

describe('which incident, and where somebody is', () => {
  /** Nobody else's incidents are open for these. */
  async function alone() {
    for (const { number } of await kit.store.incidents.open('T1'))
      await kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, number);
  }
  const asked = async (line: string, by = ANA, more: Partial<Asking> = {}) => {
    const answer = await types(line, by, more);
    return answer.kind === 'refused'
      ? {
          code: answer.refusal.code,
          next: answer.refusal.next,
          offered: answer.offered?.map((one) => one.incident),
        }
      : answer;
  };

  test('none is open: that is said, with what to type and the last that they may see', async () => {
    const last = await kit.opens('The last one');
    await kit.opens('The hidden one', { private: true });
    await alone();
    const none = await asked('note x', BO);
    expect(none).toMatchObject({ code: 'NO_OPEN_INCIDENT', next: expect.stringContaining('open TITLE') });
    expect(none).toMatchObject({ offered: expect.arrayContaining([last]) });
    expect(JSON.stringify(await types('note x', BO))).not.toContain('hidden');
    expect(JSON.stringify(await types('', BO))).toContain('No incident that you can see is open.');
    // Who may not open one is not told to.
    expect(await asked('note x', BO, { account: 'guest' })).toMatchObject({
      next: expect.not.stringContaining('open TITLE'),
    });
    expect(await says('', BO, { account: 'guest' })).not.toContain('open sev2');
  });

  test('one is open: it is meant. Of several it is asked, those that they are in first, the newest before the others; who only looks sees theirs', async () => {
    await alone();
    const [bos, anas] = [await kit.opens('Of bo', {}, BO), await kit.opens('Of ana')];
    await kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, anas);
    expect(await types('note only that', ANA)).toMatchObject({
      kind: 'recorded',
      recorded: { incident: bos },
    });
    const [second, third] = [await kit.opens('Of ana too'), await kit.opens('Quiet', { private: true }, BO)];
    const facts = async () =>
      (await kit.client.query<{ n: number }>('select count(*)::int as n from fact')).rows[0]?.n;
    const before = await facts();
    expect(await asked('note which')).toMatchObject({ code: 'WHICH_INCIDENT', offered: [second, bos] });
    expect(await asked('note which', BO)).toMatchObject({ offered: [third, bos, second] });
    expect(await facts()).toBe(before);
    const shown = await says('show');
    expect(shown).toMatch(new RegExp(`^INC-${second}: `));
    expect(shown).toContain(
      `INC-${second} was taken: of 2 open incidents it is the one that you are in. Another: \`show INC-${bos}\`.`,
    );
    expect(await asked('show', BO)).toMatchObject({ code: 'WHICH_INCIDENT' });
    const outside = await types('');
    expect(outside).toMatchObject({
      next: {
        choices: [{ line: `here INC-${second}` }, { line: 'open' }, { line: 'list' }, { line: 'help' }],
      },
    });
    expect(JSON.stringify(outside)).not.toContain('Quiet');
  });

  test('in an incident: its headline, what they are in it, what waits for them, and at most five things that they may do', async () => {
    await alone();
    const incident = await kit.opens('Logins fail', { severity: 'sev2' });
    await kit.says({ type: 'AddAction', text: 'tell the vendor', owner: BO }, incident);
    const here = async (by = ANA, more: Partial<Asking> = {}) => {
      const answer = await types(`INC-${incident}`, by, more);
      if (answer.kind !== 'text' || !answer.next) throw new Error(JSON.stringify(answer));
      return { text: answer.text, labels: answer.next.choices.map(({ label }) => label) };
    };
    const first = await here();
    expect(first.text).toMatch(
      /^INC-\d+ Logins fail\nsev2 · investigating · nobody leads · open for .*\nYou have no role in it\. Nothing waits for you\.\nNext: /,
    );
    expect(first.labels).toEqual(['I lead', 'Note', 'Identified', 'Tell the public', 'Catch up']);
    expect(first.text).toContain(`\`/incident note INC-${incident} TEXT\``);
    expect(await types(`lead INC-${incident} me`, BO)).toMatchObject({ kind: 'recorded' });
    const bos = await here(BO);
    expect(bos.text).toContain('You lead it.\n• Yours to do: 1. tell the vendor (`done 1`)');
    // A program has nobody to be the lead, and what it may not is not offered.
    await kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, incident);
    expect((await here(BO)).labels).toEqual(['Postmortem', 'Export', 'Action items', 'Note', 'Timeline']);
    expect((await here(BO)).text).toContain(' · resolved · lead bo · after ');
    expect(await says(`here INC-${incident + 1000}`)).toBe('NO_SUCH_INCIDENT');
  });

  test('a button that was shown before somebody changed it changes nothing unseen', async () => {
    const incident = await kit.opens('Invoices are empty');
    const shown = await types(`INC-${incident}`);
    if (shown.kind !== 'text' || !shown.next) throw new Error(JSON.stringify(shown));
    const { seen } = shown.next;
    expect(seen).toEqual({ entry: null, lead: null });
    const press = async (line: string) => {
      const answer = await types(line.replace(' ', ` INC-${incident} `), ANA, {}, { ...(seen && { seen }) });
      return answer.kind === 'refused' ? answer.refusal.code : answer.kind;
    };
    expect(await types(`lead INC-${incident} me`, BO)).toMatchObject({ kind: 'recorded' });
    expect(await press('lead me')).toBe('CHANGED_SINCE');
    expect(await types(`resolve INC-${incident} they are back`, BO)).toMatchObject({ kind: 'recorded' });
    expect(await press('status identified')).toBe('CHANGED_SINCE');
    expect(await press('note it was the printer')).toBe('recorded');
  });

  test('any line has one answer', async () => {
    await alone();
    await kit.opens('For any line');
    const word = fc.oneof(
      fc.constantFrom(
        'show',
        'here',
        'note',
        'status',
        'lead',
        'me',
        'list',
        'help',
        'runs',
        'run',
        'undo',
        'INC-1',
        '7',
        '14:30',
        '--',
      ),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 4 }), async (words) => {
        const answer = await types(words.join(' '));
        expect(['recorded', 'refused', 'text', 'form', 'export']).toContain(answer.kind);
        if (answer.kind === 'text') expect(answer.text.trim()).not.toBe('');
      }),
      { numRuns: effort(40), seed: chanceOf('any line').below(2 ** 31) },
    );
  });
});
