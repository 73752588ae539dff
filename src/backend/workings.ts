/** What all handlers share. */
import type { Journal } from '../journal/journal.js';
import type { Conflict } from '../protocol/documents.js';
import type { OpenConflict } from '../session/state.js';
import type { SessionRegistry } from './registry.js';
import type { Uploads } from './uploads.js';

/** What handlers work with. */
export interface Workings {
  readonly registry: SessionRegistry;
  readonly journal: Journal;
  readonly uploads: Uploads;
  readonly now: () => Date;
}

/** Client id of requests that name none. */
export const ANONYMOUS = 'anonymous';

/** What a conflict is to clients: without the key that only its retry asks for. */
export function published({ key: _, ...conflict }: OpenConflict): Conflict {
  return conflict;
}
