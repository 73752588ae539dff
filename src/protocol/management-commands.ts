/** The commands about sessions as a whole: who works in them, where they come from, whether they are intact. */
import * as v from 'valibot';
import { command } from './command.js';
import {
  BindingDifference,
  ClientInfo,
  ContextDifference,
  Evaluation,
  RepairReport,
  SessionSummary,
  Statistics,
  VerificationReport,
} from './documents.js';
import {
  caller,
  clientId,
  doc,
  flag,
  identifier,
  ifRevision,
  newSessionId,
  number,
  piece,
  SESSION_ERRORS,
  session,
  sessionId,
  sessionName,
  text,
  time,
  wholeNumber,
} from './fields.js';
import { MAX_SHARED_CLIENTS } from './limits.js';

const clients = v.pipe(v.array(ClientInfo), v.readonly(), doc('Those that stay with it first, then by last activity.'));
const sharedWith = v.optional(
  v.pipe(v.array(clientId), v.minLength(1), v.maxLength(MAX_SHARED_CLIENTS), doc('The clients meant. Default: all.')),
);

export const attachClient = command({
  name: 'attach_client',
  summary: 'Says that a client stays with a session. To be said again before the lease ends, and after an outage.',
  published: false,
  parameters: v.object({
    session_id: sessionId,
    client_id: clientId,
    outage_ms: v.optional(wholeNumber('An outage of the link that the client survived since it said so last, in ms.')),
  }),
  result: v.object({
    session,
    lease_ms: number('The client is taken for gone when it is not heard of for this long.'),
    clients,
  }),
  errors: [...SESSION_ERRORS],
});

export const detachClient = command({
  name: 'detach_client',
  summary: 'Says that a client leaves a session.',
  published: false,
  parameters: v.object({ session_id: sessionId, client_id: clientId }),
  result: v.object({ session }),
  errors: [...SESSION_ERRORS, 'StorageFull'],
});

export const listClients = command({
  name: 'list_clients',
  summary: 'Lists the clients that work, or worked, in a session.',
  published: false,
  parameters: v.object({ session_id: sessionId, client_id: caller }),
  result: v.object({ session: text('Session id.'), clients }),
  errors: [...SESSION_ERRORS],
});

export const shareSession = command({
  name: 'share_session',
  summary: 'Lets other clients see a session and work in it.',
  published: false,
  parameters: v.object({ session_id: sessionId, clients: sharedWith, client_id: caller, if_revision: ifRevision }),
  result: v.object({ session }),
  errors: [...SESSION_ERRORS, 'RevisionConflict', 'LimitExceeded', 'StorageFull'],
});

export const unshareSession = command({
  name: 'unshare_session',
  summary: 'Takes that back. The owner keeps the session.',
  published: false,
  parameters: v.object({ session_id: sessionId, clients: sharedWith, client_id: caller, if_revision: ifRevision }),
  result: v.object({ session }),
  errors: [...SESSION_ERRORS, 'RevisionConflict', 'StorageFull'],
});

export const forkSession = command({
  name: 'fork_session',
  summary: 'Makes a session of its own from another one as it was at a revision, with its whole history up to there.',
  published: false,
  parameters: v.object({
    session_id: sessionId,
    client_id: clientId,
    name: v.optional(sessionName),
    fork_id: v.optional(newSessionId('Id for the fork, so that a retry cannot make a second one.')),
    at: v.optional(wholeNumber('Revision to fork at. Default: the present one.')),
    at_time: v.optional(time('Fork at the revision of this time.')),
    if_revision: ifRevision,
  }),
  result: v.object({ session, from: v.pipe(SessionSummary, doc('The session it was made from.')) }),
  errors: [...SESSION_ERRORS, 'NameTaken', 'KeyConflict', 'RevisionConflict', 'LimitExceeded', 'StorageFull'],
});

