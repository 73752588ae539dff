/** What a peer may send. Every limit is told by `hello`, and exceeding one gives a typed error reply. */
export {
  MAX_ARCHIVE_BYTES,
  MAX_ARCHIVE_ENTRIES,
  MAX_ARCHIVE_LINE_BYTES,
  MAX_UNPACKED_BYTES,
} from '../session/archive-limits.js';
export { MAX_TTL_MS } from '../session/time-to-live.js';

/** Largest message answered, in bytes: room for an import chunk and for any reasonable source file. */
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

/** Largest frame accepted from the network at all, in bytes. Between the two limits a peer still gets a reply; above, libzmq drops the connection before we see it. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024;

/** Deepest nesting of arrays and objects; deeper ones serve nobody and exhaust recursive readers. */
export const MAX_NESTING_DEPTH = 64;

/** Longest evaluated source, in characters of UTF-16; a file-in of a large package is about 1 MB. */
export const MAX_CODE_LENGTH = 4 * 1024 * 1024;

/** Longest idempotency key, client id or label name, in characters. */
export const MAX_IDENTIFIER_LENGTH = 200;

/** Longest label value, in characters. */
export const MAX_LABEL_VALUE_LENGTH = 1000;

/** Most labels on one session. */
export const MAX_LABELS = 64;

/** Largest workspace context of a session, in bytes of JSON; buffers and layouts are texts that a person wrote. */
export const MAX_CONTEXT_BYTES = 4 * 1024 * 1024;

/** Longest evaluation, in milliseconds: a day. */
export const MAX_TIMEOUT_MS = 86_400_000;

/** Longest a reader may wait for new entries in one request, in milliseconds. */
export const MAX_WAIT_MS = 30_000;

/** Bytes of raw data in one piece of an upload or download; base64 makes it a third larger. */
export const CHUNK_BYTES = 2 * 1024 * 1024;

/** Inputs that one request brings into a history; more come in several requests. */
export const MAX_RECORDED_INPUTS = 5_000;

/** Clients that a session is shared with by name, at one time; beyond, it can be shared with all. */
export const MAX_SHARED_CLIENTS = 256;
