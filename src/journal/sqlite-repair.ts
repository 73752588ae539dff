/** Cutting a damaged session back to what verifies. What is taken away is on the disk elsewhere before it goes. */
import type { Write } from './commit-queue.js';
import { type Diagnosis, diagnose } from './diagnosis.js';
import type { Repair } from './journal.js';
import { keepAside } from './kept-aside.js';
import { identify } from './lost-session.js';
import { absent } from './snapshot-bytes.js';
import { failureOf } from './sqlite-failure.js';
import type { Connection } from './sqlite-file.js';
import type { Ledger } from './sqlite-ledger.js';
import type { Reader } from './sqlite-reader.js';
import type { Remains } from './sqlite-remains.js';
import type { SessionRecord, Tables } from './sqlite-tables.js';

export interface Operation {
  readonly repair: Repair;
  readonly write: Write;
}

const NOTHING: Write = () => {};

export class Surgery {
  constructor(
    private readonly connection: Connection,
    private readonly tables: Tables,
    private readonly remains: Remains,
    private readonly reader: Reader,
    private readonly ledger: Ledger,
    private readonly directory: string,
  ) {}

  /**
   * Decides a repair, inside a transaction, and has what it will take away on the disk when it returns.
   * @param known what opening found wrong
   */
  decide(session: string, known: string | undefined, dryRun: boolean): Operation {
    const record = this.ledger.present(session);
    if (!record) return unharmed(session, 0);
    const found = diagnose(record, this.reader, this.tables);
    if (known === undefined && found.damage === undefined && found.badSnapshots.length === 0) {
      return unharmed(session, record.revision);
    }
    this.connection.exec('SAVEPOINT repair');
    this.#reindex();
    const operation = this.#operate(record, found.damage ?? known ?? null, dryRun);
    this.connection.exec(dryRun ? 'ROLLBACK TO repair; RELEASE repair' : 'RELEASE repair');
    return operation;
  }

  /** Entries that are good, but that a damaged index hides, are found again. */
  #reindex(): void {
    this.connection.exec('SAVEPOINT indexes');
    try {
      this.connection.exec('REINDEX entries; REINDEX blobs');
    } catch (error) {
      if (!failureOf(error) || !this.ledger.alive()) throw error;
      this.connection.exec('ROLLBACK TO indexes');
    }
    this.connection.exec('RELEASE indexes');
  }

  #operate(present: SessionRecord, damage: string | null, dryRun: boolean): Operation {
    const record = this.#believable(present);
    const diagnosis = diagnose(record, this.reader, this.tables);
    const { position, badSnapshots } = diagnosis;
    const [session, lastGood] = [record.id, position.revision];
    const kept = dryRun ? null : this.#keep(record, diagnosis, damage);
    const repair = { session, lastGood, cut: record.revision - lastGood, damage, badSnapshots, keptIn: kept };
    return { repair, write: dryRun ? NOTHING : () => this.#cut(record, diagnosis) };
  }

  /** @returns the session as its row has it, or as its entries do when the row is damaged. */
  #believable(present: SessionRecord): SessionRecord {
    const row = this.tables.sessions().find(({ record }) => record.no === present.no);
    if (row?.intact) return row.record;
    return identify(this.tables, present.no) ?? present;
  }

  /** @returns the file; nothing when there is nothing to keep. */
  #keep(record: SessionRecord, { position, badSnapshots }: Diagnosis, damage: string | null): string | null {
    const bad = badSnapshots.map(({ seq }) => seq);
    const records = this.remains.behind(record.no, position.revision, bad);
    if (records.length === 0) return null;
    const header = { session: record.id, revision: record.revision, lastGood: position.revision, damage };
    return keepAside(this.directory, record.id, [header, ...records]);
  }

  #cut(record: SessionRecord, { position, badSnapshots, misfiled, bytes }: Diagnosis): void {
    const { no, id } = record;
    this.remains.remove(no, position.revision);
    this.remains.removeNamesakes(record);
    if (position.revision === 0) {
      this.ledger.remove(id);
      return;
    }
    for (const { seq } of badSnapshots) {
      const [stored] = this.reader.range(record, seq - 1, seq);
      if (stored?.entry.type !== 'snapshot') continue;
      this.remains.replaceBlob(no, seq, absent(stored.entry.digest, stored.entry.bytes));
    }
    for (const entry of misfiled) this.tables.refile(no, entry);
    this.ledger.reset({ no, id, ...position, bytes });
  }
}

function unharmed(session: string, lastGood: number): Operation {
  const repair = { session, lastGood, cut: 0, damage: null, badSnapshots: [], keptIn: null };
  return { repair, write: NOTHING };
}
