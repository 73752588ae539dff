/** Every command of the protocol. The published subset keeps its field names; ours extend it. */
import * as v from 'valibot';
import { mapping } from '../session/mapping.js';
import { MAX_NAME_LENGTH } from '../session/name.js';
import { command } from './command.js';
import { Evaluation, EvaluationResult, Inspection, RestoreReport, SessionSummary } from './documents.js';
import {
  CHUNK_BYTES,
  MAX_ARCHIVE_BYTES,
  MAX_CODE_LENGTH,
  MAX_IDENTIFIER_LENGTH,
  MAX_LABEL_VALUE_LENGTH,
  MAX_LABELS,
  MAX_TIMEOUT_MS,
  MAX_TTL_MS,
  MAX_WAIT_MS,
} from './limits.js';

const doc = v.description;
const text = (about: string) => v.pipe(v.string(), doc(about));
const number = (about: string) => v.pipe(v.number(), doc(about));
const flag = (about: string) => v.pipe(v.boolean(), doc(about));
const wholeNumber = (about: string, max: number = Number.MAX_SAFE_INTEGER) =>
  v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(max), doc(about));
const identifier = (about: string) =>
  v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_IDENTIFIER_LENGTH), doc(about));

const sessionId = identifier('Session id, name, or a unique beginning of an id.');
const clientId = identifier('Who asks. Recorded with what it caused.');
const caller = v.optional(clientId);
const ifRevision = v.optional(wholeNumber('Refuse with RevisionConflict unless the session is at this revision.'));
const sessionName = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_NAME_LENGTH), doc('Name for the session.'));
const timeoutMs = v.optional(
  v.pipe(
    v.number(),
    v.integer(),
    v.minValue(1),
    v.maxValue(MAX_TIMEOUT_MS),
    doc('Interrupt the evaluation after this many milliseconds; its state is kept. Default 30,000.'),
  ),
);
const code = v.pipe(
  v.string(),
  v.maxLength(MAX_CODE_LENGTH),
  doc('Smalltalk: an expression sequence, or a file-in in chunk format.'),
);
/** Any ISO 8601 time with a zone; handed on as entries write theirs, so that the two compare as texts. */
const time = (about: string) =>
  v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.check((text) => !Number.isNaN(Date.parse(text)), 'No such time'),
    v.transform((text) => new Date(text).toISOString()),
    doc(about),
  );
const label = v.pipe(v.string(), v.maxLength(MAX_LABEL_VALUE_LENGTH));
const labelName = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_IDENTIFIER_LENGTH));

/** Characters of base64 in a piece of {@link CHUNK_BYTES}. */
const MAX_CHUNK_LENGTH = Math.ceil(CHUNK_BYTES / 3) * 4;

const session = v.pipe(SessionSummary, doc('The session.'));
const publishedSession = {
  session_id: text('Session id.'),
  created_at: text('ISO 8601, UTC.'),
  last_modified: text('ISO 8601, UTC.'),
  timeout: v.pipe(v.nullable(v.number()), doc('Seconds without activity until the session closes; null for never.')),
  is_active: flag('False when closed.'),
  time_until_expiry: v.pipe(v.nullable(v.number()), doc('Seconds; null for never.')),
};

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
  parameters: v.object({}),
  result: v.object({
    pid: number('Process id.'),
    version: text('Version of stui.'),
    startedAt: text('ISO 8601, UTC.'),
    uptimeMs: number('Time since then.'),
    endpoint: text('Where it listens.'),
    dataDirectory: text('Where its journal is.'),
    sessions: number('Sessions, closed ones included.'),
    openSessions: number('Open sessions.'),
    engines: number('Running engine processes that serve a session.'),
    busy: number('Sessions that are evaluating.'),
    queued: number('Evaluations accepted and not yet answered.'),
    memoryBytes: number('Resident memory of the backend process, engines not included.'),
    storageBytes: number('Stored size of all journals and snapshots.'),
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
    session_id: v.optional(
      v.pipe(v.string(), v.uuid(), doc('Id chosen by the client, so that a retry cannot create a second session.')),
    ),
  }),
  result: v.object({ ...publishedSession, client_id: text('Client that created it.'), session }),
  errors: ['NameTaken', 'LimitExceeded', 'StorageFull'],
});

