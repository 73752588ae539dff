/** Cutting a damaged session back to what verifies. What is taken away is on the disk elsewhere before it goes. */
import type { Entry } from '../session/entry.js';
import type { Write } from './commit-queue.js';
import { type Diagnosis, diagnose } from './diagnosis.js';
import { DamagedJournal, type Repair } from './journal.js';
import { keepAside } from './kept-aside.js';
import { identify } from './lost-session.js';
import { listKeys } from './segment.js';
import { absent, pack } from './snapshot-bytes.js';
import { failureOf } from './sqlite-failure.js';
import type { Remains } from './sqlite-remains.js';
import type { SessionRecord } from './sqlite-tables.js';
import type { Workplace } from './workplace.js';

export interface Operation {
  readonly repair: Repair;
  readonly write: Write;
}

const NOTHING: Write = () => {};

export class Surgery {
  constructor(
    private readonly at: Workplace,
    private readonly remains: Remains,
    private readonly directory: string,
  ) {}

  /**
   * Decides a repair, inside a transaction, and has what it will take away on the disk when it returns.
   * @param known what opening found wrong
   */
  decide(session: string, known: string | undefined, dryRun: boolean): Operation {
    const record = this.at.ledger.present(session);
    if (!record) return unharmed(session, 0);
    const found = diagnose(record, this.at.reader, this.at.history);
    if (known === undefined && found.damage === undefined && found.badSnapshots.length === 0) {
      return unharmed(session, record.revision);
    }
    this.at.connection.exec('SAVEPOINT repair');
    let stays = false;
    try {
      this.#reindex();
      const operation = this.#operate(record, found.damage ?? known ?? null, dryRun);
      stays = !dryRun;
      return operation;
    } finally {
      this.at.history.forget(record.no);
      if (this.at.ledger.alive()) this.at.connection.exec(`${stays ? '' : 'ROLLBACK TO repair; '}RELEASE repair`);
    }
  }

  /** Entries that are good, but that a damaged index hides, are found again. */
  #reindex(): void {
    this.at.connection.exec('SAVEPOINT indexes');
    try {
      this.at.connection.exec('REINDEX entries; REINDEX blobs');
    } catch (error) {
      if (!failureOf(error) || !this.at.ledger.alive()) throw error;
      this.at.connection.exec('ROLLBACK TO indexes');
    }
    this.at.connection.exec('RELEASE indexes');
  }

  #operate(present: SessionRecord, damage: string | null, dryRun: boolean): Operation {
    const record = this.#believable(present);
    const diagnosis = diagnose(record, this.at.reader, this.at.history);
    const { position, badSnapshots } = diagnosis;
    const [session, lastGood] = [record.id, position.revision];
    const kept = dryRun ? null : this.#keep(record, diagnosis, damage);
    const left = { ...record, ...position, bytes: diagnosis.bytes };
    this.#cut(record, diagnosis);
    this.#check(left);
    const repair = { session, lastGood, cut: record.revision - lastGood, damage, badSnapshots, keptIn: kept };
    return { repair, write: dryRun ? NOTHING : () => this.#settle(left) };
  }

  /** @returns the session as its row has it, or as its entries do when the row is damaged. */
  #believable(present: SessionRecord): SessionRecord {
    const row = this.at.tables.sessions().find(({ record }) => record.no === present.no);
    if (row?.intact) return row.record;
    return identify(this.at.tables, this.at.history, present.no) ?? present;
  }

  /** @returns the file; nothing when there is nothing to keep. */
  #keep(record: SessionRecord, { position, badSnapshots }: Diagnosis, damage: string | null): string | null {
    const bad = badSnapshots.map(({ seq }) => seq);
    const records = this.remains.behind(record.no, position.revision, bad);
    if (records.length === 0) return null;
    const header = { session: record.id, revision: record.revision, lastGood: position.revision, damage };
    return keepAside(this.directory, record.id, [header, ...records]);
  }

  #cut(record: SessionRecord, { position, badSnapshots, misfiled }: Diagnosis): void {
    const { no } = record;
    this.remains.remove(no, position.revision);
    this.remains.removeNamesakes(record);
    for (const { seq } of badSnapshots) {
      const [stored] = this.at.reader.range(record, seq - 1, seq);
      if (stored?.entry.type !== 'snapshot') continue;
      this.remains.replaceBlob(no, seq, absent(stored.entry.digest, stored.entry.bytes));
    }
    this.at.history.forget(no);
    for (const entry of misfiled) this.at.tables.refile(no, entry);
    this.#rekey(no, misfiled);
    this.at.history.forget(no);
    if (this.at.tables.extent(no).revision === 0) this.#expand(record);
  }

  /** Takes the last segment apart: the newest entry is never in one, since opening looks for it. */
  #expand(record: SessionRecord): void {
    const { no } = record;
    const last = this.at.history.segments(no).at(-1);
    if (!last) return;
    const { first, last: end } = last.header;
    const bundle = this.at.history.bundle(no, last.header);
    for (const stored of this.at.reader.range(record, first - 1, end)) {
      const bytes = bundle.get(stored.entry.seq);
      this.at.tables.insertEntry(no, stored);
      const hasRow = this.at.tables.blob(no, stored.entry.seq) !== undefined;
      if (bytes && !hasRow) this.at.tables.insertBlob(no, stored.entry.seq, pack(bytes));
    }
    this.at.segments.remove(no, first);
    this.at.history.forget(no);
  }

  /** @throws {DamagedJournal} when the rows are not what they should be by now: SQLite cannot get at all of them */
  #check(left: SessionRecord): void {
    const { damage, badSnapshots } = diagnose(left, this.at.reader, this.at.history);
    const { revision } = this.at.tables.extent(left.no);
    if (damage === undefined && badSnapshots.length === 0 && revision === left.revision) return;
    throw new DamagedJournal(left.id, left.revision, 'The file is too damaged to be repaired: salvage the journal');
  }

  #settle(left: SessionRecord): void {
    if (left.revision === 0) this.at.ledger.remove(left.id);
    else this.at.ledger.reset(left);
  }

  /** Lists the keys of segments anew that miss one of these. */
  #rekey(no: number, misfiled: readonly Entry[]): void {
    for (const { header, keys } of this.at.history.segments(no)) {
      if (keys && !misfiled.some(({ seq }) => header.first <= seq && seq <= header.last)) continue;
      const entries = this.at.history.lines(no, header).map(({ line }) => JSON.parse(line) as Entry);
      this.at.segments.rekey(no, header.first, listKeys(entries));
    }
  }
}

function unharmed(session: string, lastGood: number): Operation {
  const repair = { session, lastGood, cut: 0, damage: null, badSnapshots: [], keptIn: null };
  return { repair, write: NOTHING };
}
