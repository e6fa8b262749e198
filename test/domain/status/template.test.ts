import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  fillTemplate,
  gapsIn,
  strangeFields,
  TEMPLATE_FIELDS,
  type Template,
  templateNamed,
  USUAL_TEMPLATES,
} from '#domain/status/template.js';
import { effort } from '../../support/effort.js';

const own: Template = { state: 'identified', text: 'Ours: {component}', nextMs: null };
const settings = { templates: new Map([['identified', own]]) };

test('an organisation’s own template takes the place of the usual one', () => {
  expect(templateNamed(settings, 'identified')).toBe(own);
  expect(templateNamed(settings, ' Identified ')).toBe(own);
  expect(templateNamed(settings, 'resolved')).toBe(USUAL_TEMPLATES.get('resolved'));
});

test('a template that there is not is refused with those that there are, the likeliest first', () => {
  expect(templateNamed(settings, 'resolvd')).toMatchObject({
    code: 'NO_SUCH_TEMPLATE',
    sentence: 'There is no template “resolvd” for public posts.',
    next: expect.stringMatching(/^These are: “resolved”, .*identified.*status: templates:/),
  });
  for (const name of ['constructor', '__proto__', ''])
    expect(templateNamed(settings, name)).toMatchObject({ code: 'NO_SUCH_TEMPLATE' });
});

test('the usual ones hold only fields that there are, and name what is not known', () => {
  expect([...USUAL_TEMPLATES.keys()]).toEqual([
    ...['investigating', 'identified', 'monitoring', 'resolved', 'postmortem', 'maintenance'],
  ]);
  const all = Object.fromEntries(TEMPLATE_FIELDS.map((name) => [name, `the ${name}`]));
  for (const [name, template] of USUAL_TEMPLATES) {
    expect([name, strangeFields(template.text)]).toEqual([name, []]);
    const filled = fillTemplate(template, all);
    expect(filled).not.toMatch(/[{}[\]]/);
    expect(gapsIn(String(filled))).toEqual([]);
    const open = String(fillTemplate(template, {}));
    expect(gapsIn(open).length).toBeGreaterThan(0);
  }
  const postmortem = USUAL_TEMPLATES.get('postmortem') as Template;
  const drafted = String(
    fillTemplate(postmortem, {
      ...{
        started: '01:41 UTC',
        resolved: '02:02 UTC',
        duration: '21 minutes',
        components: 'Text to Speech',
      },
      ...{ posts: '01:41 Identified: …', cause: null, actions: '  ' },
    }),
  );
  expect(drafted).toContain(
    'From 01:41 UTC to 02:02 UTC (21 minutes) there was a problem with Text to Speech.',
  );
  expect(gapsIn(drafted)).toEqual(['[TO FILL IN: impact]', '[TO FILL IN: cause]', '[TO FILL IN: actions]']);
});

test('a field that there is not is refused with the list; braces of other kinds are text', () => {
  expect(fillTemplate({ text: '{component} {Lead}' }, { component: 'x' }, 'ours')).toMatchObject({
    code: 'BAD_TEMPLATE',
    sentence: expect.stringMatching(
      /“ours” cannot be used: “\{Lead\}” is no field; these are: \{component\}, /,
    ),
  });
  expect(fillTemplate({ text: '{ } {} {1} {a b} { component }' }, {})).toBe('{ } {} {1} {a b} { component }');
});

test('what is filled in stays as it is, whatever is in it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom('{next}', '$&', '$1', "$'", '{lead}'), fc.string()), (value) => {
      fc.pre(value.trim() !== '');
      expect(fillTemplate({ text: 'a {cause} b {cause} c' }, { cause: value })).toBe(
        `a ${value} b ${value} c`,
      );
    }),
    { numRuns: effort(100) },
  );
});
