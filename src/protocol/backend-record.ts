import type { ProcessIdentity } from '../files/process-identity.js';

/** What a running backend leaves in its data directory, for those who want to find or stop it. */
export interface BackendRecord {
  readonly pid: number;
  readonly endpoint: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Tells the process from a later one with its id, as ProcessIdentity does. Backends up to 0.1.0 did not write it. */
  readonly processStart?: string | null;
}

/** The process that wrote the record. */
export function writerOf({ pid, processStart = null }: BackendRecord): ProcessIdentity {
  return { pid, startedAt: processStart };
}

/** Its file, in the data directory. */
export const BACKEND_RECORD_FILE = 'backend.json';
