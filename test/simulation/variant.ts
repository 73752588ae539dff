/** Parts of the system that a simulation can exchange for broken ones, to see whether it notices. */
import type { Handlers } from '../../src/backend/handlers.js';
import type { EngineFactory } from '../../src/engine/contract.js';
import type { Journal } from '../../src/journal/journal.js';
import type { Disk } from './disk.js';

export interface Variant {
  readonly handlers?: (handlers: Handlers, disk: Disk) => Handlers;
  readonly journal?: (journal: Journal) => Journal;
  readonly engines?: (engines: EngineFactory) => EngineFactory;
  /** The outbox forgets what it held when its process dies. */
  readonly forgetfulOutbox?: boolean;
}

export const AS_BUILT: Variant = {};
