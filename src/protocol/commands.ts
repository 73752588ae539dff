/** Every command of the protocol. The published subset keeps its field names; ours extend it. */
import * as v from 'valibot';
import { mapping } from '../session/mapping.js';
import { RESTORE_STRATEGIES } from '../session/restore-plan.js';
import { command } from './command.js';
import { Conflict, Evaluation, EvaluationResult, Inspection, RestoreReport, SessionSummary } from './documents.js';
import {
  caller,
  chainHash,
  clientId,
  code,
  doc,
  flag,
  identifier,
  ifRevision,
  label,
  labelName,
  newSessionId,
  number,
  piece,
  publishedSession,
  seen,
  session,
  sessionId,
  sessionName,
  text,
  time,
  timeoutMs,
  wholeNumber,
} from './fields.js';
import { CHUNK_BYTES, MAX_CODE_LENGTH, MAX_LABELS, MAX_TTL_MS, MAX_WAIT_MS } from './limits.js';
import * as management from './management-commands.js';
import * as workspace from './workspace-commands.js';

export const hello = command({
  name: 'hello',
  summary: 'Tells what the backend is, which protocol versions it speaks, what it can do and what it accepts.',
  published: false,
  parameters: v.object({
    versions: v.optional(v.pipe(v.array(v.number()), doc('Protocol versions the client speaks.'))),
    client_id: caller,
  }),
  result: v.object({
    backend: text('Backend name and version.'),
    versions: v.pipe(v.array(v.number()), doc('Protocol versions the backend speaks, newest first.')),
    version: v.pipe(v.nullable(v.number()), doc('The newest version both speak; null when there is none.')),
    capabilities: v.pipe(v.array(v.string()), doc('What it can do beyond the published subset.')),
    engines: v.pipe(v.array(v.string()), doc('Engines it can run.')),
    limits: v.pipe(mapping(v.string(), v.number()), doc('What a client may send.')),
  }),
  errors: [],
});

export const ping = command({
  name: 'ping',
  summary: 'Answers at once, also while evaluations run.',
  published: true,
  parameters: v.object({ message: v.optional(text('Echoed.')) }),
  result: v.object({
    message: v.pipe(v.nullable(v.string()), doc('The message of the request.')),
    status: v.pipe(v.picklist(['ready', 'stopping']), doc('Whether new work is accepted.')),
    uptime: number('Seconds since the backend started.'),
    busy: number('Sessions that are evaluating.'),
  }),
  errors: [],
});

export const getBackendStatus = command({
  name: 'get_backend_status',
  summary: 'Tells how the backend is: process, memory, sessions, engines, storage.',
  published: false,
  parameters: v.object({ client_id: caller }),
  result: v.object({
    pid: number('Process id.'),
    version: text('Version of stui.'),
    startedAt: text('ISO 8601, UTC.'),
    uptimeMs: number('Time since then.'),
    endpoint: text('Where it listens.'),
    dataDirectory: text('Where its journal is.'),
    sessions: number('Sessions, closed ones included.'),
    damagedSessions: number('Sessions that cannot be opened because they are damaged.'),
    openSessions: number('Open sessions.'),
    engines: number('Running engine processes that serve a session.'),
    busy: number('Sessions that are evaluating.'),
    queued: number('Evaluations accepted and not yet answered.'),
    memoryBytes: number('Resident memory of the backend process, engines not included.'),
    storageBytes: number('Stored size of all journals and snapshots.'),
    descriptors: v.optional(
      v.pipe(
        v.object({
          limit: v.pipe(v.nullable(v.number()), doc('Most there may be; null where the system does not tell.')),
          used: v.pipe(v.nullable(v.number()), doc('Open now; null where the system does not tell.')),
          reserved: number('Of these, kept for engines, which clients cannot use up.'),
        }),
        doc('File descriptors of the backend process. Absent from backends before version 0.2.'),
      ),
    ),
  }),
  errors: [],
});

export const createSession = command({
  name: 'create_session',
  summary: 'Creates a session.',
  published: true,
  parameters: v.object({
    client_id: clientId,
    name: v.optional(sessionName),
    labels: v.optional(v.pipe(mapping(labelName, label), v.maxEntries(MAX_LABELS), doc('Labels.'))),
    ttl_ms: v.optional(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(1),
        v.maxValue(MAX_TTL_MS),
        doc('Close after this many milliseconds without activity. Default: never.'),
      ),
    ),
    session_id: v.optional(newSessionId('Id chosen by the client, so that a retry cannot create a second session.')),
  }),
  result: v.object({ ...publishedSession, client_id: text('Client that created it.'), session }),
  errors: ['NameTaken', 'KeyConflict', 'LimitExceeded', 'StorageFull'],
});

