import { type AlertSettings, readAlertSettings } from '#alerts/settings.js';
import { BadConfig, type Config } from '#config/config.js';
import type { PlaceOf } from '#config/organisation.js';

interface Sections {
  alerts: Record<string, unknown>;
  secrets: Record<string, unknown>;
}

/** @returns what is wrong under `alerts:` */
export function alertsWrong(sections: Sections, at: PlaceOf): string[] {
  const read = readAlertSettings(sections.alerts, Object.keys(sections.secrets), at);
  return 'problems' in read ? read.problems : [];
}

/** Sources and rules as they are now. @throws BadConfig with everything that is wrong there */
export function openAlerts({ org }: Pick<Config, 'org'>) {
  const held = Object.keys(org.secrets);
  let settings = read(org, held);
  return {
    settings: (): AlertSettings => settings,
    /**
     * Takes sources and rules from a tocsin.yml that was read anew; everything else in it is for the next start, secrets
     * too. @throws BadConfig: then what was stays
     */
    renew(next: Pick<Config, 'org'>): AlertSettings {
      settings = read(next.org, held);
      return settings;
    },
  };
}

function read({ alerts, secrets, at }: Config['org'], held: readonly string[]): AlertSettings {
  const found = readAlertSettings(alerts, Object.keys(secrets), at, held);
  if ('settings' in found) return found.settings;
  throw new BadConfig(found.problems);
}
