import { z } from 'zod';
import { type Json, RUNBOOK_LIMITS, STEP_EFFECTS } from '#domain/run/runbook.js';

export const STEP_ID = /^[a-z][a-z0-9_-]{0,31}$/;
export const RUNBOOK_NAME = /^[a-z][a-z0-9_-]{0,63}$/;
const INPUT_NAME = /^[a-z][a-z0-9_-]{0,31}$/;

const UNITS: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 };
const DURATION = /^(?:\d{1,7}(?:ms|s|m|h))+$/;
const PART = /(\d+)(ms|s|m|h)/g;

/** A span of time as `30s` or `1m30s`, in seconds. @param most and not more than that */
const duration = (most: number) =>
  z
    .unknown()
    .superRefine((value, context) => {
      const say = (message: string) => context.addIssue({ code: 'custom', message });
      const example = 'write it with its unit, such as 500ms, 30s, 2m or 1h';
      if (typeof value === 'number') say(`is a number without a unit; ${example}`);
      else if (typeof value !== 'string' || !DURATION.test(value)) say(`is not a span of time; ${example}`);
      else if (!(seconds(value) > 0)) say('is no time at all; write at least 1ms');
      else if (seconds(value) > most) say(`is too long; write at most ${most}s`);
    })
    .transform((value) => seconds(value));

function seconds(value: unknown): number {
  const parts = [...String(value).matchAll(PART)];
  return parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (UNITS[unit] ?? Number.NaN), 0);
}

const ONE_LINE = /^\P{Cc}*$/u;
const line = (most: number) =>
  z
    .string()
    .min(1, 'is empty; write a few words')
    .max(most, `is too long; write at most ${most} characters`)
    .regex(ONE_LINE, 'has line breaks or control characters; write one line');

const CALL = {
  uses: z.string(),
  // YAML gave it, and what is no JSON was refused.
  with: z.record(z.string(), z.custom<Json>()).default({}),
};
const call = z.strictObject(CALL).nullable().default(null);
const whole = (least: number, most: number) =>
  z.int(`is not a whole number; write one from ${least} to ${most}`).min(least).max(most);

const STEP = z.strictObject({
  id: z
    .string()
    .regex(
      STEP_ID,
      'is not a step id; write lower-case letters, digits, dashes and underscores, such as add-keys',
    ),
  title: line(150).nullable().default(null),
  ...CALL,
  effect: z.enum(STEP_EFFECTS).nullable().default(null),
  timeout: duration(RUNBOOK_LIMITS.timeoutS).default(60),
  when: line(500).nullable().default(null),
  retry: z
    .strictObject({
      attempts: whole(1, RUNBOOK_LIMITS.attempts).default(1),
      backoff: duration(RUNBOOK_LIMITS.timeoutS).default(1),
    })
    .default({ attempts: 1, backoff: 1 }),
  check: call,
  verify: call,
  undo: call,
});

const scalar = z.union([z.string().max(RUNBOOK_LIMITS.input), z.number(), z.boolean()], {
  error: `is not a plain value; write text of at most ${RUNBOOK_LIMITS.input} characters, a number, true or false`,
});
const INPUT = z
  .strictObject({
    type: z.enum(['string', 'number', 'boolean']).default('string'),
    description: z.string().max(500, 'is too long; write at most 500 characters').nullable().default(null),
    default: scalar.optional(),
    enum: z
      .array(z.union([z.string(), z.number()]), 'is not a list of texts or numbers; write [a, b]')
      .min(1, 'is an empty list; write the values allowed, or leave it out')
      .nullable()
      .default(null),
  })
  .superRefine((input, context) => {
    const say = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    const wrong = (value: unknown) => value !== undefined && typeof value !== input.type;
    const quotes = input.type === 'string' ? '; write it in quotes' : `; write a ${input.type}`;
    if (wrong(input.default)) say('default', `is a ${typeof input.default}, not a ${input.type}${quotes}`);
    if (input.enum?.some(wrong)) say('enum', `holds values that are no ${input.type}${quotes}`);
    else if (input.enum && input.default !== undefined && !input.enum.some((one) => one === input.default))
      say('default', 'is none of the values under enum; write one of them, or add it there');
  });

const APPROVER = /^([a-z][a-z0-9-]{0,31}|@[a-z0-9][a-z0-9._-]{0,79}|[USW][A-Z0-9]{2,20})$/;
const PERSON = /^[UW]/;
const APPROVAL = z
  .strictObject({
    required: whole(0, 20).nullable().default(null),
    from: z
      .array(
        z
          .string()
          .regex(APPROVER, 'is no role, person or group; write lead, @sre, a user id U… or a group id S…'),
      )
      .max(50, 'is too long; write at most 50')
      .default([]),
    self: z.boolean().default(false),
    expires: duration(86_400).default(900),
  })
  .superRefine(({ required, from }, context) => {
    // How many people a role or a group stands for is not known here; an id is one person.
    const people = new Set(from).size;
    if (!required || people === 0 || people >= required || !from.every((one) => PERSON.test(one))) return;
    const most = `write at most ${people}, or name more people, a role or a group under from:`;
    const message = `is more people than are named under from (${people}), so nothing would ever be approved; ${most}`;
    context.addIssue({ code: 'custom', path: ['required'], message });
  });

/** What a definition file holds. Strict: a misspelt key is a mistake, not a wish. */
export const DEFINITION = z.strictObject({
  name: z
    .string()
    .regex(
      RUNBOOK_NAME,
      'is not a name; write lower-case letters, digits, dashes and underscores, such as key-sync',
    ),
  title: line(150),
  description: z.string().max(4_000, 'is too long; write at most 4000 characters').nullable().default(null),
  inputs: z
    .record(
      z
        .string()
        .regex(INPUT_NAME, 'is not an input’s name; write lower-case letters, digits, dashes, such as to'),
      INPUT,
    )
    .refine((inputs) => Object.keys(inputs).length <= RUNBOOK_LIMITS.inputs, {
      message: `are too many; write at most ${RUNBOOK_LIMITS.inputs}`,
    })
    .default({}),
  target: line(300).nullable().default(null),
  approval: APPROVAL.default({ required: null, from: [], self: false, expires: 900 }),
  on_failure: z.enum(['ask', 'undo']).default('ask'),
  steps: z
    .array(STEP)
    .min(1, 'are none; write at least one step with id: and uses:')
    .max(RUNBOOK_LIMITS.steps, `are too many; write at most ${RUNBOOK_LIMITS.steps}, or make two runbooks`),
});

export type RawDefinition = z.infer<typeof DEFINITION>;
export type RawStep = RawDefinition['steps'][number];
