/** A fork: another session's entries up to a revision, under an id of their own, as the beginning of a new history. */
import { chainHash, GENESIS } from './chain.js';
import { BACKEND, type Entry, type ForkedEntry, type ForkOrigin, type OutputEntry, type StoredEntry } from './entry.js';

export interface Fork {
  readonly id: string;
  readonly name: string;
  /** Client that makes the fork and owns it. */
  readonly client: string;
  /** When it is made, ISO 8601. */
  readonly time: string;
  readonly origin: ForkOrigin;
  /** Of the inputs that had none at that revision: the other session runs them, and this one never does. */
  readonly outputs: readonly OutputEntry[];
}

/**
 * Copies entries into a chain of their own. They keep their places, so everything in them that speaks of a revision
 * stays true; the first one gets the id, the name and the owner of the fork, and a `forked` entry ends them, with the outputs that
 * were missing.
 * @param entries all of the other session up to `origin.revision`
 */
export function forkEntries(
  entries: readonly StoredEntry[],
  { id, name, client, time, origin, outputs }: Fork,
): StoredEntry[] {
  const copies: StoredEntry[] = [];
  let head = GENESIS;
  const add = (entry: Entry): void => {
    const line = JSON.stringify(entry);
    head = chainHash(head, line);
    copies.push({ entry, line, hash: head });
  };
  for (const { entry } of entries) {
    // What others were allowed to see is theirs to be told of the other session, not of this one.
    if (entry.type === 'created') add({ ...entry, client, id, name });
    // Whatever the other session was called since, this one has its name from the beginning.
    else if (entry.type === 'renamed') add({ ...entry, name });
    else if (entry.type === 'shared') add({ ...entry, clients: [] });
    else add(entry);
  }
  const forked: ForkedEntry = { type: 'forked', from: origin };
  add({ seq: entries.length + 1, time, client, ...forked });
  for (const output of outputs) add({ seq: copies.length + 1, time, client: BACKEND, ...output });
  return copies;
}
