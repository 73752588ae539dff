/** The fields that commands have in common. */
import * as v from 'valibot';
import { MAX_NAME_LENGTH } from '../session/name.js';
import { instant } from '../session/point-in-time.js';
import { isSessionId } from '../session/session-id.js';
import { SessionSummary } from './documents.js';
import {
  CHUNK_BYTES,
  MAX_ARCHIVE_BYTES,
  MAX_CODE_LENGTH,
  MAX_IDENTIFIER_LENGTH,
  MAX_LABEL_VALUE_LENGTH,
  MAX_TIMEOUT_MS,
} from './limits.js';

export const doc = v.description;
export const text = (about: string) => v.pipe(v.string(), doc(about));
export const number = (about: string) => v.pipe(v.number(), doc(about));
export const flag = (about: string) => v.pipe(v.boolean(), doc(about));
export const wholeNumber = (about: string, max: number = Number.MAX_SAFE_INTEGER) =>
  v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(max), doc(about));
export const identifier = (about: string) =>
  v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_IDENTIFIER_LENGTH), doc(about));

export const sessionId = identifier('Session id, name, or a unique beginning of an id.');
/** Where a client chooses the id of a session. */
export const newSessionId = (about: string) =>
  v.pipe(
    v.string(),
    v.check((id) => isSessionId(id), 'An id is a UUID'),
    doc(`A UUID. ${about}`),
  );
export const clientId = identifier('Who asks. Recorded with what it caused.');
export const caller = v.optional(clientId);
export const ifRevision = v.optional(
  wholeNumber('Refuse with RevisionConflict unless the session is at this revision.'),
);
export const chainHash = (about: string) => v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/), doc(about));
export const seen = (consequence: string) =>
  v.optional(
    v.pipe(
      v.object({ revision: wholeNumber('A revision.'), hash: chainHash('Chain hash at that revision.') }),
      doc(`What the client has seen of the session's history. ${consequence}`),
    ),
  );
export const sessionName = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(MAX_NAME_LENGTH),
  doc('Name for the session.'),
);
export const timeoutMs = v.optional(
  v.pipe(
    v.number(),
    v.integer(),
    v.minValue(1),
    v.maxValue(MAX_TIMEOUT_MS),
    doc('Interrupt the evaluation after this many milliseconds; its state is kept. Default 30,000.'),
  ),
);
export const code = v.pipe(
  v.string(),
  v.maxLength(MAX_CODE_LENGTH),
  doc('Smalltalk: an expression sequence, or a file-in in chunk format.'),
);
/** Any ISO 8601 time with a zone; handed on as entries write theirs, so that the two compare as texts. */
export const time = (about: string) =>
  v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.check((text) => instant(text) !== undefined, 'There is no such time'),
    v.transform((text) => new Date(text).toISOString()),
    doc(about),
  );
export const label = v.pipe(v.string(), v.maxLength(MAX_LABEL_VALUE_LENGTH));
export const labelName = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_IDENTIFIER_LENGTH));

/** Characters of base64 in a piece of {@link CHUNK_BYTES}. */
const MAX_CHUNK_LENGTH = Math.ceil(CHUNK_BYTES / 3) * 4;

/** A piece of an upload. */
export const piece = {
  upload: identifier('Id of this upload, chosen by the client.'),
  offset: wholeNumber('Place of the piece in the archive.', MAX_ARCHIVE_BYTES),
  data: v.pipe(v.string(), v.maxLength(MAX_CHUNK_LENGTH), v.base64(), doc(`Base64 of at most ${CHUNK_BYTES} bytes.`)),
  last: flag('This is the last piece.'),
  client_id: caller,
};

export const session = v.pipe(SessionSummary, doc('The session.'));
export const publishedSession = {
  session_id: text('Session id.'),
  created_at: text('ISO 8601, UTC.'),
  last_modified: text('ISO 8601, UTC.'),
  timeout: v.pipe(v.nullable(v.number()), doc('Seconds without activity until the session closes; null for never.')),
  is_active: flag('False when closed.'),
  time_until_expiry: v.pipe(v.nullable(v.number()), doc('Seconds; null for never.')),
};

/** Every command that names a session can fail for these. */
export const SESSION_ERRORS = ['SessionNotFound', 'AmbiguousSession', 'DamagedData'] as const;
