/**
 * What becomes of a request that comes again: its answer got lost, or its link moved to another connection before it came.
 * Every command says so here, so that none is added without a thought for it.
 */
import type { CommandName } from './commands.js';

/**
 * `harmless`: it changes nothing, or nothing more the second time. `keyed`: a key or an id in it says that it is the same.
 * `once`: its answer is kept, and given again.
 */
type Repetition = 'harmless' | 'keyed' | 'once';

const REPETITION: Readonly<Record<CommandName, Repetition>> = {
  hello: 'harmless',
  ping: 'harmless',
  get_backend_status: 'harmless',
  create_session: 'once',
  list_sessions: 'harmless',
  list_client_sessions: 'harmless',
  get_session_info: 'harmless',
  restore_session: 'once',
  // Those with a condition on the revision would find it broken by themselves.
  save_session: 'once',
  update_session_state: 'keyed',
  rename_session: 'once',
  label_session: 'once',
  close_session: 'once',
  delete_session: 'once',
  get_session_statistics: 'harmless',
  evaluate: 'keyed',
  inspect: 'harmless',
  get_result: 'harmless',
  read_history: 'harmless',
  read_journal: 'harmless',
  read_snapshot: 'harmless',
  import_session: 'once',
  get_context: 'harmless',
  list_bindings: 'harmless',
  list_conflicts: 'harmless',
  resolve_conflict: 'once',
  record_inputs: 'once',
  // Often asked, so that its answers would take the place of others: at worst an outage counts twice.
  attach_client: 'harmless',
  detach_client: 'harmless',
  list_clients: 'harmless',
  share_session: 'once',
  unshare_session: 'once',
  fork_session: 'keyed',
  diff_sessions: 'harmless',
  verify_session: 'harmless',
  verify_archive: 'once',
  repair_sessions: 'once',
  prune_sessions: 'once',
  get_statistics: 'harmless',
};

/** Those that must not be carried out twice, and have nothing in them to prevent it: it is the id of the request that tells. */
export const DONE_ONCE: readonly string[] = Object.entries(REPETITION).flatMap(([command, repetition]) =>
  repetition === 'once' ? [command] : [],
);
