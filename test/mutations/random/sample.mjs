/**
 * Which of all possible changes a run tries. Each is drawn by a hash of the seed and of what it is, so that a seed names the
 * same changes wherever it is run, and a change of one file leaves the sample of the others as it was.
 */
import { createHash } from 'node:crypto';

/** Where promises are kept: what was accepted, in which order, once, and where it is found again. */
const PROMISES = [
  'backend/context-keeper',
  'backend/dispatcher',
  'backend/registry',
  'backend/session-host',
  'backend/uploads',
  'client/backend-client',
  'client/link',
  'client/link-state',
  'client/presence',
  'client/session',
  'journal/admission',
  'journal/commit-mark',
  'journal/commit-queue',
  'journal/sqlite-ledger',
  'journal/sqlite-reader',
  'journal/succession',
  'local/outbox',
  'session/merge-context',
  'session/restore-plan',
  'session/state',
].map((file) => `src/${file}.ts`);
const PROMISE_FOLDERS = ['src/local/outbox/'];

/** A changed line there costs more than one elsewhere. */
const WEIGHT_OF_PROMISES = 4;

/**
 * Changes of one token. What these make of a whole block or of a text is left out: a missing block is seen by nearly any
 * test, and a text is mostly a message, whose words tests rightly leave alone.
 */
export const LEFT_OUT = [
  'ArrayDeclaration',
  'ArrowFunction',
  'BlockStatement',
  'ObjectLiteral',
  'Regex',
  'StringLiteral',
];

export const seed = process.env.STUI_MUTATIONS_SEED ?? String(Math.floor(Math.random() * 1_000_000));
/** Changes tried of a thousand in an ordinary file; `all` tries all of them, which needs `--mutate`. */
const perThousand = process.env.STUI_MUTATIONS_PER_THOUSAND ?? '8';

/**
 * @param change where it is (the file's path in the project, line and column as counted from one) and what it is
 * @returns whether this run tries it
 */
export function isSampled({ file, line, column, mutator, replacement }) {
  if (LEFT_OUT.includes(mutator)) return false;
  if (perThousand === 'all') return true;
  const kept = PROMISES.includes(file) || PROMISE_FOLDERS.some((folder) => file.startsWith(folder));
  const rate = (Number(perThousand) / 1_000) * (kept ? WEIGHT_OF_PROMISES : 1);
  const drawn = createHash('sha256')
    .update(JSON.stringify([seed, file, line, column, mutator, replacement]))
    .digest()
    .readUInt32BE();
  return drawn < rate * 2 ** 32;
}
