import { type Refusal, refuse } from '../refusal.js';
import { closest } from '../text.js';
import { POST_STATES, type PostState } from '../words.js';
import { MAINTENANCE_STATES, type MaintenanceState } from './page.js';

/** States that a post made from a template may have. */
export const TEMPLATE_STATES = [
  ...POST_STATES,
  ...MAINTENANCE_STATES.filter((one) => one !== 'cancelled'),
] as const;

/** What a post says in a usual case, with fields in braces. */
export interface Template {
  readonly state: PostState | MaintenanceState;
  readonly text: string;
  /** In how many milliseconds the next update is promised; null: not. */
  readonly nextMs: number | null;
}

/** What may stand in braces. */
export const TEMPLATE_FIELDS = [
  ...([
    'component',
    'components',
    'title',
    'started',
    'identified',
    'monitoring',
    'resolved',
    'duration',
    'next',
  ] as const),
  ...(['from', 'to', 'impact', 'posts', 'cause', 'actions', 'url'] as const),
] as const;
type TemplateField = (typeof TEMPLATE_FIELDS)[number];

/** Fields whose words were written for us: a text with them is looked at before it is public. */
const WRITTEN_FOR_US: readonly TemplateField[] = ['impact', 'cause', 'actions'];

/** @returns whether filling it puts words into the text that were written for us, see `fillTemplate` */
export function takesOurWords({ text }: Pick<Template, 'text'>, values: TemplateValues): boolean {
  return WRITTEN_FOR_US.some((field) => text.includes(`{${field}}`) && (values[field] ?? '').trim() !== '');
}

/** Words for a field, as they are to stand in the text. Absent, null or blank: not known. */
export type TemplateValues = { readonly [F in TemplateField]?: string | null };

const FIELD = /\{([A-Za-z_][A-Za-z0-9_]{0,39})\}/g;

/** @returns names in braces that are no fields, each once */
export function strangeFields(text: string): string[] {
  const names = [...text.matchAll(FIELD)].map(([, name = '']) => name);
  return [...new Set(names)].filter((name) => !(TEMPLATE_FIELDS as readonly string[]).includes(name));
}

/** In small letters and digits, with dashes. */
export const TEMPLATE_NAME = /^[a-z][a-z0-9-]{0,39}$/;

const MINUTES = 60_000;
const usual = (state: Template['state'], text: string, minutes: number | null = null): Template => ({
  ...{ state, text, nextMs: minutes === null ? null : minutes * MINUTES },
});

/** For whoever has written none. An organisation's own of the same name take their place. */
export const USUAL_TEMPLATES: ReadonlyMap<string, Template> = new Map([
  [
    'investigating',
    usual(
      'investigating',
      'We are investigating a problem with {component} that began at {started}. We will post an update by {next}.',
      30,
    ),
  ],
  [
    'identified',
    usual(
      'identified',
      'We have found the cause of the problem with {component} and are fixing it. We will post an update by {next}.',
      30,
    ),
  ],
  [
    'monitoring',
    usual(
      'monitoring',
      'A fix is in place and {component} is recovering. We are watching it and will post an update by {next}.',
      30,
    ),
  ],
  [
    'resolved',
    usual(
      'resolved',
      'The problem with {component} is resolved. It began at {started} and ended at {resolved}. We are sorry for the trouble it caused.',
    ),
  ],
  [
    'postmortem',
    usual(
      'postmortem',
      [
        'What happened',
        'From {started} to {resolved} ({duration}) there was a problem with {components}. {impact}',
        '',
        'Why it happened',
        '{cause}',
        '',
        'What we told you then',
        '{posts}',
        '',
        'What we are doing so that it does not happen again',
        '{actions}',
        '',
        'We are sorry for the trouble this caused.',
      ].join('\n'),
    ),
  ],
  [
    'maintenance',
    usual(
      'scheduled',
      'We will work on {components} from {from} to {to}. In that time it may be slow, or not be there.',
    ),
  ],
]);

/** @returns the organisation's own template of that name, else the usual one */
export function templateNamed(
  { templates }: { readonly templates: ReadonlyMap<string, Template> },
  name: string,
): Template | Refusal {
  const known = name.trim().toLowerCase();
  const found = templates.get(known) ?? USUAL_TEMPLATES.get(known);
  if (found) return found;
  const names = [...new Set([...templates.keys(), ...USUAL_TEMPLATES.keys()])];
  return refuse('NO_SUCH_TEMPLATE', {
    template: name.slice(0, 80),
    known: closest(known, names, names.length),
  });
}

/**
 * Puts what is known into a template. What is not known is a gap that nobody overlooks: `[TO FILL IN: cause]`, which
 * `gapsIn` finds, so that no text goes out with one. Braces in a value stay as they are.
 * @param name of the template, for a refusal
 */
export function fillTemplate(
  { text }: Pick<Template, 'text'>,
  values: TemplateValues,
  name = 'post',
): string | Refusal {
  const [stranger] = strangeFields(text);
  if (stranger !== undefined) {
    const known = TEMPLATE_FIELDS.map((field) => `{${field}}`).join(', ');
    return refuse('BAD_TEMPLATE', {
      template: name,
      why: `“{${stranger}}” is no field; these are: ${known}.`,
    });
  }
  return text
    .replace(FIELD, (_, name: TemplateField) => {
      const value = Object.hasOwn(values, name) ? values[name] : null;
      return value == null || value.trim() === '' ? gap(name) : value;
    })
    .trim();
}

const gap = (field: string) => `[TO FILL IN: ${field}]`;

/** @returns the gaps that are still to be filled in, each once and as they stand in the text */
export function gapsIn(text: string): string[] {
  return [...new Set(text.match(/\[TO FILL IN:[^\]\n]{0,80}\]/gi) ?? [])];
}
