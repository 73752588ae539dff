/**
 * A small editor on the library: keeps a file and the buffer of a session the same, whoever changes either, shows what
 * others do in the session, and evaluates what is typed. Lines on stdin are Smalltalk; its end closes the editor.
 *
 * Usage: node examples/editor.mjs ENDPOINT SESSION FILE [CLIENT_ID]
 */
import { existsSync, readFileSync, unwatchFile, watchFile, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { BackendClient, ProtocolError, Session } from 'stui';

const [endpoint, name, file, clientId = 'editor'] = process.argv.slice(2);
if (!file) {
  console.error('Usage: node editor.mjs ENDPOINT SESSION FILE [CLIENT_ID]');
  process.exit(2);
}

/** How often the file is looked at, in ms. */
const LOOK_EVERY_MS = 100;

const client = await BackendClient.open(endpoint);
const session = await Session.open(client, { session: name, clientId });

const textInFile = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
const textInSession = () => session.context.buffer ?? '';

/** Whoever began with nothing takes what the other has. */
if (textInFile() === '') writeFileSync(file, textInSession());
else await save();

async function save() {
  const text = textInFile();
  if (text === textInSession()) return;
  const conflicts = await session.change({ buffer: text });
  for (const { id } of conflicts) console.log(`conflict ${id}: decide it with "stui session resolve ${id} --union"`);
  // What others changed meanwhile has been merged in.
  if (textInFile() !== textInSession()) writeFileSync(file, textInSession());
  console.log(`saved at revision ${session.revision}`);
}

async function follow() {
  for await (const entry of session.follow()) {
    if (entry.client === clientId) continue;
    if (entry.type === 'input') console.log(`${entry.client} evaluates ${entry.code}`);
    if (entry.type === 'context' && 'buffer' in entry.patch) {
      writeFileSync(file, textInSession());
      console.log(`${entry.client} changed the buffer`);
    }
  }
}

watchFile(file, { interval: LOOK_EVERY_MS }, () => save().catch(report));
const following = follow().catch(() => {});

for await (const code of createInterface({ input: process.stdin })) {
  if (code.trim() === '') continue;
  try {
    const { outcome, printString, error } = await session.evaluate(code);
    console.log(outcome === 'value' ? printString : `${error.class}: ${error.message}`);
  } catch (error) {
    report(error);
  }
}

unwatchFile(file);
await save();
await session.close();
client.close();
await following;

function report(error) {
  console.log(error instanceof ProtocolError ? `${error.type}: ${error.message}` : error.message);
}
