/** Protocol versions this stui speaks, newest first. A version is a number; a peer picks the newest both have. */
export const PROTOCOL_VERSIONS = [1] as const;

/** What a version 1 backend can do beyond the published subset. */
export const CAPABILITIES = [
  'idempotency-keys',
  'interim-replies',
  'revisions',
  'journal',
  'snapshots',
  'restore-plan',
  'import',
  'context',
  'conflicts',
  'point-in-time',
  'forks',
  'sharing',
  'presence',
  'verification',
  'repair',
  'statistics',
] as const;