export const listSessions = command({
  name: 'list_sessions',
  summary: 'Lists the sessions of the backend.',
  published: false,
  parameters: v.object({
    client_id: v.optional(identifier('Only sessions that this client may see. Without it: all of the backend.')),
    labels: v.optional(v.pipe(mapping(labelName, label), doc('Only sessions with all of these labels.'))),
    state: v.optional(v.pipe(v.picklist(['open', 'closed']), doc('Only sessions in this state.'))),
  }),
  result: v.object({ sessions: v.pipe(v.array(SessionSummary), doc('Newest activity first.')) }),
  errors: [],
});

export const listClientSessions = command({
  name: 'list_client_sessions',
  summary: 'Lists the sessions that a client created.',
  published: true,
  parameters: v.object({ client_id: clientId }),
  result: v.object({
    client_id: text('The client.'),
    session_count: number('How many.'),
    sessions: v.pipe(v.array(v.object(publishedSession)), doc('Open and closed ones.')),
  }),
  errors: [],
});

export const getSessionInfo = command({
  name: 'get_session_info',
  summary: 'Tells about one session.',
  published: true,
  parameters: v.object({ session_id: sessionId, client_id: caller }),
  result: v.object({
    ...publishedSession,
    client_id: text('Client that created it.'),
    is_expired: flag('Closed for want of activity.'),
    session,
  }),
  errors: ['SessionNotFound', 'AmbiguousSession', 'DamagedData'],
});

export const restoreSession = command({
  name: 'restore_session',
  summary: 'Brings a session back into a running engine and says exactly what came back. Reopens a closed one.',
  published: true,
  parameters: v.object({
    session_id: sessionId,
    client_id: caller,
    plan: v.optional(flag('Only say what would happen.')),
    replay: v.optional(flag('Short for the strategy `replay`.')),
    strategy: v.optional(
      v.pipe(
        v.picklist(RESTORE_STRATEGIES),
        doc(
          '`snapshot`, the default: load what was saved; no code of the session runs. `replay`: also run the inputs ' +
            'again that no snapshot covers; they may have had effects before. `none`: load nothing.',
        ),
      ),
    ),
    at: v.optional(wholeNumber('Go back to how the session was at this revision.')),
    at_time: v.optional(time('Go back to how the session was at this time.')),
    if_revision: ifRevision,
  }),
  result: v.object({
    ...publishedSession,
    client_id: text('Client that created it.'),
    session_state: v.pipe(mapping(v.string(), v.unknown()), doc('What update_session_state stored.')),
    workspace_context: v.pipe(
      v.object({ variables: v.pipe(v.array(v.string()), doc('Their names.')) }),
      doc('Names of the bindings that are there.'),
    ),
    inspector_state: v.pipe(mapping(v.string(), v.unknown()), doc('The `inspector` part of the state, or empty.')),
    object_registry: v.pipe(mapping(v.string(), v.string()), doc('Bindings that are there, with how they came back.')),
    report: v.pipe(RestoreReport, doc('What came back, and what did not.')),
    session,
  }),
  errors: [
    'SessionNotFound',
    'AmbiguousSession',
    'NameTaken',
    'RevisionConflict',
    'EngineUnavailable',
    'DamagedData',
    'StorageFull',
  ],
});

export const saveSession = command({
  name: 'save_session',
  summary: 'Saves the whole state of the engine now, however big.',
  published: false,
  parameters: v.object({ session_id: sessionId, client_id: caller, if_revision: ifRevision }),
  result: v.object({
    session,
    bytes: number('Size of the snapshot; 0 when everything was saved already.'),
    unsaved: v.pipe(
      v.array(v.object({ name: text('Binding.'), reason: text('Why its value cannot be saved.') })),
      doc('What a restore will not bring back.'),
    ),
  }),
  errors: [
    'SessionNotFound',
    'AmbiguousSession',
    'SessionClosed',
    'RevisionConflict',
    'EngineUnavailable',
    'StorageFull',
    'DamagedData',
  ],
});

