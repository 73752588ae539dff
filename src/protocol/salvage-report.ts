/** What the backend's program prints when it repairs the journal of a backend that does not run, instead of serving it. */
export interface SalvagedSession {
  readonly id: string;
  /** Where it could be read. */
  readonly name: string | null;
  /** Last revision that verifies. */
  readonly lastGood: number;
  /** What is, or was, wrong; null when nothing. */
  readonly damage: string | null;
}

export interface SalvageReport {
  /** What is, or was, wrong with the journal as a whole; null when nothing. */
  readonly damage: string | null;
  readonly sessions: readonly SalvagedSession[];
  /** Where the journal as it was found is kept; null when it was not touched. */
  readonly keptIn: string | null;
}
