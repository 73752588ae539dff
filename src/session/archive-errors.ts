/** Why an archive is not read. */

/** The text is not an archive, or not the one that was written. */
export class DamagedArchive extends Error {
  override readonly name = 'DamagedArchive';
  constructor(
    message: string,
    /** Last revision that verifies, where the damage is among the entries. */
    readonly lastGood?: number,
  ) {
    super(message);
  }
}

/** The archive was written by a newer stui. */
export class NewerArchive extends Error {
  override readonly name = 'NewerArchive';
}

/** The archive holds more than is read of one. */
export class ArchiveTooLarge extends Error {
  override readonly name = 'ArchiveTooLarge';
}
