/** What the benchmarks use of the program's own sources, and of its tests. `installation.mjs` bundles it, since Node 20 runs no TypeScript. */
export * as settings from '../../src/backend/settings.js';
export { BackendClient } from '../../src/client/backend-client.js';
export { LINK_TIMING } from '../../src/client/timing.js';
export { createEmbeddedEngineFactory } from '../../src/engine/embedded/factory.js';
export { openSqliteJournal } from '../../src/journal/sqlite.js';
export { fold } from '../../src/session/state.js';
export { LOSSY_ADDRESS, whyNoNamespaces } from '../faults/network-namespaces.js';
export { World } from '../faults/network-world.js';