export const listSessions = command({
  name: 'list_sessions',
  summary: 'Lists the sessions of the backend.',
  published: false,
  parameters: v.object({
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
  parameters: v.object({ session_id: sessionId }),
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
    replay: v.optional(flag('Run the inputs again that no snapshot covers. They may have had effects before.')),
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
  errors: ['SessionNotFound', 'AmbiguousSession', 'NameTaken', 'EngineUnavailable', 'DamagedData', 'StorageFull'],
});

export const saveSession = command({
  name: 'save_session',
  summary: 'Saves the whole state of the engine now, however big.',
  published: false,
  parameters: v.object({ session_id: sessionId, client_id: caller }),
  result: v.object({
    session,
    bytes: number('Size of the snapshot; 0 when everything was saved already.'),
    unsaved: v.pipe(
      v.array(v.object({ name: text('Binding.'), reason: text('Why its value cannot be saved.') })),
      doc('What a restore will not bring back.'),
    ),
  }),
  errors: ['SessionNotFound', 'AmbiguousSession', 'SessionClosed', 'EngineUnavailable', 'StorageFull', 'DamagedData'],
});

export const updateSessionState = command({
  name: 'update_session_state',
  summary: 'Merges a patch into the workspace context (RFC 7396: null removes).',
  published: true,
  parameters: v.object({
    session_id: sessionId,
    state_data: v.pipe(mapping(v.string(), v.unknown()), doc('The patch.')),
    client_id: caller,
    if_revision: ifRevision,
  }),
  result: v.object({
    session_id: text('Session id.'),
    last_modified: text('ISO 8601, UTC.'),
    session_state: v.pipe(mapping(v.string(), v.unknown()), doc('The context after the patch.')),
    update_successful: flag('True.'),
    revision: number('Revision of the session after the patch.'),
  }),
  errors: [
    'SessionNotFound',
    'AmbiguousSession',
    'DamagedData',
    'SessionClosed',
    'RevisionConflict',
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
  parameters: v.object({ session_id: sessionId, if_revision: ifRevision }),
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
    rerun_of: v.optional(
      identifier('Run the evaluation with this key again, as a new one. Only where its outcome is `unknown`.'),
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
    wait_ms: v.optional(wholeNumber('Wait this long for an answer.', MAX_WAIT_MS)),
  }),
  result: v.object({ evaluation: v.pipe(Evaluation, doc('The evaluation.')) }),
  errors: ['EvaluationNotFound', 'SessionNotFound', 'AmbiguousSession', 'DamagedData'],
});

export const readHistory = command({
  name: 'read_history',
  summary: 'Reads the evaluations of a session, newest last.',
  published: false,
  parameters: v.object({
    session_id: sessionId,
    limit: v.optional(wholeNumber('At most this many, the newest ones. Default 100.', 10_000)),
    before: v.optional(wholeNumber('Only inputs below this revision: to page backwards.')),
    grep: v.optional(text('Only evaluations whose code contains this text, case not minded.')),
    since: v.optional(time('Only evaluations accepted at or after this time.')),
  }),
  result: v.object({
    session: text('Session id.'),
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
    after: v.optional(wholeNumber('Entries above this revision. Default 0.')),
    limit: v.optional(wholeNumber('At most this many. Default 500.', 5000)),
    wait_ms: v.optional(wholeNumber('When there are none, wait this long for one.', MAX_WAIT_MS)),
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
  errors: ['SessionNotFound', 'AmbiguousSession', 'DamagedData'],
});

export const readSnapshot = command({
  name: 'read_snapshot',
  summary: 'Reads a piece of a snapshot.',
  published: false,
  parameters: v.object({
    session_id: sessionId,
    revision: wholeNumber('Revision of the snapshot entry.'),
    offset: wholeNumber('First byte.'),
  }),
  result: v.object({
    data: text(`Base64 of at most ${CHUNK_BYTES} bytes.`),
    bytes: number('Size of the whole snapshot.'),
  }),
  errors: ['SessionNotFound', 'AmbiguousSession', 'DamagedData'],
});

export const importSession = command({
  name: 'import_session',
  summary: 'Uploads an archive piece by piece; the last piece has it verified and filed.',
  published: false,
  parameters: v.object({
    upload: identifier('Id of this upload, chosen by the client.'),
    offset: wholeNumber('Place of the piece in the archive.', MAX_ARCHIVE_BYTES),
    data: v.pipe(v.string(), v.maxLength(MAX_CHUNK_LENGTH), v.base64(), doc(`Base64 of at most ${CHUNK_BYTES} bytes.`)),
    last: flag('This is the last piece.'),
    client_id: caller,
  }),
  result: v.object({
    received: number('Bytes so far.'),
    session: v.pipe(v.nullable(SessionSummary), doc('The session, after the last piece.')),
    imported: v.pipe(
      v.nullable(v.picklist(['created', 'advanced', 'unchanged'])),
      doc('`advanced`: the session was here with a shorter history. `unchanged`: it was here already.'),
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
} as const;

export type CommandName = keyof typeof COMMANDS;
