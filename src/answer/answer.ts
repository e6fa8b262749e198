import type { Entered } from '#domain/command/entered.js';
import { type Ask, type CommandContext, type Parsed, parseCommand } from '#domain/command/parse.js';
import { type FormName, firstWord, verbNamed, type WatchAsked } from '#domain/command/verbs.js';
import { bridgeOf } from '#domain/incident/bridge.js';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isHere, isPublic, type Permits, type Power, powerFor, remarkOnOwner } from '#domain/permission.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import type { PersonRunIntent } from '#domain/run/intent.js';
import type { SecretKind } from '#domain/secret/kind.js';
import { scrubAll } from '#domain/secret/scrub.js';
import { isPublicEntry } from '#domain/status/decide.js';
import { watchOf } from '#domain/watch/watch.js';
import { numberOf, refOf, STANDING } from '#domain/words.js';
import type { Before, Handle, Recorded } from '#handle/handle.js';
import { type Scrubbing, secretTyped } from '#handle/secrets.js';
import type { Metrics } from '#metrics.js';
import type { Read } from '#read/read.js';
import { channelRemark } from '#render/receipt.js';
import { lostText } from '#render/undelivered.js';
import type { RunAsked } from '#runbooks/definition/shelf.js';
import { Unavailable } from '#store/pools.js';
import { answerHere, type NextOffer, type Seen } from './here.js';
import { answerMutes, type Mute, type MutePorts, muted } from './mutes.js';
import { answerAsk, answerHistory, lookedUp, refused, remarkOnRelated, type Wanted } from './questions.js';
import { type Offered, whichIncident } from './which.js';

/** One command line as somebody typed it. */
export interface Typed {
  entered: Entered;
  /** The incident of the channel that it was typed in, or null. */
  implied: number | null;
  /** A button said so, and not the channel: whoever pressed it need not be in that incident's channel. */
  chosen?: boolean;
  asking: Asking;
  /** Zone in which bare times are meant (IANA); `zoneKnown`: it is the typist's own, not a default. */
  zone: string;
  zoneKnown: boolean;
  /** Only questions are answered; whatever would change something is refused. */
  looksOnly?: boolean;
  /** false: whatever changes what the public reads is refused. Absent: only permissions say who may. */
  mayPublish?: boolean;
  /** A button says it, which was shown when this was so. */
  seen?: Seen;
}

/** What a button or a form asks for: nothing of it has to be read. `notes`: remarks for the receipt. */
interface Meant {
  intent: TypedIntent;
  incident: number | null;
  asking: Asking;
  notes?: string[];
}

/** What a button means that offers a runbook. */
export interface Running {
  run: RunAsked;
  incident: number;
  asking: Asking;
}

/** What a button means that mutes alerts: it is about no incident. */
export interface Muting {
  mute: Mute;
  asking: Asking;
}

/** What the form of an export asks for. */
export interface Exporting {
  ask: Extract<Ask, { type: 'export' | 'postmortem' }>;
  incident: number;
  asking: Asking;
}

export type Answer =
  /** `remark`: what else they should know. The text is the receipt, the same each time that it is asked for. */
  /** `watch`: it was resolved, and tocsin.yml names what could be watched for so long; `n`: the entry that says so. */
  | { kind: 'recorded'; text: string; recorded: Recorded; remark?: string; watch?: WatchOffer }
  /** `offered`: incidents that the line may be meant for, where it does not say which. */
  | { kind: 'refused'; refusal: Refusal; intent?: TypedIntent; incident?: number; offered?: Offered[] }
  /** `ours`: all of it is our own words, with marks for `code` and *bold*; else people's words are in it, literally. */
  /** `next`: what is likely next, for a front that has buttons; the text says it too. */
  | { kind: 'text'; text: string; ours?: boolean; next?: NextOffer }
  | { kind: 'form'; form: FormName; incident: number | null }
  | ({ kind: 'export' } & Wanted);

interface WatchOffer {
  incident: number;
  n: number;
  /** As it is typed: `30m`. */
  span: string;
}

