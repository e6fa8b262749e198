import type { Fields } from '../../fields.js';

/** The organisation that the workspace belongs to. */
export interface Enterprise {
  /** `E…` */
  readonly id: string;
  readonly name: string;
  readonly domain: string;
  /** Whether the app is installed for the whole organisation: its token must say which workspace it means. */
  readonly orgInstall: boolean;
  /** Other workspaces of the organisation that the app may see. */
  readonly teams: ReadonlyArray<{ readonly id: string; readonly name: string }>;
  /** The sandbox's own workspace, `T…`. */
  readonly homeTeam: string;
}

/** What a seed or the control API says of an organisation; `true` for the usual one. */
export interface EnterpriseSeed {
  id?: string;
  name?: string;
  domain?: string;
  org_install?: boolean;
  teams?: Array<{ id: string; name: string }>;
}

/** An organisation with everything that was left out filled in. */
export function enterpriseOf(
  seed: EnterpriseSeed | boolean | undefined,
  homeTeam: string,
): Enterprise | undefined {
  if (!seed) return undefined;
  const given = seed === true ? {} : seed;
  return {
    id: given.id ?? 'E0SANDBOX1',
    name: given.name ?? 'Sandbox Org',
    domain: given.domain ?? 'sandbox-org',
    orgInstall: given.org_install ?? false,
    teams: given.teams ?? [],
    homeTeam,
  };
}

/** What a user object says of somebody's place in the organisation. */
export function renderEnterpriseUser(
  userId: string,
  enterprise: Enterprise,
  account: { is_admin: boolean; is_owner: boolean; is_primary_owner: boolean },
): Fields {
  return {
    enterprise_user: {
      id: userId,
      enterprise_id: enterprise.id,
      enterprise_name: enterprise.name,
      ...account,
      teams: [enterprise.homeTeam],
    },
    enterprise_id: enterprise.id,
    enterprise_name: enterprise.name,
    teams: [enterprise.homeTeam],
  };
}