export const diffSessions = command({
  name: 'diff_sessions',
  summary: 'Says how two sessions, or two revisions of one, differ: bindings, context, inputs.',
  published: false,
  parameters: v.object({
    a: sessionId,
    a_at: v.optional(wholeNumber('As it was at this revision. Default: as it is.')),
    b: sessionId,
    b_at: v.optional(wholeNumber('As it was at this revision. Default: as it is.')),
    client_id: caller,
  }),
  result: v.object({
    a: v.pipe(v.object({ session: text('Id.'), name: text('Name.'), revision: number('Revision.') }), doc('One side.')),
    b: v.pipe(
      v.object({ session: text('Id.'), name: text('Name.'), revision: number('Revision.') }),
      doc('The other.'),
    ),
    common: number('Last revision that both have in common; 0 when they have nothing in common.'),
    bindings: v.pipe(v.array(BindingDifference), doc('Bindings that differ, by name.')),
    context: v.pipe(v.array(ContextDifference), v.readonly(), doc('Places of the context that differ.')),
    onlyInA: v.pipe(v.array(Evaluation), doc('Inputs that only `a` has.')),
    onlyInB: v.pipe(v.array(Evaluation), doc('Inputs that only `b` has.')),
  }),
  errors: [...SESSION_ERRORS, 'EngineUnavailable'],
});

export const verifySession = command({
  name: 'verify_session',
  summary: 'Checks every entry and snapshot of a session and, if asked to, runs its inputs in a fresh engine.',
  published: false,
  parameters: v.object({
    session_id: sessionId,
    client_id: caller,
    replay: v.optional(flag('Run the inputs again, in an engine of their own, and compare every result.')),
  }),
  result: v.object({ report: v.pipe(VerificationReport, doc('What was found.')) }),
  errors: ['SessionNotFound', 'AmbiguousSession', 'EngineUnavailable'],
});

export const verifyArchive = command({
  name: 'verify_archive',
  summary: 'The same for an archive that is uploaded piece by piece. Nothing of it is filed.',
  published: false,
  parameters: v.object({
    ...piece,
    replay: v.optional(flag('Run the inputs again, in an engine of their own, and compare every result.')),
  }),
  result: v.object({
    received: number('Bytes so far.'),
    report: v.pipe(v.nullable(VerificationReport), doc('What was found, after the last piece.')),
  }),
  errors: ['DamagedData', 'LimitExceeded', 'EngineUnavailable'],
});

export const repairSessions = command({
  name: 'repair_sessions',
  summary: 'Brings damaged sessions back to their last good revision. What is taken out is kept in a file.',
  published: false,
  parameters: v.object({
    session_id: v.optional(identifier('Only this session. Default: every damaged one.')),
    client_id: caller,
    dry_run: v.optional(flag('Only say what would be done.')),
  }),
  result: v.object({ sessions: v.pipe(v.array(RepairReport), doc('What was found, and done.')) }),
  errors: ['SessionNotFound', 'AmbiguousSession', 'StorageFull'],
});

export const pruneSessions = command({
  name: 'prune_sessions',
  summary: 'Removes sessions that nobody needs any more.',
  published: false,
  parameters: v.object({
    client_id: caller,
    orphaned: v.optional(flag('Open ones that none of their clients was seen in for long; of all clients.')),
    expired: v.optional(flag("Those closed by their time to live, of the client's own.")),
    older_than_ms: v.optional(
      wholeNumber(
        'Only those without activity for this long, in ms. Alone: closed ones of the client. With `orphaned`: how long ' +
          'the clients were not seen; default 30 days, and never less for sessions of others.',
      ),
    ),
    dry_run: v.optional(flag('Only say which.')),
  }),
  result: v.object({
    sessions: v.pipe(v.array(SessionSummary), doc('Those that were, or would be, removed.')),
    bytes: number('Stored bytes that they took.'),
    removed: flag('They were removed.'),
  }),
  errors: [],
});

export const getStatistics = command({
  name: 'get_statistics',
  summary: 'Counts what happened in a session, or in all that a client may see.',
  published: false,
  parameters: v.object({ session_id: v.optional(sessionId), client_id: caller }),
  result: v.object({
    sessions: number('Sessions counted.'),
    open: number('Open ones among them.'),
    statistics: v.pipe(Statistics, doc('The sums.')),
  }),
  errors: [...SESSION_ERRORS],
});
