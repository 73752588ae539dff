/** Reads all that a one-shot command reads below HOME, and prints it. */
import { stuiPaths } from '../../../src/local/paths.js';
import { openLocalState } from '../../../src/local/state.js';

const state = openLocalState(stuiPaths({ STUI_HOME: process.argv[2] }), {
  warn: ({ message }) => console.error(message),
});
const connection = state.connections.defaultName();
const { sessions } = state.sessionCache.cachedSessions(connection);
console.log(
  JSON.stringify({
    connection,
    timeout: state.preferences.get('timeout'),
    session: state.currentSessions.get(connection)?.name,
    cached: sessions.length,
  }),
);