/** What is typed, or what a button or a form means. */
export type Asked = Typed | Meant | Running | Muting | Exporting;

/** The same request gets the same answer from every front; fronts only decode it, and dress the answer. */
export type Answerer = (asked: Asked) => Promise<Answer>;

export interface AnswerPorts {
  handle: Handle;
  read: Read;
  /** Roles that the organisation has. */
  roles: readonly string[];
  /** Components that the organisation knows; others are taken too, with a remark. */
  components: readonly string[];
  /** How the command is called, for forms and examples. */
  command: string;
  /** May whoever asks do that, in that incident? Looked at before anything is told of it. */
  permits?: Permits;
  /** Of a request whose asker chose its key: was it, or another, recorded under that key? */
  before?: Before;
  /**
   * Makes an intent of a runbook that was asked for; absent: there is no shelf here, so no runbook either.
   * @returns remarks for the receipt with it, whole sentences
   */
  propose?(asked: RunAsked): Promise<{ intent: PersonRunIntent; notes: string[] } | Refusal>;
  /** Makes an intent of a watch that was asked for. `span`: for how long one is offered; null: there is nothing to watch. */
  watch?: { asked(asked: WatchAsked): TypedIntent | Refusal; span: string | null };
  /** Of the public page; absent: nothing is known of it here. */
  publicly?: {
    /** Gives a post the text of its template, and the next update that is promised where nobody said when; or says why not. */
    ready(post: PublishPost, of: IncidentState, now: Date): Promise<PublishPost | Refusal>;
    /** Gives planned work the text of its template; or says why not. */
    plan(work: PlanMaintenance): PlanMaintenance | Refusal;
    /** Makes sure that there is a standing record, which planned work stands in. */
    standing(team: string): Promise<void>;
  };
  /** The address of an incident's call, where tocsin.yml says one. */
  bridge?: { address(incident: number): string } | null;
  mutes?: MutePorts['mutes'];
  /** How damage is measured: of which components (null: of any). Null or absent: nobody has said. */
  measured?: { components: readonly string[] | null } | null;
  /** Knows the secrets of this installation. */
  scrub?: Scrubbing;
  /** Kinds of secrets that are left in what people write. */
  keeps?: ReadonlySet<SecretKind>;
  /** Begins to learn the keys that stand in the key stores now; nobody waits for it. */
  learnKeys?(): Promise<void>;
  /** Counts what was asked, and how it was answered. */
  metrics?: Pick<Metrics, 'answered' | 'refused'>;
}

/** A line with a known secret is not even looked at: what is asked back, and the buttons under it, would carry it on. */
export function createAnswer(ports: AnswerPorts): Answerer {
  const { scrub, keeps, metrics } = ports;
  const first = createFirstAnswer(ports);
  return metrics ? counted(answer, metrics) : answer;

  /** What is wrong with a definition may quote it, and what is wrong with a line the line. */
  function clean(answer: Answer): Answer {
    if (answer.kind !== 'refused') return answer;
    const refusal = scrub ? scrub.json(answer.refusal) : answer.refusal;
    return { ...answer, refusal: scrubAll(refusal, keeps).value };
  }

  async function answer(typed: Asked): Promise<Answer> {
    if ('intent' in typed) {
      const { intent, incident, asking, notes = [] } = typed;
      return record(ports, intent, incident, asking, notes);
    }
    if ('mute' in typed) return muted(ports, typed);
    if ('run' in typed) return clean(await running(ports, typed));
    if ('ask' in typed) return exporting(ports, typed);
    // Beside the answer: what somebody puts into a key store now is recognised when it is typed a while later.
    void ports.learnKeys?.();
    const { text } = typed.entered;
    if (scrub && scrub.text(text) !== text) return { kind: 'refused', refusal: secretTyped(typed.asking) };
    return clean(await answerOnce(typed));
  }

  async function answerOnce(typed: Typed): Promise<Answer> {
    const answer = await first(typed);
    if (answer.kind === 'recorded' || !typed.asking.asked || !ports.before) return answer;
    // A key means one request, whatever it comes to this time: one that was recorded may not even be readable any more.
    const before = await ports.before(typed.asking).catch((error: unknown) => {
      if (error instanceof Unavailable) return null;
      throw error;
    });
    if (before === null) return answer;
    if (isRefusal(before)) return refused(before);
    return { kind: 'recorded', text: before.receipt, recorded: before };
  }
}

