/** What an archive may take of whoever reads it: it can come from anywhere, and a small file can unpack to anything. */

/** Largest archive that may be uploaded, in bytes. */
export const MAX_ARCHIVE_BYTES = 256 * 1024 * 1024;

/** Largest text an archive may unpack to, in bytes. */
export const MAX_UNPACKED_BYTES = 500 * 1024 * 1024;

/** Most entries in an archive: in memory each takes about 1 KB, and a journal writes them in one transaction. */
export const MAX_ARCHIVE_ENTRIES = 1_000_000;

/** Longest line of an entry, in bytes: a conflict may hold three whole contexts, a restore the code of some inputs. */
export const MAX_ARCHIVE_LINE_BYTES = 32 * 1024 * 1024;

/**
 * Entries that unpack to more than 64 MiB may not be this many times as large as the archive: each has a hash, which does
 * not compress. Snapshots do not count: their sizes are in their entries.
 */
export const MAX_UNPACKING_RATIO = 200;
export const FREE_UNPACKED_BYTES = 64 * 1024 * 1024;

export interface ArchiveLimits {
  /** Of the text. */
  readonly bytes: number;
  readonly entries: number;
  readonly lineBytes: number;
  readonly ratio: number;
  readonly freeBytes: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  bytes: MAX_UNPACKED_BYTES,
  entries: MAX_ARCHIVE_ENTRIES,
  lineBytes: MAX_ARCHIVE_LINE_BYTES,
  ratio: MAX_UNPACKING_RATIO,
  freeBytes: FREE_UNPACKED_BYTES,
};
