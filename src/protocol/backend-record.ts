/** What a running backend leaves in its data directory, for those who want to find or stop it. */
export interface BackendRecord {
  readonly pid: number;
  readonly endpoint: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
}

/** Its file, in the data directory. */
export const BACKEND_RECORD_FILE = 'backend.json';
