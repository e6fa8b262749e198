import { closest } from '../text.js';
import type { Json } from './runbook.js';

/** The members of a scope: what templates may begin with. */
export const SCOPE = ['inputs', 'steps', 'incident', 'run'] as const;

/** What is known of the incident and of the run, each one text; inputs and steps are what their definition makes them. */
export const KNOWN = { incident: ['ref', 'title', 'status', 'severity'], run: ['id'] } as const;

// A template says where a value is, and nothing else: names and list indices with dots between. No calls, no operators.
const PATH = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
const INDEX = /^(0|[1-9][0-9]{0,8})$/;

/** In a scope, the output of a step that was left out: a `when` reads it as nothing, any other template fails on it. */
export const LEFT_OUT: Readonly<Record<string, never>> = Object.freeze({});

/**
 * A template cannot be read, or points nowhere. The message holds its path and, at the place where that ends, the names
 * that there are, the likeliest first; never values.
 */
export class TemplateFailed extends Error {
  override name = 'TemplateFailed';

  constructor(path: string, why: string) {
    super(`{{ ${path.length > 80 ? `${path.slice(0, 80)}…` : path} }} ${why}`);
  }
}

/**
 * Fills in the templates of every string in a tree, except in its members' names. A string that is one template
 * becomes the value as it is; in other strings values become text. What was filled in is not filled again.
 * @param scope what templates read: `inputs`, `steps`, `incident`, `run`
 * @returns a new tree; it holds UNKNOWN where the scope does
 * @throws TemplateFailed
 */
export function fill(value: Json, scope: Record<string, unknown>): Json {
  if (typeof value === 'string') return fillText(value, scope);
  if (Array.isArray(value)) return value.map((item) => fill(item, scope));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fill(member, scope)]));
}

/** @returns the templates of a tree, in its order. @throws TemplateFailed for one that cannot be read */
export function pathsIn(value: Json): Array<{ path: string }> {
  if (typeof value === 'string')
    return parts(value).flatMap((part) => (part.path ? [{ path: part.path }] : []));
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(pathsIn);
}

/**
 * Does a `when` hold? Not where it comes to nothing: '' , 0, false, null, [] or {}. `not …` turns it round.
 * Where it rests on UNKNOWN it holds, turned round or not: ask `isOpen` first.
 * @throws TemplateFailed
 */
export function holds(condition: string, scope: Record<string, unknown>): boolean {
  const { turned, text } = turnedRound(condition);
  const value = fillText(text, scope, true);
  return isUnknown(value) || isNothing(value) === turned;
}

/** Is it not known before the run whether a `when` holds? @throws TemplateFailed */
export function isOpen(condition: string, scope: Record<string, unknown>): boolean {
  const { text } = turnedRound(condition);
  return pathsIn(text).some(({ path }) => isUnknown(find(path, scope, true)));
}

/** @returns why a `when` leaves a step out, in words: `inputs.second_url is empty` */
export function whyLeftOut(condition: string): string {
  const { turned, text } = turnedRound(condition);
  const what = text.replace(/^\{\{\s*|\s*\}\}$/g, '');
  return `left out, because ${what} is ${turned ? 'not ' : ''}empty`;
}

function turnedRound(condition: string): { turned: boolean; text: string } {
  const text = condition.trim();
  const turned = /^not\s/.test(text);
  return { turned, text: turned ? text.slice(4).trim() : text };
}

function isNothing(value: Json): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return !value;
}

/** A string in pieces: plain text, and paths. @throws TemplateFailed */
function parts(text: string): Array<{ text: string; path: string | null }> {
  const found: Array<{ text: string; path: string | null }> = [];
  let at = 0;
  for (;;) {
    const open = text.indexOf('{{', at);
    if (open < 0) break;
    const close = text.indexOf('}}', open + 2);
    const inside = text.slice(open + 2, close < 0 ? undefined : close).trim();
    if (close < 0) throw new TemplateFailed(inside, 'is not closed: write }} after the path');
    if (!PATH.test(inside)) {
      throw new TemplateFailed(inside, 'is not a path: write names with dots between, such as inputs.to');
    }
    if (open > at) found.push({ text: text.slice(at, open), path: null });
    found.push({ text: '', path: inside });
    at = close + 2;
  }
  if (at < text.length) found.push({ text: text.slice(at), path: null });
  return found;
}

/** @param asked by a `when`: the output of a step that was left out is nothing */
function fillText(text: string, scope: Record<string, unknown>, asked = false): Json {
  const pieces = parts(text);
  const [first] = pieces;
  if (first?.path && pieces.length === 1) return find(first.path, scope, asked);
  const values = pieces.map((piece) => (piece.path ? find(piece.path, scope, asked) : piece.text));
  const whole = values.map(asText).join('');
  return values.some(isUnknown) ? unknown(whole) : whole;
}

