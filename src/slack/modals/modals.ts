import type { FormName } from '#domain/command/verbs.js';
import type { Asking } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal } from '#domain/refusal.js';
import type { Logs } from '#log.js';
import type { Read } from '#read/read.js';
import type { Shelf } from '#runbooks/definition/shelf.js';
import type { FormKind, Shown } from './form.js';
import { PUBLISH_FORM } from './publish.js';
import { LOG_FORM, NOTE_FORM, OPEN_FORM } from './record.js';
import { RUN_FORM } from './run.js';
import { ACTION_FORM, EXPORT_FORM, LEAD_FORM, SEVERITY_FORM, STATUS_FORM } from './steer.js';

/** Every form that a verb, a button or a shortcut opens. */
export const FORMS: Readonly<Record<FormName, FormKind>> = {
  open: OPEN_FORM,
  note: NOTE_FORM,
  log: LOG_FORM,
  status: STATUS_FORM,
  sev: SEVERITY_FORM,
  lead: LEAD_FORM,
  action: ACTION_FORM,
  publish: PUBLISH_FORM,
  run: RUN_FORM,
  export: EXPORT_FORM,
};

export const FORM_NAMES = Object.keys(FORMS) as FormName[];

/** Where what a form shows is read. */
interface Sources {
  components: readonly string[];
  read: Pick<Read, 'incident' | 'actions'>;
  shelf: Pick<Shelf, 'list' | 'get'>;
  log: Logs;
}

/** The incident that a form is for, once it has been answered that they may; null: what shows it does without. */
export async function asItIs(
  { read, log }: Pick<Sources, 'log'> & { read: Pick<Read, 'incident'> },
  asking: Asking,
  incident: number | null,
): Promise<IncidentState | null> {
  if (incident === null) return null;
  try {
    const state = await read.incident({ ...asking, seesPrivate: true }, incident);
    return isRefusal(state) ? null : state;
  } catch (error) {
    log.warn({ err: error }, 'A form is shown without what is so now');
    return null;
  }
}

/**
 * Reads what a form shows, once it has been answered that they may. What cannot be read is left out: a form is of use without.
 * @param more what is known already
 */
export async function shownIn(
  sources: Sources,
  form: FormName,
  incident: number | null,
  { asking, zone }: { asking: Asking; zone: string },
  more: Partial<Shown> = {},
): Promise<Shown> {
  const { components, log } = sources;
  const inside = { ...asking, seesPrivate: true };
  const or = async <T>(otherwise: T, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      log.warn({ err: error, form }, 'A form is shown without what is so now');
      return otherwise;
    }
  };
  const [of, items, runbooks] = await Promise.all([
    asItIs(sources, asking, incident),
    incident === null || form !== 'action'
      ? []
      : or([], async () => {
          const all = await sources.read.actions(inside, incident);
          return isRefusal(all) ? [] : all.filter(({ done }) => !done);
        }),
    form !== 'run'
      ? []
      : or([], async () => (await sources.shelf.list()).flatMap((one) => ('problems' in one ? [] : [one]))),
  ]);
  return { by: asking.by.id, zone, now: asking.now, components, of, items, runbooks, runbook: null, ...more };
}
