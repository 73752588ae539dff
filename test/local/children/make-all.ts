/** With a umask of 000, makes every file and directory that src/local ever makes below HOME. */
import { clientId } from '../../../src/local/client-id.js';
import { privateEndpoint, stuiPaths } from '../../../src/local/paths.js';
import { openLocalState } from '../../../src/local/state.js';

process.umask(0);
const paths = stuiPaths({ STUI_HOME: process.argv[2] });
const state = openLocalState(paths, { warn: ({ message }) => console.error(message) });
for (const port of [1, 2]) await state.connections.add({ name: `lab${port}`, endpoint: `tcp://localhost:${port}` });
await state.currentSessions.set({ connection: 'lab1', id: '1', name: 'one' });
await state.sessionCache.rememberSession('lab1', { id: '1', name: 'one' });
clientId(paths);
privateEndpoint(paths);
