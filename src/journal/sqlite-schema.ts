/**
 * The tables. Everything but numbers is a BLOB: libsql aborts the process on TEXT that is not UTF-8, which one flipped
 * bit can make of any text.
 */

/** Says "this SQLite file is ours" in the file's header: the letters `stui`. */
export const APPLICATION_ID = 0x73747569;

/** Raised with every change of the tables; a file with a higher one is left alone. */
export const SCHEMA_VERSION = 2;

/** Values of `entries.role`: the two entries that are filed under a key. */
export const ROLE = { input: 0, output: 1 } as const;

/** Values of `blobs.form`, by index. */
export const FORMS = ['raw', 'deflated', 'absent'] as const;

/** The tables of version 1. One statement an object, as SQLite keeps them in its own catalogue. */
const FIRST_TABLES: readonly string[] = [
  // `digest` covers the row: nothing else would notice a session that changed its name.
  `CREATE TABLE sessions (
    no INTEGER PRIMARY KEY, id BLOB NOT NULL, revision INTEGER NOT NULL, head BLOB NOT NULL, bytes INTEGER NOT NULL,
    digest BLOB NOT NULL
  )`,
  // Rows are added at the end whatever their session, so that a commit touches few pages.
  `CREATE TABLE entries (
    place INTEGER PRIMARY KEY, session INTEGER NOT NULL, seq INTEGER NOT NULL, line BLOB NOT NULL, hash BLOB NOT NULL,
    key BLOB, role INTEGER
  )`,
  'CREATE UNIQUE INDEX entries_by_seq ON entries (session, seq)',
  'CREATE UNIQUE INDEX entries_by_key ON entries (key, session, role) WHERE key IS NOT NULL',
  `CREATE TABLE blobs (
    session INTEGER NOT NULL, seq INTEGER NOT NULL, form INTEGER NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (session, seq)
  )`,
  `CREATE TABLE checkpoints (
    session INTEGER PRIMARY KEY, revision INTEGER NOT NULL, hash BLOB NOT NULL, state BLOB NOT NULL,
    digest BLOB NOT NULL
  )`,
];

/** What version 2 added. Without row numbers, as there are few rows and each is long. */
const SEGMENTS: readonly string[] = [
  `CREATE TABLE segments (
    session INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, before BLOB NOT NULL, after BLOB NOT NULL,
    size INTEGER NOT NULL, bundle_size INTEGER NOT NULL, seal BLOB NOT NULL, keys BLOB NOT NULL, keys_seal BLOB NOT NULL,
    content BLOB NOT NULL, bundle BLOB NOT NULL, PRIMARY KEY (session, first)
  ) WITHOUT ROWID`,
];

/** What each version added, from the first; opening compares all of it with the file. */
export const ADDITIONS: readonly (readonly string[])[] = [FIRST_TABLES, SEGMENTS];