function counted(answer: Answerer, metrics: Pick<Metrics, 'answered' | 'refused'>): Answerer {
  return async (asked) => {
    const began = performance.now();
    const { source } = asked.asking;
    const verb = verbOf(asked);
    try {
      const said = await answer(asked);
      const how = said.kind === 'recorded' && said.recorded.repeated ? 'repeated' : said.kind;
      metrics.answered(verb, source, how, performance.now() - began);
      if (said.kind === 'refused') metrics.refused(said.refusal.code);
      return said;
    } catch (error) {
      metrics.answered(verb, source, 'failed', performance.now() - began);
      throw error;
    }
  };
}

function verbOf(asked: Asked): string | null {
  if ('intent' in asked) return asked.intent.type;
  if ('mute' in asked) return 'mute';
  if ('ask' in asked) return asked.ask.type;
  return 'run' in asked ? 'run' : verbIn(asked.entered);
}

/** @returns the verb of a line, as far as it is one; nothing else of the line. Nothing typed at all asks where somebody is. */
function verbIn({ text }: Entered): string | null {
  const { word, rest } = firstWord(text);
  const first = numberOf(word) === null ? word : firstWord(rest).word;
  return first === '' ? 'here' : (verbNamed(first)?.name ?? null);
}

function createFirstAnswer(ports: AnswerPorts): (typed: Typed) => Promise<Answer> {
  return async (typed) => {
    const { implied, zone, zoneKnown } = typed;
    const context: CommandContext = {
      now: typed.asking.now,
      zone,
      zoneKnown,
      implied: implied !== null,
      roles: ports.roles,
      command: ports.command,
      me: typed.asking.source === 'slack' ? typed.asking.by : (typed.asking.owner ?? null),
    };
    const said = parseCommand(typed.entered, context);
    if (isRefusal(said)) return refused(said);
    if (typed.looksOnly && said.kind !== 'ask') {
      return refused(refuse('ONLY_LOOKS', { verb: said.verb }));
    }
    const mayNot = () => refused(refuse('ONLY_WRITES', { verb: said.verb }));
    if (typed.mayPublish === false && isPublic(neededFor(said))) return mayNot();
    // Whoever can type in an incident's channel is in it, and so may see that incident, private or not.
    const at = (incident: number | null): Asking =>
      incident !== null && incident === implied && !typed.chosen
        ? { ...typed.asking, seesPrivate: true }
        : typed.asking;
    const permitted = (power: Power, about: number | null, by: Asking) =>
      lookedUp(async () => (await ports.permits?.(power, about, by)) ?? null);
    if (said.kind === 'form' && said.form === 'open') {
      const no = await permitted('declare', null, typed.asking);
      return no ? refused(no) : { kind: 'form', form: 'open', incident: null };
    }
    const which = await lookedUp(() => whichIncident(ports, said, typed));
    if (isRefusal(which)) return refused(which);
    if ('refusal' in which) return { kind: 'refused', ...which };
    const { incident, remark } = which;
    const asking = at(incident);
    const power = powerOf(said);
    let no = power && (await permitted(power, incident, asking));
    // The form of a run plans one too: it is opened for whoever may either.
    if (no && said.kind === 'form' && said.form === 'run') no = await permitted('plan', incident, asking);
    if (no) return refused(no);
    if (typed.mayPublish === false && incident !== null) {
      const isPost = await lookedUp(() => changesPost(ports.read, said, incident, asking));
      if (isRefusal(isPost)) return refused(isPost);
      if (isPost) return mayNot();
    }
    switch (said.kind) {
      case 'form': {
        // A form shows the incident as it is now.
        const of = incident === null ? null : await lookedUp(() => ports.read.incident(asking, incident));
        return of !== null && isRefusal(of) ? refused(of) : { kind: 'form', form: said.form, incident };
      }
      case 'ask': {
        const { ask } = said;
        if (ask.type === 'mutes') return answerMutes(ports, asking, zone);
        if (ask.type === 'history') {
          const mayCorrect = (await permitted('correct', incident, asking)) === null;
          return answerHistory(ports.read, ask.entry, incident ?? 0, asking, zone, mayCorrect);
        }
        if (ask.type === 'here') {
          const { looksOnly = false, mayPublish = true } = typed;
          const asked = { incident, named: incident !== implied, asking, zone, looksOnly, mayPublish };
          const here = await lookedUp(() => answerHere(ports, asked));
          return isRefusal(here) ? refused(here) : { kind: 'text', ...here };
        }
        const seen = await lookedUp(() =>
          answerAsk(ports.read, ask, incident, asking, zone, ports.command, ports.components),
        );
        if (isRefusal(seen)) return refused(seen);
        return seen.kind === 'text' && remark ? { ...seen, text: `${seen.text}\n${remark}` } : seen;
      }
      case 'intent': {
        const unmeasured = said.intent.type === 'MeasureImpact' ? cannotMeasure(said.intent, ports) : null;
        if (unmeasured) return refused(unmeasured);
        const notes = [...said.notes, ...unknownComponents(said.intent, ports.components)];
        return record(ports, asSeen(said.intent, typed.seen), incident, asking, notes);
      }
      case 'mute':
        return muted(ports, { mute: { key: said.key, until: said.until }, asking });
      case 'run':
        return proposed(ports, said, incident, asking, said.notes);
      case 'watch': {
        const meant = ports.watch?.asked(said) ?? refuse('NOTHING_TO_WATCH', {});
        return isRefusal(meant) ? refused(meant) : record(ports, meant, incident, asking, said.notes);
      }
    }
  };
}

