/** Commands that a client may have to send again, and that must not be done twice. */
import type { CommandName } from './commands.js';

/** They have no key of their own: it is the id of the request that tells. */
export const DONE_ONCE = [
  'delete_session',
  'import_session',
  'prune_sessions',
  'record_inputs',
  'repair_sessions',
  'resolve_conflict',
  'restore_session',
  'verify_archive',
] as const satisfies readonly CommandName[];