function find(path: string, scope: Record<string, unknown>, asked: boolean): Json {
  let here: unknown = scope;
  const names = path.split('.');
  for (const [i, name] of names.entries()) {
    if (isMark(here)) return UNKNOWN;
    if (here === LEFT_OUT && asked) return null;
    const there = member(here, name);
    if (there === undefined) throw nowhere(path, names.slice(0, i).join('.'), name, here);
    here = there;
  }
  return copy(here, path);
}

/** Own members only, and of a list its items only: nothing that every object or list has by itself. */
function member(of: unknown, name: string): unknown {
  if (Array.isArray(of)) return INDEX.test(name) ? of[Number(name)] : undefined;
  if (typeof of !== 'object' || of === null) return undefined;
  return Object.hasOwn(of, name) ? (of as Record<string, unknown>)[name] : undefined;
}

function nowhere(path: string, place: string, name: string, here: unknown): TemplateFailed {
  const at = place === '' ? 'a template' : place;
  if (here === LEFT_OUT) return new TemplateFailed(path, `points nowhere: ${at} was left out`);
  if (Array.isArray(here)) {
    const range =
      here.length === 0 ? 'is an empty list' : `is a list: write a number from 0 to ${here.length - 1}`;
    return new TemplateFailed(path, `points nowhere: ${at} ${range}`);
  }
  if (typeof here !== 'object' || here === null) {
    return new TemplateFailed(
      path,
      `points nowhere: ${at} is ${here === null ? 'empty' : `a ${typeof here}`}`,
    );
  }
  const names = Object.keys(here).filter((key) => (here as Record<string, unknown>)[key] !== undefined);
  const known = closest(name, names, 8);
  const more = names.length > known.length ? ', …' : '';
  const has = known.length === 0 ? 'holds nothing' : `has ${known.join(', ')}${more}`;
  return new TemplateFailed(path, `points nowhere: ${at} ${has}`);
}

/** A copy, so that nobody changes the scope through it; an object with `toJSON` becomes what that gives. */
function copy(value: unknown, path: string): Json {
  if (isMark(value)) return value;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (value === null) return null;
  if (typeof value !== 'object') throw new TemplateFailed(path, 'is no value that a step can be given');
  if (Array.isArray(value)) return value.map((item) => copy(item ?? null, path));
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return copy(toJSON.call(value) ?? null, path);
  const members = Object.entries(value).filter(([, of]) => of !== undefined);
  return Object.fromEntries(members.map(([name, of]) => [name, copy(of, path)]));
}

function asText(value: Json): string {
  if (Array.isArray(value) && value.every(isPlain)) return value.map(String).join(', ');
  return isPlain(value) ? String(value) : JSON.stringify(value);
}

/** Shown as it is; null among them says `null`, as JSON does. */
const isPlain = (value: unknown) => typeof value !== 'object' || value === null || isMark(value);

/** As people and plans read it. */
const MARK = '(known when it runs)';

const all = new WeakSet<object>();

/** A value that is not known yet: an object of its own, known by its identity, that shows as that text, also in JSON. */
function unknown(text: string): Json {
  const says = { value: () => text };
  const value = Object.freeze(Object.defineProperties({}, { toString: says, toJSON: says }));
  all.add(value);
  return value;
}

/** In a scope, a value that is not known before the run; any path through it is not known either. */
export const UNKNOWN: Json = unknown(MARK);

/** Is this very value not known? */
function isMark(value: unknown): value is Json & object {
  return typeof value === 'object' && value !== null && all.has(value);
}

/** Is it, or anything within it, not known? */
export function isUnknown(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isMark(value) || Object.values(value).some(isUnknown);
}

/**
 * Could `value` be what the plan shows as `planned`? A plan is kept as JSON: an unknown value is a text there that says so, and
 * could be anything.
 */
export function couldBe(planned: Json, value: Json): boolean {
  if (typeof planned === 'string' && planned.includes(MARK)) return true;
  if (typeof planned !== 'object' || planned === null || typeof value !== 'object' || value === null)
    return planned === value;
  const [before, now] = [Object.entries(planned), Object.entries(value)];
  return (
    Array.isArray(planned) === Array.isArray(value) &&
    before.length === now.length &&
    before.every(([name, one]) => {
      const other = now.find(([its]) => its === name);
      return other !== undefined && couldBe(one, other[1]);
    })
  );
}
