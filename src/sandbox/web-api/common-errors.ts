/** Codes that any method may refuse with; the other ones a method declares. */
export const COMMON_ERRORS: ReadonlySet<string> = new Set([
  ...['not_authed', 'invalid_auth', 'account_inactive', 'token_revoked', 'token_expired', 'no_permission'],
  ...['missing_scope', 'not_allowed_token_type', 'team_access_not_granted', 'org_login_required'],
  ...['team_added_to_org', 'ekm_access_denied', 'access_denied', 'accesslimited', 'enterprise_is_restricted'],
  ...['two_factor_setup_required', 'invalid_arguments', 'invalid_arg_name', 'invalid_array_arg'],
  ...['invalid_charset', 'invalid_form_data', 'invalid_post_type', 'missing_post_type', 'invalid_json'],
  ...['json_not_object', 'deprecated_endpoint', 'method_deprecated', 'ratelimited', 'request_timeout'],
  ...['service_unavailable', 'internal_error', 'fatal_error', 'unknown_method', 'team_disabled'],
  // Every method that belongs to one workspace refuses so where the token is for several.
  ...['missing_argument', 'target_team_must_be_specified_in_org_context'],
]);
