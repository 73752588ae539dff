/**
 * A program that uses the library. Reads orders as lines of JSON from stdin (`key`, `session`, `code`), evaluates all of
 * them as they come, and prints what each was answered, or why it was not. Meant to be killed.
 * Arguments: the endpoint, the client's id.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { BackendClient, Session } from '../../../dist/index.js';

const [, , endpoint, clientId] = process.argv;
const STDOUT = 1;
const client = await BackendClient.open(endpoint);
const sessions = new Map();

async function sessionNamed(session) {
  if (!sessions.has(session)) {
    const opening = Session.open(client, { session, clientId });
    sessions.set(session, opening);
    opening.catch(() => sessions.delete(session));
  }
  return sessions.get(session);
}

async function answer({ key, session, code }) {
  try {
    const { outcome, printString } = await (await sessionNamed(session)).evaluate(code, { key });
    return { key, told: { outcome, printString } };
  } catch (error) {
    return { key, error: { type: error.type ?? error.code ?? error.name, message: error.message } };
  }
}

createInterface({ input: process.stdin }).on('line', async (line) => {
  writeSync(STDOUT, `${JSON.stringify(await answer(JSON.parse(line)))}\n`);
});
