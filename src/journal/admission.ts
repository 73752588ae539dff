/** The rules of what may follow what in a session. They hold for new entries and for adopted ones alike. */
import type { Entry } from '../session/entry.js';
import { InvalidEntry } from './errors.js';
import { DuplicateKey } from './journal.js';

/** Which of the two entries of an evaluation are in the journal. */
export interface Filed {
  input: boolean;
  output: boolean;
}

/** What is known of a snapshot's bytes. */
export interface Measured {
  readonly digest: string;
  readonly size: number;
}

/** Admits one entry after another; entries it admitted count for those that follow. */
export class Admission {
  readonly #known = new Map<string, Filed>();

  /** @param lookUp what the journal already has under a key, in this session. */
  constructor(
    private readonly session: string,
    private readonly lookUp: (key: string) => Filed,
  ) {}

  /**
   * @param blob the bytes that came with the entry.
   * @throws {DuplicateKey} for a second input under one key
   * @throws {InvalidEntry} for anything else that may not stand here
   */
  admit(entry: Entry, blob: Measured | undefined): void {
    if ((entry.seq === 1) !== (entry.type === 'created')) {
      throw new InvalidEntry(this.session, `entry ${entry.seq} is ${entry.type}; the first, and only it, is created`);
    }
    if (entry.type === 'input') this.#admitInput(entry.key);
    if (entry.type === 'output') this.#admitOutput(entry.key);
    this.#admitBlob(entry, blob);
  }

  #filed(key: string): Filed {
    const known = this.#known.get(key) ?? this.lookUp(key);
    this.#known.set(key, known);
    return known;
  }

  #admitInput(key: string): void {
    const filed = this.#filed(key);
    if (filed.input) throw new DuplicateKey(this.session, key);
    filed.input = true;
  }

  #admitOutput(key: string): void {
    const filed = this.#filed(key);
    if (!filed.input) throw new InvalidEntry(this.session, `an output for ${key}, which was never an input`);
    if (filed.output) throw new InvalidEntry(this.session, `a second output for ${key}`);
    filed.output = true;
  }

  #admitBlob(entry: Entry, blob: Measured | undefined): void {
    if (entry.type !== 'snapshot') {
      if (blob) throw new InvalidEntry(this.session, `bytes beside a ${entry.type} entry; only snapshots have them`);
      return;
    }
    if (!blob) throw new InvalidEntry(this.session, `snapshot ${entry.seq} comes without its bytes`);
    if (blob.digest !== entry.digest || blob.size !== entry.bytes) {
      throw new InvalidEntry(this.session, `the bytes of snapshot ${entry.seq} are not those its entry describes`);
    }
  }
}