const FORM_POWERS: Readonly<Record<FormName, Power>> = {
  ...{ open: 'declare', note: 'note', log: 'note', publish: 'publish', run: 'run', export: 'export' },
  ...{ status: 'state', sev: 'state', lead: 'state', action: 'state' },
};

/** What a line needs that `handle` does not ask for: questions, forms, and runbooks before their files are read. */
function powerOf(said: Parsed): Power | null {
  switch (said.kind) {
    case 'form':
      return FORM_POWERS[said.form];
    case 'run':
      return said.planOnly ? 'plan' : 'run';
    case 'watch':
      return 'watch';
    case 'ask':
      if (said.ask.type === 'help') return null;
      if (said.ask.type === 'mutes') return 'mute';
      return said.ask.type === 'export' || said.ask.type === 'postmortem' ? 'export' : 'see';
    // Looked at where the words of a button are looked at too.
    case 'mute':
    case 'intent':
      return null;
  }
}

/** The power that a line needs wherever it is looked at. */
function neededFor(said: Parsed): Power | null {
  return said.kind === 'intent' ? powerFor(said.intent) : powerOf(said);
}

/** Is it about an entry that the public reads? Which one it is shows only in the record: an entry keeps its kind for ever. */
async function changesPost(
  read: Read,
  said: Parsed,
  incident: number,
  asking: Asking,
): Promise<boolean | Refusal> {
  if (said.kind !== 'intent' || !('entry' in said.intent)) return false;
  const { entry } = said.intent;
  const found = await read.dossier(asking, incident, async (dossier) => {
    for await (const one of dossier.entries({ kinds: ['post', 'component'] }))
      if (one.n === entry) return isPublicEntry(one);
    return false;
  });
  // What they may not see is refused where it would be recorded, with the words for that.
  return isRefusal(found) ? false : found;
}

type PublishPost = Extract<TypedIntent, { type: 'PublishPost' }>;
type PlanMaintenance = Extract<TypedIntent, { type: 'PlanMaintenance' }>;

/** Planned work is of no incident, and stands in the standing record. */
const PLANNED: ReadonlySet<TypedIntent['type']> = new Set<TypedIntent['type']>([
  ...(['PlanMaintenance', 'PostMaintenance', 'MoveMaintenance'] as const),
]);

