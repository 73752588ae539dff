/** Telling by their shape what records without a table around them are rows of. None of it is believed yet. */
import type { SegmentHeader } from './segment.js';
import type { Form } from './snapshot-bytes.js';
import type { RawRecord, Value } from './sqlite-pages.js';
import { FORMS } from './sqlite-schema.js';
import { digestOf } from './sqlite-tables.js';

export interface RawEntry {
  readonly line: string;
  readonly hash: string;
}

export interface RawSegment {
  readonly header: SegmentHeader;
  readonly content: Buffer;
  readonly bundle: Buffer;
}

export interface RawBlob {
  readonly form: Form | undefined;
  readonly content: Buffer;
}

/** Everything that was found of one session; of each thing possibly several copies, the current ones first. */
export class RawSession {
  readonly entries = new Map<number, RawEntry[]>();
  readonly segments: RawSegment[] = [];
  readonly blobs = new Map<number, RawBlob[]>();
  /** Where its row says that it ends. */
  revision: number | undefined;
  /** Whether anything of it is on a page that is in use: what is only on others was removed. */
  current = false;
}

const HASH_BYTES = 32;

/** @returns what was found, by the sessions' numbers. */
export function sortOut(records: Iterable<RawRecord>): Map<number, RawSession> {
  const sessions = new Map<number, RawSession>();
  const sessionOf = (no: number, current: boolean) => {
    const session = sessions.get(no) ?? new RawSession();
    sessions.set(no, session);
    session.current ||= current;
    return session;
  };
  for (const record of records) file(record, (no) => sessionOf(no, record.current));
  return sessions;
}

function file({ values, row }: RawRecord, sessionOf: (no: number) => RawSession): void {
  if (values.length === 7) fileEntry(values, sessionOf);
  if (values.length === 4) fileBlob(values, sessionOf);
  if (values.length === 6) fileRow(values, row, sessionOf);
  if (values.length === 12) fileSegment(values, sessionOf);
}

function fileEntry([, no, seq, line, hash]: readonly Value[], sessionOf: (no: number) => RawSession): void {
  if (typeof no !== 'number' || typeof seq !== 'number' || !isBytes(line) || !isHash(hash)) return;
  const { entries } = sessionOf(no);
  entries.set(seq, [...(entries.get(seq) ?? []), { line: line.toString(), hash: hash.toString('hex') }]);
}

function fileBlob([no, seq, form, content]: readonly Value[], sessionOf: (no: number) => RawSession): void {
  if (typeof no !== 'number' || typeof seq !== 'number' || typeof form !== 'number' || !isBytes(content)) return;
  const { blobs } = sessionOf(no);
  blobs.set(seq, [...(blobs.get(seq) ?? []), { form: FORMS[form], content }]);
}

/** Of a session's row only where it ends is of use: it tells what is missing. The number of the row is the session's. */
function fileRow(
  [, id, revision, head, bytes, digest]: readonly Value[],
  no: number,
  sessionOf: (no: number) => RawSession,
): void {
  if (!isBytes(id) || typeof revision !== 'number' || !isHash(head) || typeof bytes !== 'number') return;
  const record = { no, id: id.toString(), revision, head: head.toString('hex'), bytes };
  if (!isBytes(digest) || !digest.equals(digestOf(record))) return;
  sessionOf(no).revision ??= revision;
}

function fileSegment(values: readonly Value[], sessionOf: (no: number) => RawSession): void {
  const [no, first, last, before, after, size, bundleSize, , , , content, bundle] = values;
  if (typeof no !== 'number' || typeof first !== 'number' || typeof last !== 'number') return;
  if (typeof size !== 'number' || typeof bundleSize !== 'number' || !isHash(before) || !isHash(after)) return;
  if (!isBytes(content) || !isBytes(bundle)) return;
  const [start, end] = [before.toString('hex'), after.toString('hex')];
  sessionOf(no).segments.push({
    header: { first, last, before: start, after: end, size, bundleSize },
    content,
    bundle,
  });
}

function isBytes(value: Value | undefined): value is Buffer {
  return Buffer.isBuffer(value);
}

function isHash(value: Value | undefined): value is Buffer {
  return isBytes(value) && value.length === HASH_BYTES;
}
