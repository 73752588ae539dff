/** Reads a journal page by page, and notices when it goes on in another history than the one it was read from so far. */
import { ProtocolError } from '../protocol/errors.js';
import { unhashedLine } from '../session/archive.js';
import { chainHash } from '../session/chain.js';
import type { Entry } from '../session/entry.js';
import type { SeenHistory } from '../session/seen-history.js';

/** An entry as it is stored, with its chain hash as the last member. */
export type HashedEntry = Entry & { readonly hash: string };

export class JournalReading {
  #after: number;
  #seen: SeenHistory | undefined;

  /** @param hash chain hash at the revision `after`, where it is known */
  constructor(after: number, hash?: string) {
    this.#after = after;
    this.#seen = hash === undefined ? undefined : { revision: after, hash };
  }

  /** What to ask for next. */
  get next(): { readonly after: number; readonly seen: SeenHistory | undefined } {
    return { after: this.#after, seen: this.#seen };
  }

  /**
   * @param page what the backend answered to {@link next}; an older one cannot tell by itself that the history is another
   * @throws {ProtocolError} Diverged
   */
  *take({ revision, lines }: { readonly revision: number; readonly lines: readonly string[] }): Generator<HashedEntry> {
    if (lines.length === 0 && this.#seen && revision < this.#seen.revision) throw otherHistory(this.#seen);
    for (const text of lines) {
      const { line, hash } = unhashedLine(text);
      if (this.#seen && chainHash(this.#seen.hash, line) !== hash) throw otherHistory(this.#seen);
      const entry = { ...(JSON.parse(line) as Entry), hash };
      this.#after = entry.seq;
      this.#seen = { revision: entry.seq, hash };
      yield entry;
    }
  }
}

function otherHistory({ revision }: SeenHistory): ProtocolError {
  return new ProtocolError(
    'Diverged',
    `The session has another history now than the one that was read up to revision ${revision}`,
    { revision },
  );
}
