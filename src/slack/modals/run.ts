import type { types } from '@slack/bolt';
import type { InputSpec, Runbook } from '#domain/run/runbook.js';
import { RUNBOOK_LIMITS } from '#domain/run/runbook.js';
import { refOf } from '#domain/words.js';
import type { RunAsked } from '#runbooks/definition/shelf.js';
import { type Block, context, cut, escaped, plain, section } from '../blocks/text.js';
import {
  type FormKind,
  type From,
  input,
  line,
  missing,
  modal,
  type Shown,
  type Values,
  wrong,
} from './form.js';

/** First the runbook, then its inputs: which there are depends on the first. */
export const RUN_FORM: FormKind = {
  view: (from, shown) => (shown.runbook ? inputsModal(from, shown.runbook, shown) : chooseModal(from, shown)),
  meant: (_, context) => wrong('runbook', missing('run', 'the name of a runbook', context)),
  main: 'runbook',
  line: 'run NAME key=value',
};

/** Slack's limit on what a menu offers. */
const OFFERED = 100;

const titleOf = ({ incident }: From, what: string) =>
  `${what}${incident === null ? '' : ` in ${refOf(incident)}`}`;

function chooseModal(from: From, { runbooks }: Shown): types.ModalView {
  const all = runbooks.filter(({ name }) => name.length <= 150);
  const options = all
    .slice(0, OFFERED)
    .map(({ name, title }) => ({ text: plain(cut(`${name}: ${title}`, 75)), value: name }));
  const none =
    'There is no runbook that can be used. `tocsin runbook list`, at the machine, says which there are and what is wrong with them.';
  const more = `… and ${all.length - OFFERED} more: type \`run NAME\`.`;
  return modal({
    callbackId: 'run',
    title: titleOf(from, 'Run'),
    submit: options.length === 0 ? null : 'Next',
    from: JSON.stringify(from),
    blocks:
      options.length === 0
        ? [section(none)]
        : [
            input('runbook', 'Runbook', { type: 'static_select', placeholder: plain('Choose one'), options }),
            ...(all.length > OFFERED ? [context(more)] : []),
          ],
  });
}

/** The field of an input. */
export const fieldOf = (name: string) => `in.${name}`;

function inputsModal(from: From, runbook: Runbook, { problem }: Shown): types.ModalView {
  const { name, title, description, inputs, approval } = runbook;
  const agreed =
    approval.required === 0
      ? 'Nobody has to agree.'
      : `${approval.required === 1 ? 'One person has' : `${approval.required} people have`} to agree to its plan before anything is changed.`;
  const about: Block[] = [
    ...(problem === undefined ? [] : [section(cut(problem, 1_500))]),
    section(
      `*${escaped(cut(title, 200))}*${description ? `\n${escaped(cut(unfolded(description), 1_000))}` : ''}`,
    ),
    context(`\`${escaped(name)}\` · ${agreed}`),
  ];
  const plan = { text: plain('Only plan it: show what would be done'), value: 'plan' };
  return modal({
    callbackId: 'run',
    title: titleOf(from, 'Run'),
    submit: 'Ask for it',
    from: JSON.stringify({ ...from, runbook: name }),
    blocks: [
      ...about,
      ...Object.entries(inputs).map(([input, spec]) => fieldFor(input, spec)),
      input('plan', 'How', { type: 'checkboxes', options: [plan] }, { optional: true }),
    ],
  });
}

/** Definitions break lines where a file ends; on a phone they would break in the middle. Paragraphs and lists stay. */
const unfolded = (text: string) => text.trim().replace(/(?<!\n)\n(?![\n\s*•-]|\d+\.)/g, ' ');

function fieldFor(name: string, spec: InputSpec): types.InputBlock {
  const values = spec.enum?.map(String) ?? (spec.type === 'boolean' ? ['true', 'false'] : []);
  const usual = spec.default === undefined ? null : String(spec.default);
  const hint = [spec.description ?? '', usual === null ? '' : `Empty: ${usual}`].filter(Boolean).join(' · ');
  const more = { optional: usual !== null, ...(hint !== '' && { hint }) };
  const fits = values.length <= OFFERED && values.every((value) => value !== '' && value.length <= 75);
  if (values.length > 0 && fits) {
    const options = values.map((value) => ({ text: plain(value), value }));
    const first = options.find(({ value }) => value === usual);
    const element = { type: 'static_select' as const, options, ...(first && { initial_option: first }) };
    return input(fieldOf(name), name, element, more);
  }
  const initial = usual === null || usual === '' ? {} : { initial_value: cut(usual, RUNBOOK_LIMITS.input) };
  return input(fieldOf(name), name, line({ max_length: RUNBOOK_LIMITS.input, ...initial }), more);
}

/** What the second form asks for; an empty field is an input that was not given. */
export function runIn(runbook: Runbook, values: Values): RunAsked {
  const given = Object.keys(runbook.inputs).flatMap((name) => {
    const value = values.chosen(fieldOf(name))[0] ?? values.text(fieldOf(name));
    return value === '' ? [] : [[name, value] as const];
  });
  return {
    runbook: runbook.name,
    inputs: Object.fromEntries(given),
    planOnly: values.chosen('plan').includes('plan'),
  };
}
