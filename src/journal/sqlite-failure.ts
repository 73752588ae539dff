/** SQLite's result codes (and the system's for a full disk), told apart by what a caller would do differently. */
import Database from 'libsql';
import { isNoRoom } from '../files/system-error.js';

/** Primary result codes, the low byte of an extended one: https://www.sqlite.org/rescode.html */
const BUSY = 5;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;
const PRIMARY_CODE_MASK = 0xff;

/** Extended codes of the failures of a disk that are about reading. Others come of a lack of space. */
const READ_ERRORS = [266, 522, 1802];

export type Failure = 'locked' | 'full' | 'unreadable' | 'corrupt' | 'foreign' | 'other';

/** @returns what an error out of storage means; nothing when it is not storage's. */
export function failureOf(error: unknown): Failure | undefined {
  if (!(error instanceof Database.SqliteError)) return isNoRoom(error) ? 'full' : undefined;
  switch ((error.rawCode ?? 0) & PRIMARY_CODE_MASK) {
    case BUSY:
      return 'locked';
    case IO_ERROR:
      return READ_ERRORS.includes(error.rawCode ?? 0) ? 'unreadable' : 'full';
    case FULL:
      return 'full';
    case CORRUPT:
      return 'corrupt';
    case NOT_A_DATABASE:
      return 'foreign';
    default:
      return 'other';
  }
}
