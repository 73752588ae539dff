/** What the backend's program prints when it repairs the journal of a backend that does not run, instead of serving it. */
export interface SalvagedSession {
  readonly id: string;
  /** Null where it could not be read. */
  readonly name: string | null;
  /** What is, or was, wrong; null when nothing. */
  readonly damage: string | null;
  /** Last revision that verifies. */
  readonly lastGood: number;
  /** Entries taken out because they follow the damage; null where nobody knows how many there were. */
  readonly cut: number | null;
  /** Revisions of snapshots that cannot be loaded any more. */
  readonly badSnapshots: readonly number[];
  /** File that holds what was taken out of this session. */
  readonly keptIn: string | null;
}

export interface SalvageReport {
  /** What is, or was, wrong with the journal as a whole; null when nothing. */
  readonly damage: string | null;
  readonly sessions: readonly SalvagedSession[];
  /** Where the whole journal as it was found is kept; null when it is in its place. */
  readonly keptIn: string | null;
}
