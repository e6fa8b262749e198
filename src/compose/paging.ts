import { BadConfig, type Config } from '#config/config.js';
import type { PlaceOf } from '#config/organisation.js';
import type { World } from '#deliver/ports.js';
import type { Log } from '#log.js';
import { createService } from '#paging/services.js';
import { type PagingSettings, readPagingSettings } from '#paging/settings.js';
import { type Groups, peopleNamed } from '#slack/people/groups.js';

interface Sections {
  paging: Record<string, unknown>;
  secrets: Record<string, unknown>;
}

/** @returns what is wrong under `paging:` */
export function pagingWrong(sections: Sections, at: PlaceOf): string[] {
  const read = readPagingSettings(sections.paging, Object.keys(sections.secrets), at);
  return 'problems' in read ? read.problems : [];
}

/** `paging:` of tocsin.yml. @throws BadConfig with everything that is wrong there */
export function pagingSettings({ org }: Pick<Config, 'org'>): PagingSettings {
  const read = readPagingSettings(org.paging, Object.keys(org.secrets), org.at);
  if ('settings' in read) return read.settings;
  throw new BadConfig(read.problems);
}

interface Ports extends Pick<Parameters<typeof createService>[1], 'secret' | 'scrub'> {
  settings: PagingSettings;
  /** Under `approvers:` in tocsin.yml. */
  approvers: ReadonlyMap<string, readonly string[]>;
  groups: Groups;
  log: Log;
}

/** Whom names of `paging:` stand for, for deliveries. */
export function pagingWith({
  settings,
  approvers,
  groups,
  log,
  ...ports
}: Ports): NonNullable<World['paging']> {
  // A person is named by an id: anybody may give himself the name of a group.
  const people = peopleNamed({ approvers, groups, log, people: { personByName: async () => null } });
  return {
    people: async (team, name) => [...(await people(team, [name]))].sort(),
    service(name) {
      const service = settings.services.get(name);
      return service ? createService(service, ports) : null;
    },
  };
}