export const updateSessionState = command({
  name: 'update_session_state',
  summary: 'Merges a patch into the workspace context (RFC 7396: null removes).',
  published: true,
  parameters: v.object({
    session_id: sessionId,
    state_data: v.pipe(
      mapping(v.string(), v.unknown()),
      doc(
        'The patch. What would not come back as it is written is refused: a number that a double cannot hold ' +
          '(12345678901234567890, 1e400), a name that an object has twice, half of a surrogate pair.',
      ),
    ),
    client_id: caller,
    if_revision: ifRevision,
    base_revision: v.optional(
      wholeNumber(
        'Revision whose context the patch was made from. What others changed since is merged with it, and what cannot ' +
          'be merged becomes a conflict. Without it the patch applies to the present context.',
      ),
    ),
    key: v.optional(
      identifier('Idempotency key. The same change with it again changes nothing; another change is a `KeyConflict`.'),
    ),
    seen: seen('Refuse with Diverged when that is no part of its history here.'),
  }),
  result: v.object({
    session_id: text('Session id.'),
    last_modified: text('ISO 8601, UTC.'),
    session_state: v.pipe(mapping(v.string(), v.unknown()), doc('The context after the patch.')),
    update_successful: flag('True.'),
    revision: number('Revision of the session after the patch.'),
    hash: v.optional(chainHash('Chain hash at that revision.')),
    conflicts: v.pipe(v.array(Conflict), v.readonly(), doc('What could not be merged; the session keeps what it had.')),
  }),
  errors: [
    'SessionNotFound',
    'AmbiguousSession',
    'DamagedData',
    'SessionClosed',
    'KeyConflict',
    'RevisionConflict',
    'Diverged',
    'LimitExceeded',
    'StorageFull',
  ],
});

export const renameSession = command({
  name: 'rename_session',
  summary: 'Gives a session another name.',
  published: false,
  parameters: v.object({ session_id: sessionId, name: sessionName, client_id: caller, if_revision: ifRevision }),
  result: v.object({ session }),
  errors: ['SessionNotFound', 'AmbiguousSession', 'DamagedData', 'NameTaken', 'RevisionConflict', 'StorageFull'],
});

export const labelSession = command({
  name: 'label_session',
  summary: 'Sets labels, and removes those given as null.',
  published: false,
  parameters: v.object({
    session_id: sessionId,
    labels: v.pipe(mapping(labelName, v.nullable(label)), v.maxEntries(MAX_LABELS), doc('Label values; null removes.')),
    client_id: caller,
    if_revision: ifRevision,
  }),
  result: v.object({ session }),
  errors: ['SessionNotFound', 'AmbiguousSession', 'DamagedData', 'RevisionConflict', 'LimitExceeded', 'StorageFull'],
});

export const closeSession = command({
  name: 'close_session',
  summary: 'Saves and closes a session. It takes no evaluations until it is restored.',
  published: true,
  parameters: v.object({ session_id: sessionId, client_id: caller, if_revision: ifRevision }),
  result: v.object({ session_id: text('Session id.'), closed: flag('True.'), session }),
  errors: ['SessionNotFound', 'AmbiguousSession', 'DamagedData', 'RevisionConflict', 'StorageFull'],
});

export const deleteSession = command({
  name: 'delete_session',
  summary: 'Removes a session with its journal and snapshots, for good.',
  published: false,
  parameters: v.object({ session_id: sessionId, client_id: caller, if_revision: ifRevision }),
  result: v.object({ session_id: text('Session id.'), deleted: flag('True.') }),
  errors: ['SessionNotFound', 'AmbiguousSession', 'DamagedData', 'RevisionConflict'],
});

export const getSessionStatistics = command({
  name: 'get_session_statistics',
  summary: 'Counts sessions and clients.',
  published: true,
  parameters: v.object({}),
  result: v.object({
    total_sessions: number('Open sessions.'),
    active_clients: number('Clients that own an open session.'),
    max_sessions_per_client: number('Open sessions a client may own.'),
    default_timeout: v.pipe(v.nullable(v.number()), doc('Seconds; null: sessions do not expire unless asked to.')),
    cleanup_interval: number('Seconds between checks for expired sessions, at most.'),
  }),
  errors: [],
});

