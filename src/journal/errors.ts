/** Refusals that belong to how journals are kept, beside those every implementation shares in journal.ts. */

/** The journal was closed before the call. */
export class JournalClosed extends Error {
  override readonly name = 'JournalClosed';
  constructor() {
    super('The journal is closed: open it again to go on');
  }
}

/** The caller broke a rule of the journal (an output without its input, bytes that are not the snapshot's): a bug. */
export class InvalidEntry extends Error {
  override readonly name = 'InvalidEntry';
  constructor(
    readonly session: string,
    message: string,
  ) {
    super(`Session ${session}: ${message}`);
  }
}

/** The journal was written by a later version of this program. */
export class NewerJournal extends Error {
  override readonly name = 'NewerJournal';
  constructor(
    readonly file: string,
    readonly found: number,
    readonly known: number,
  ) {
    super(`${file} has schema ${found}, and this version knows schemas up to ${known}: upgrade stui to open it`);
  }
}

/** The file in the journal's place is something else. It was not touched. */
export class ForeignFile extends Error {
  override readonly name = 'ForeignFile';
  constructor(readonly file: string) {
    super(`${file} is not a stui journal and was left as it is: move it away, or choose another directory`);
  }
}

/** The disk did not give what is on it. Nothing says that it is damaged, and nothing was changed. */
export class UnreadableJournal extends Error {
  override readonly name = 'UnreadableJournal';
  constructor(file: string, options?: ErrorOptions) {
    super(
      `${file} cannot be read: the disk failed. Try again, and copy it to another disk if that does not help`,
      options,
    );
  }
}