/** What is for the public is made ready first: a template gives its text, and planned work has its place. */
async function record(
  ports: AnswerPorts,
  asked: TypedIntent,
  incident: number | null,
  asking: Asking,
  notes: string[],
): Promise<Answer> {
  const standing = PLANNED.has(asked.type) || (asked.type === 'SetComponentState' && incident === null);
  const ready = standing ? await lookedUp(async () => ports.publicly?.standing(asking.team)) : undefined;
  if (isRefusal(ready)) return refused(ready);
  const intent =
    asked.type === 'PublishPost'
      ? await lookedUp(() => filled(ports, asked, incident, asking))
      : asked.type === 'PlanMaintenance' && asked.template != null
        ? (ports.publicly?.plan(asked) ?? noTemplates(asked.template))
        : asked;
  if (isRefusal(intent)) return refused(intent);
  if (intent.type === 'OpenBridge') return bridged(ports, intent, incident, asking, notes);
  return recordReady(ports, intent, standing ? STANDING : incident, asking, notes);
}

/** @returns the post as it is to be published; one that was previewed is ready */
async function filled(
  { read, publicly }: AnswerPorts,
  post: PublishPost,
  incident: number | null,
  asking: Asking,
): Promise<PublishPost | Refusal> {
  const { template } = post;
  if (incident === null || (!publicly && template == null)) return post;
  if (!publicly) return noTemplates(template ?? '');
  const state = await read.incident(asking, incident);
  return isRefusal(state) ? state : publicly.ready(post, state, asking.now);
}

const noTemplates = (template: string) => refuse('NO_SUCH_TEMPLATE', { template, known: [] });

type OpenBridge = Extract<TypedIntent, { type: 'OpenBridge' }>;

/** Whoever asks for a call that there is already wants to get in. */
async function bridged(
  ports: AnswerPorts,
  asked: OpenBridge,
  incident: number | null,
  asking: Asking,
  notes: string[],
): Promise<Answer> {
  const own = incident === null ? null : (ports.bridge?.address(incident) ?? null);
  const said = await recordReady(ports, { ...asked, url: asked.url ?? own }, incident, asking, notes);
  if (said.kind !== 'refused' || said.refusal.code !== 'BRIDGE_OPEN' || incident === null) return said;
  const state = await lookedUp(() => ports.read.incident(asking, incident));
  const bridge = isRefusal(state) ? null : bridgeOf(state);
  // Its address is for the channel; whoever is at the machine can read it in the database too.
  if (!bridge || !(isHere(asking) || asking.source === 'cli')) return said;
  return { kind: 'text', text: `The bridge of ${refOf(incident)}: ${bridge.url} · entry #${bridge.n}` };
}

async function recordReady(
  ports: AnswerPorts,
  intent: TypedIntent,
  incident: number | null,
  asking: Asking,
  notes: string[],
): Promise<Answer> {
  const outcome = await ports.handle(intent, incident, asking, notes);
  if (!isRefusal(outcome)) {
    const remark =
      (await remarkOn(ports.read, outcome)) ?? (await remarkOnRelated(ports.read, outcome, asking));
    const watch = offerOf(outcome, ports.watch?.span ?? null);
    return {
      kind: 'recorded',
      text: outcome.receipt,
      recorded: outcome,
      ...(remark && { remark }),
      ...(watch && { watch }),
    };
  }
  // What is asked about is shown, and carried in buttons, as it would be recorded.
  const held = scrubAll(intent, ports.keeps).value;
  return { kind: 'refused', refusal: outcome, intent: held, incident: incident ?? undefined };
}

/** What is over can be watched for a while: offered to whoever says that it is. */
function offerOf({ facts, state }: Recorded, span: string | null): WatchOffer | null {
  const resolved = facts.find((fact) => fact.type === 'StatusChanged' && fact.data.status === 'resolved');
  if (span === null || resolved?.type !== 'StatusChanged' || resolved.data.dismissed) return null;
  if (state.number === STANDING || watchOf(state)) return null;
  return { incident: state.number, n: resolved.data.n, span };
}