export const evaluate = command({
  name: 'evaluate',
  summary: 'Evaluates Smalltalk in a session, exactly once for a key.',
  published: true,
  parameters: v.object({
    code,
    session_id: v.optional(sessionId),
    client_id: caller,
    key: v.optional(identifier('Idempotency key. A second request with it gets the first answer.')),
    timeout_ms: timeoutMs,
    if_revision: ifRevision,
    interim: v.optional(
      flag('Also send interim replies: `accepted` once the evaluation is durable, `running` when it begins.'),
    ),
    record_as: v.optional(
      v.pipe(
        v.string(),
        v.maxLength(MAX_CODE_LENGTH),
        doc(
          'What the journal keeps in place of the code, for code that holds secrets. The code is then in memory only: ' +
            'if the backend ends before it ran, it does not run.',
        ),
      ),
    ),
    leave_unsaved: v.optional(
      v.pipe(
        v.array(v.pipe(v.string(), v.maxLength(MAX_CODE_LENGTH))),
        doc(
          'Bindings that this evaluation gives secrets: they are left out of snapshots, and lost with their engine, until an ' +
            'evaluation that does not name them here assigns them.',
        ),
      ),
    ),
    rerun_of: v.optional(
      identifier(
        'Run the evaluation with this key again, as a new one. Only where its outcome is `unknown`, or where nothing of it ran ' +
          'because no engine could be had.',
      ),
    ),
  }),
  result: v.object({
    result: v.pipe(v.nullable(v.string()), doc('Print string of the value; null when there is none.')),
    result_type: v.pipe(v.nullable(v.string()), doc('Class of the value.')),
    execution_time: v.pipe(v.nullable(v.number()), doc('Milliseconds.')),
    has_error: flag('The outcome is not a value.'),
    evaluation: v.pipe(EvaluationResult, doc('All of it.')),
  }),
  errors: [
    'SessionNotFound',
    'AmbiguousSession',
    'SessionClosed',
    'KeyConflict',
    'EvaluationNotFound',
    'SessionError',
    'RevisionConflict',
    'LimitExceeded',
    'RateLimited',
    'EngineUnavailable',
    'StorageFull',
    'DamagedData',
  ],
});

export const inspect = command({
  name: 'inspect',
  summary: 'Evaluates an expression and describes the resulting object.',
  published: true,
  parameters: v.object({
    target: code,
    session_id: v.optional(sessionId),
    client_id: caller,
    key: v.optional(identifier('Idempotency key.')),
    timeout_ms: timeoutMs,
  }),
  result: v.object({
    object_info: v.pipe(v.nullable(Inspection), doc('The object; null when the evaluation gave no value now.')),
    instance_vars: v.pipe(mapping(v.string(), v.string()), doc('Print strings by name, or by index for elements.')),
    evaluation: v.pipe(EvaluationResult, doc('The evaluation.')),
  }),
  errors: evaluate.errors,
});

export const getResult = command({
  name: 'get_result',
  summary: 'Tells what became of the evaluation with a key, also after both ends died.',
  published: false,
  parameters: v.object({
    key: identifier('Idempotency key.'),
    session_id: v.optional(sessionId),
    client_id: caller,
    wait_ms: v.optional(wholeNumber('Wait this long for an answer.', MAX_WAIT_MS)),
  }),
  result: v.object({ evaluation: v.pipe(Evaluation, doc('The evaluation.')) }),
  errors: ['EvaluationNotFound', 'SessionNotFound', 'AmbiguousSession', 'DamagedData'],
});

export const readHistory = command({
  name: 'read_history',
  summary: 'Reads the evaluations of a session, or of all that the client may see, newest last.',
  published: false,
  parameters: v.object({
    session_id: v.optional(sessionId),
    client_id: caller,
    failed: v.optional(flag('Only evaluations with another outcome than a value.')),
    limit: v.optional(wholeNumber('At most this many, the newest ones. Default 100.', 10_000)),
    before: v.optional(wholeNumber('Only inputs below this revision: to page backwards, or the end of a range.')),
    from: v.optional(wholeNumber('Only inputs at or above this revision.')),
    grep: v.optional(text('Only evaluations whose code contains this text, case not minded.')),
    since: v.optional(time('Only evaluations accepted at or after this time.')),
  }),
  result: v.object({
    session: v.pipe(v.nullable(v.string()), doc('Session id; null where all were searched.')),
    evaluations: v.pipe(v.array(Evaluation), doc('Oldest first.')),
    more: flag('There are older ones that match.'),
  }),
  errors: ['SessionNotFound', 'AmbiguousSession', 'DamagedData'],
});