/**
 * What is not in the receipt because it is no part of the record: that the incident has no channel, and why. Its opener may be
 * a program, or somebody whom Slack did not let us tell. The database is asked only while there is no channel.
 */
async function remarkOn(
  read: Pick<Read, 'refused'>,
  { state, ref, facts }: Recorded,
): Promise<string | null> {
  const { lost } = state.channel ?? {};
  if (state.channel && lost) return `#${state.channel.name}: ${lostText(lost)}. What is owed follows then.`;
  if (state.channel !== null || state.number === STANDING || facts[0]?.type === 'IncidentOpened') return null;
  // It is recorded, whatever becomes of this question.
  const rows = await read.refused(state.team, state.number).catch(() => []);
  return channelRemark(ref, rows);
}

/** An offered runbook: the same as typing it, but that nothing of it has to be read. */
async function running(ports: AnswerPorts, { run, incident, asking }: Running): Promise<Answer> {
  const power = run.planOnly ? 'plan' : 'run';
  const no = await lookedUp(async () => (await ports.permits?.(power, incident, asking)) ?? null);
  return no ? refused(no) : proposed(ports, run, incident, asking, []);
}

async function proposed(
  ports: AnswerPorts,
  { runbook, inputs, planOnly }: RunAsked,
  incident: number | null,
  asking: Asking,
  notes: string[],
): Promise<Answer> {
  const found = await lookedUp(async () =>
    ports.propose
      ? ports.propose({ runbook, inputs, planOnly })
      : refuse('NO_SUCH_RUNBOOK', { runbook, closest: [] }),
  );
  if (isRefusal(found)) return refused(found);
  const said = [...notes, ...found.notes, ...(planOnly ? [] : remarkOnOwner(asking))];
  return record(ports, found.intent, incident, asking, said);
}

/** The form of an export: the same as typing it. */
async function exporting(
  { read, permits }: AnswerPorts,
  { ask, incident, asking }: Exporting,
): Promise<Answer> {
  const no = await lookedUp(async () => (await permits?.('export', incident, asking)) ?? null);
  if (no) return refused(no);
  const seen = await lookedUp(() => answerAsk(read, ask, incident, asking, 'UTC', ''));
  return isRefusal(seen) ? refused(seen) : seen;
}

/** Told at once to whoever asks, instead of when Prometheus would have been asked. */
function cannotMeasure(
  { components }: Extract<TypedIntent, { type: 'MeasureImpact' }>,
  { measured }: Pick<AnswerPorts, 'measured'>,
): Refusal | null {
  if (!measured) return refuse('MEASURE_UNSET', {});
  const { components: known } = measured;
  const component = known && components.find((name) => !known.includes(name));
  return component ? refuse('MEASURE_COMPONENT', { component, known }) : null;
}

/** What a button asks for that was shown a while ago: nothing is changed that whoever presses it has not seen. */
function asSeen(intent: TypedIntent, seen: Seen | undefined): TypedIntent {
  if (!seen) return intent;
  if (intent.type === 'ChangeStatus') return { ...intent, seen: seen.entry };
  return intent.type === 'AssignRole' && intent.role === 'lead' ? { ...intent, seen: seen.lead } : intent;
}

/** Remarks on the components that an intent names. */
function unknownComponents(intent: TypedIntent, known: readonly string[]): string[] {
  const named =
    intent.type === 'AddComponent'
      ? [intent.component]
      : intent.type === 'OpenIncident'
        ? intent.components
        : intent.type === 'RecordImpact'
          ? [...intent.components, ...(intent.unaffected ?? [])]
          : [];
  return remarksOn(named, known);
}

/**
 * Components that the settings do not name are taken as typed, with a remark: a typo should be seen, not lost.
 * @param known those of the settings; none: nothing can be said
 * @returns a sentence for each that is not known
 */
export function remarksOn(named: readonly string[], known: readonly string[]): string[] {
  if (known.length === 0) return [];
  return named
    .filter((name) => !known.includes(name))
    .map((name) => `“${name}” is not among the known components (${known.join(', ')}); taken as typed.`);
}