export const readJournal = command({
  name: 'read_journal',
  summary: 'Reads journal entries as they are stored, with their chain hashes.',
  published: false,
  parameters: v.object({
    session_id: sessionId,
    client_id: caller,
    after: v.optional(wholeNumber('Entries above this revision. Default 0.')),
    limit: v.optional(wholeNumber('At most this many. Default 500.', 5000)),
    wait_ms: v.optional(wholeNumber('When there are none, wait this long for one.', MAX_WAIT_MS)),
    seen: seen('Refuse with Diverged when that is no part of its history here.'),
  }),
  result: v.object({
    session: text('Session id.'),
    revision: number('Present revision of the session.'),
    lines: v.pipe(v.array(v.string()), doc('Each entry as JSON text; its chain hash is the last member, `hash`.')),
    snapshots: v.pipe(
      v.array(v.number()),
      doc('Revisions of the snapshots that a restore at the present revision loads.'),
    ),
  }),
  errors: ['SessionNotFound', 'AmbiguousSession', 'DamagedData', 'Diverged'],
});

export const readSnapshot = command({
  name: 'read_snapshot',
  summary: 'Reads a piece of a snapshot.',
  published: false,
  parameters: v.object({
    session_id: sessionId,
    client_id: caller,
    revision: wholeNumber('Revision of the snapshot entry.'),
    offset: wholeNumber('First byte.'),
  }),
  result: v.object({
    data: text(`Base64 of at most ${CHUNK_BYTES} bytes.`),
    bytes: number('Size of the whole snapshot.'),
  }),
  errors: ['SessionNotFound', 'AmbiguousSession', 'DamagedData', 'SessionError'],
});

export const importSession = command({
  name: 'import_session',
  summary: 'Uploads an archive piece by piece; the last piece has it verified and filed.',
  published: false,
  parameters: v.object({
    ...piece,
    fork: v.optional(
      flag('Where the session is here with another history, file the archive as a session of its own beside it.'),
    ),
  }),
  result: v.object({
    received: number('Bytes so far.'),
    session: v.pipe(v.nullable(SessionSummary), doc('The session, after the last piece.')),
    imported: v.pipe(
      v.nullable(v.picklist(['created', 'advanced', 'unchanged', 'forked'])),
      doc(
        '`advanced`: the session was here with a shorter history. `unchanged`: it was here already. `forked`: it was ' +
          'here with another history, and is now beside it.',
      ),
    ),
    conflicts: v.pipe(
      v.array(Conflict),
      v.readonly(),
      doc('After `forked`: what could not be merged into the context of the session that was here.'),
    ),
  }),
  errors: ['DamagedData', 'Diverged', 'LimitExceeded', 'StorageFull', 'SessionError'],
});

export const COMMANDS = {
  hello,
  ping,
  get_backend_status: getBackendStatus,
  create_session: createSession,
  list_sessions: listSessions,
  list_client_sessions: listClientSessions,
  get_session_info: getSessionInfo,
  restore_session: restoreSession,
  save_session: saveSession,
  update_session_state: updateSessionState,
  rename_session: renameSession,
  label_session: labelSession,
  close_session: closeSession,
  delete_session: deleteSession,
  get_session_statistics: getSessionStatistics,
  evaluate,
  inspect,
  get_result: getResult,
  read_history: readHistory,
  read_journal: readJournal,
  read_snapshot: readSnapshot,
  import_session: importSession,
  get_context: workspace.getContext,
  list_bindings: workspace.listBindings,
  list_conflicts: workspace.listConflicts,
  resolve_conflict: workspace.resolveConflict,
  record_inputs: workspace.recordInputs,
  attach_client: management.attachClient,
  detach_client: management.detachClient,
  list_clients: management.listClients,
  share_session: management.shareSession,
  unshare_session: management.unshareSession,
  fork_session: management.forkSession,
  diff_sessions: management.diffSessions,
  verify_session: management.verifySession,
  verify_archive: management.verifyArchive,
  repair_sessions: management.repairSessions,
  prune_sessions: management.pruneSessions,
  get_statistics: management.getStatistics,
} as const;

export type CommandName = keyof typeof COMMANDS;
